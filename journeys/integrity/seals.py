"""Sealing the status history, and finding what was done to it behind everybody's back.

Triggers refuse to alter the history; a superuser can switch them off. A seal is a digest over the new rows and the seal
before, so that a row that was edited, removed, put in late or in another order no longer fits. Whoever makes new seals
for what they changed is found by the seals outside the database.
"""

import logging
import os
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db import connection

from config.append_only import append_lines
from journeys.history.following import Stretch, follow
from journeys.integrity.models import Seal

logger = logging.getLogger(__name__)

READER = "seals"
AT_MOST = 10_000
"""So many changes are in a seal at most."""
TAIL = 4096
"""The last seals are looked for in so many bytes at the end of the file."""

_LINE = re.compile(rb"([0-9]+) [0-9]+ [0-9]+ [0-9a-f]{64} [0-9T:.+-]+\n")


def seal_history() -> None:
    """Seal the changes that are final and have no seal yet, and write the seals outside the database.

    Raises:
        OSError: they cannot be written outside; that is made up for next time.
    """
    while follow(reader=READER, read=_seal, at_most=AT_MOST):
        pass
    write_outside()


def _seal(stretch: Stretch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT history_is_sealed(%s)", [stretch.up_to])


def write_outside() -> None:
    """Add the seals that are not there yet to the file beside the database, and to the log."""
    lines = [seal.line for seal in Seal.objects.filter(number__gt=_last_outside()).order_by("number")]
    append_lines(settings.SEALS, lines)
    for line in lines:
        logger.info("Seal %s", line)


def _last_outside() -> int:
    """The number of the last seal in the file beside the database, read from its end."""
    if not settings.SEALS.exists():
        return 0
    with settings.SEALS.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
        return max((number for number, _ in _seals_in(file)), default=0)


def count_missing(file: Path | None = None) -> int:
    """How many of the seals in a file are not in the database as they were written. One query for each thousand.

    Args:
        file: seals that were kept elsewhere; the file beside the database if none is named.

    Raises:
        OSError: the named file cannot be read.
    """
    if file is None and not settings.SEALS.exists():
        return 0
    with (file or settings.SEALS).open("rb") as seals:
        kept, missing = _seals_in(seals), 0
        while batch := dict(islice(kept, 1000)):
            here = {seal.number: seal.line for seal in Seal.objects.filter(number__in=batch)}
            missing += sum(here.get(number) != line for number, line in batch.items())
    return missing


def _seals_in(file: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    """Each seal of a file with its number. A line that broke off is left out."""
    for line in file:
        if match := _LINE.fullmatch(line):
            yield int(match[1]), match[0].decode().rstrip()
