"""manage.py restore FILE"""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from journeys.backups.restoring import restore
from journeys.integrity.invariants import PROMISES


class Command(BaseCommand):
    help = "Put a backup into an empty book, erase again whoever was erased since, and check that everything holds."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="what manage.py backup wrote")

    def handle(self, *, file: Path, **options: object) -> None:
        found = restore(file=file, tell=self._tell)
        for name, count in found.offences.items():
            if count:
                self.stdout.write(self.style.ERROR(f"NOT, {count:,} ×  {PROMISES[name]}"))
        if not found.all_hold:
            raise CommandError("The backup is restored, but not everything holds. manage.py verify checks once more.")
        self._tell(self.style.SUCCESS(f"Restored. All {len(PROMISES)} promises hold."))

    def _tell(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()
