"""When a message that could not be delivered is tried again: pure."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

PLAN = [
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
]
"""So long after the attempt before it each attempt is made: ten of them, over about three days."""

JITTER = 0.2
"""A pause grows by up to this share of it, so that not all that failed together come again together."""

LONGEST_WAIT_ASKED_FOR = timedelta(hours=24)


def pause_after(attempts: int, *, dice: float, asked_for: timedelta | None = None) -> timedelta | None:
    """How long to wait after so many failed attempts; None when they were the last.

    Args:
        dice: from 0 to 1.
        asked_for: what the receiver asked for, honoured up to a day. It never shortens the plan.
    """
    if attempts >= len(PLAN):
        return None
    planned = PLAN[attempts] * (1 + JITTER * dice)
    return max(planned, min(asked_for or timedelta(0), LONGEST_WAIT_ASKED_FOR))


def asked_for(retry_after: str | None, now: datetime) -> timedelta | None:
    """What a header Retry-After asks for, in seconds or as a date; None for what cannot be read, or is over."""
    if not retry_after:
        return None
    if retry_after.isascii() and retry_after.isdecimal():
        return timedelta(seconds=min(int(retry_after[:9]), 10**8))
    try:
        wait = parsedate_to_datetime(retry_after) - now
    except (ValueError, TypeError, OverflowError):  # TypeError: a date without a zone
        return None
    return max(wait, timedelta(0)) or None
