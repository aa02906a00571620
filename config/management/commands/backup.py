"""manage.py backup [FILE]"""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand

from config.backups.making import back_up, back_up_into_folder
from config.database import address_of_database


class Command(BaseCommand):
    help = "Write the book, its secret key and the register of erased people into one file, while others go on working."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", nargs="?", type=Path, metavar="FILE", help="a new file; one in the folder of backups if left out"
        )

    def handle(self, *, file: Path | None, **options: object) -> None:
        url = address_of_database()
        if file:
            back_up(file, url=url)
        else:
            file = back_up_into_folder("upgrade", url=url)
        size = f"{file.stat().st_size:,} bytes"
        self.stdout.write(f"Backup {file}: {size}. Whoever has it can read all that is in the book.")
