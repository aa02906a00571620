"""manage.py upgrade_database [--from FILE]"""

import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config.backups.carrying_over import carry_over


class Command(BaseCommand):
    help = "Carry the embedded PostgreSQL's folder over to the major version that is installed now."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--from",
            dest="backup",
            type=Path,
            metavar="FILE",
            help="load this backup, where the programs of the old version are not to be had; what came since is left",
        )

    def handle(self, *, backup: Path | None, **options: Any) -> None:
        if carry_over(backup=backup, tell=self.stdout.write):
            subprocess.run([sys.executable, str(settings.BASE_DIR / "manage.py"), "migrate", "-v0"], check=True)
