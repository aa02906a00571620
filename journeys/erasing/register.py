"""The register of erased numbers: a file beside the database, so that whoever comes back by a restore is erased again.

Each line is the number of a contact and when it was erased, and no word of who it was. Lines are only ever added, and
are on the disk before the erasure is: docs/decisions/0008-the-register-of-erased-numbers.md.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.conf import settings

from config.append_only import append_lines


def write(numbers: Sequence[int], at: datetime) -> None:
    """Add contacts that are about to be erased. Returns when the disk has them.

    Raises:
        OSError: the file cannot be written, and so nobody may be erased.
    """
    append_lines(settings.ERASED_NUMBERS, [f"{number} {at.isoformat()}" for number in numbers])


def read(files: Iterable[Path]) -> dict[int, datetime]:
    """When each number was erased last. A line that broke off is left out.

    Raises:
        OSError: a file cannot be read.
    """
    erased: dict[int, datetime] = {}
    for file in files:
        for line in file.read_text(encoding="ascii", errors="replace").splitlines():
            with suppress(ValueError):
                number, at = line.split(" ")
                moment = datetime.fromisoformat(at)
                erased[int(number)] = max(moment, erased.get(int(number), moment))
    return erased
