"""How much room there is on the disk of the data folder, and what is not begun when there is little."""

import shutil

from config.data_folder import data_folder, prepare_data_folder
from config.embedded import is_embedded
from config.trouble import Trouble

MEGABYTE = 1024 * 1024
LITTLE = 2048 * MEGABYTE
"""With less than this, people are warned."""
TOO_LITTLE = 500 * MEGABYTE
"""With less than this, no run, import or nightly backup is begun."""
NOTHING = 64 * MEGABYTE
"""With less than this, the embedded server is not started: it would end in the middle of its work."""


class DiskNearlyFull(Exception):
    """What would write much is not begun, so that what people do one by one goes on."""

    def __init__(self, free: int) -> None:
        super().__init__(
            f"The disk of the database is nearly full: {megabytes(free)} are left, and {megabytes(TOO_LITTLE)} are "
            "needed. Nothing was started. An administrator has to make room; Settings → Health shows how much there is."
        )


def free_space() -> int:
    """So many bytes may be written to the disk of the data folder."""
    return shutil.disk_usage(data_folder()).free


def refuse_if_nearly_full(url: str) -> None:
    """Nobody can tell from here how full the disk of a server elsewhere is: then nothing is refused.

    Args:
        url: the address of the database that would be written to.

    Raises:
        DiskNearlyFull: there is too little room to begin something large.
    """
    if is_embedded(url) and (free := free_space()) < TOO_LITTLE:
        raise DiskNearlyFull(free)


def refuse_if_full() -> None:
    """
    Raises:
        Trouble: there is too little room to start a database.
    """
    prepare_data_folder()
    if (free := free_space()) < NOTHING:
        raise Trouble(
            f"The disk of the data folder {data_folder()} is full: {megabytes(free)} are left, and "
            f"{megabytes(NOTHING)} are needed to start. Make room, or name a folder elsewhere in FUNNELBOOK_DATA."
        )


def megabytes(size: int) -> str:
    return f"{size // MEGABYTE:,} MB"
