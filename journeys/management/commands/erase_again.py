"""manage.py erase_again [FILE …]"""

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from journeys.erasing import register
from journeys.erasing.actions import erase_again
from journeys.erasing.queries import back_in_the_book
from journeys.runs.models import Run
from journeys.runs.words import how_many


class Command(BaseCommand):
    help = "After a restore: erase again whoever was erased since and is back in the book. See docs/running.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "files",
            nargs="*",
            type=Path,
            metavar="FILE",
            help="registers of erased numbers, one of each machine; that of this one if left out",
        )
        parser.add_argument("--dry-run", action="store_true", help="say how many, and erase nobody")

    def handle(self, *, files: list[Path], dry_run: bool, **options: object) -> None:
        given = files or [settings.ERASED_NUMBERS]
        try:
            erased = register.read(given)
        except OSError as error:
            raise CommandError(f"The register {error.filename} cannot be read: {error.strerror}.") from None
        contacts = back_in_the_book(erased)
        found = f"{len(erased):,} numbers in the register, {how_many(len(contacts))} of them back in the book."
        if dry_run or not contacts:
            self.stdout.write(f"{found} Nobody was erased.")
            return
        self.stdout.write(found)
        run = erase_again(contacts=contacts, by=None)
        if run.state != Run.State.FINISHED:
            raise CommandError(f"Run {run.pk} is not finished: {run.updated:,} erased. A worker goes on with it.")
        self.stdout.write(self.style.SUCCESS(f"Run {run.pk}: {how_many(run.updated)} erased again."))
