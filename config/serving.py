"""Which process serves a data folder, so that another one can have it start anew."""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from typing import IO

from config.data_folder import serving_file

_UP = "up"


@contextlib.contextmanager
def serving() -> Iterator[Callable[[], None]]:
    """Be the process that serves this data folder; yields what notes that it is up. A second one goes without."""
    with open(serving_file(), "a+") as file:
        if not _is_ours(file):
            yield lambda: None
            return
        _write(file, str(os.getpid()))
        yield lambda: _write(file, f"{os.getpid()} {_UP}")


def who_serves() -> tuple[int, bool] | None:
    """The process that serves this data folder and whether it is up; none if nobody does."""
    try:
        with open(serving_file()) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                said = file.read().split()
                return (int(said[0]), _UP in said) if said else None
    except FileNotFoundError:
        pass
    return None


def _is_ours(file: IO[str]) -> bool:
    for _ in range(20):  # who asks whether somebody serves holds it for a moment
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.05)
    return False


def _write(file: IO[str], words: str) -> None:
    file.truncate(0)
    file.write(words)
    file.flush()
