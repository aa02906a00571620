"""What a slice of a run failed for: whether that passes by itself, and else a sentence for people."""

from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.models import Q
from psycopg.errors import DiskFull, InsufficientPrivilege, LockNotAvailable, OutOfMemory, QueryCanceled

TRIES = 6
"""A slice that fails so many times in a row stops its run."""

FIRST_PAUSE = timedelta(seconds=5)
"""After the first failure; after each further one it is twice as long."""

_UNKNOWN = "Something failed that Funnelbook does not know ({}). Its log says more."
_IN_WORDS: dict[type[BaseException], str] = {
    DiskFull: "The disk of the database is full.",
    OutOfMemory: "The database ran out of memory.",
    InsufficientPrivilege: "The database does not let Funnelbook write.",
    LockNotAvailable: "Somebody else held its next contacts for too long.",
    QueryCanceled: "The database took too long over its next contacts.",
}


def pause_after(tries: int) -> timedelta:
    """How long a run is left alone after so many failures in a row."""
    return FIRST_PAUSE * 2 ** (tries - 1)


def left_alone(now: datetime, *, of: str = "") -> Q:
    """Whether a run, or a campaign, waits out the pause after a failure.

    No pause ends later than the longest: the clock was set back.

    Args:
        of: how the query reaches what is left alone, as `run__`.
    """
    return Q(**{f"{of}next_try_at__gt": now, f"{of}next_try_at__lte": now + pause_after(TRIES)})


def has_lost_the_database(error: Exception) -> bool:
    """Whether the server or the connection to it went away. Whoever comes back to it goes on where they were."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return state == "" or state.startswith(("08", "57P")) or state == "53300"  # connection, shut down, too many


def in_words(error: Exception) -> str:
    """Why a slice failed, without a word of what stands in the book."""
    cause = error.__cause__ if isinstance(error, DatabaseError) and error.__cause__ else error
    if isinstance(cause, OSError) and cause.strerror:
        return f"A file could not be written: {cause.strerror}."
    known = (sentence for kind, sentence in _IN_WORDS.items() if isinstance(cause, kind))
    return next(known, _UNKNOWN.format(type(cause).__name__))
