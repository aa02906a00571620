"""manage.py verify [--json] [--seals FILE]"""

import json
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from journeys.integrity.actions import verify
from journeys.integrity.invariants import PROMISES


class Command(BaseCommand):
    help = "Check everything that must always hold: that history explains every status, and that all numbers add up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs: how often each promise does not hold")
        parser.add_argument("--seals", type=Path, metavar="FILE", help="seals that were kept elsewhere")

    def handle(self, **given) -> None:
        try:
            found = verify(seals=given["seals"])
        except OSError as error:
            raise CommandError(f"The seals cannot be read: {error}") from None
        show = self._print_json if given["json"] else self._print
        show(found.offences)
        if broken := sum(count > 0 for count in found.offences.values()):
            raise CommandError(f"{broken} of {len(PROMISES)} do not hold.", returncode=1)
        if not given["json"]:
            self.stdout.write(self.style.SUCCESS(f"All {len(PROMISES)} hold ({found.seconds:.1f} s)."))

    def _print_json(self, offences: dict[str, int]) -> None:
        self.stdout.write(json.dumps(offences, indent=2))

    def _print(self, offences: dict[str, int]) -> None:
        for name, promise in PROMISES.items():
            count = offences[name]
            mark = self.style.ERROR(f"NOT, {count:,} ×") if count else self.style.SUCCESS("holds")
            self.stdout.write(f"{mark}  {promise}")
