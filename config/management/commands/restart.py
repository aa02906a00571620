"""manage.py restart"""

import os
import subprocess
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config.serving import who_serves
from config.supervision import START_ANEW
from config.trouble import Trouble

WITHIN = 900
"""So many seconds it may take: a new version may have much to do in a large database."""


class Command(BaseCommand):
    help = "Have what serves this data folder start anew as what is installed now, its database brought up to date."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        running = who_serves()
        if running is None:
            subprocess.run([sys.executable, str(settings.BASE_DIR / "manage.py"), "migrate", "-v0"], check=True)
            self.stdout.write("The database is up to date. Funnelbook was not running here: make serve starts it.")
            return
        process, _ = running
        os.kill(process, START_ANEW)
        _wait(process)
        self.stdout.write("Funnelbook was started anew, and is up.")


def _wait(process: int) -> None:
    """
    Raises:
        Trouble: it did not come up again.
    """
    began = time.monotonic()
    has_begun = False
    while time.monotonic() - began < WITHIN:
        running = who_serves()
        has_begun |= running != (process, True)
        if has_begun and running == (process, True):
            return
        if not _is_alive(process):
            raise Trouble("Funnelbook ended when it started anew. Its log says why.")
        time.sleep(0.1)
    raise Trouble(f"Funnelbook was not up again within {WITHIN // 60} minutes. Its log says more.")


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
