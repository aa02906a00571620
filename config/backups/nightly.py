"""The backup of every night, and what became of the last try."""

import contextlib
import logging
import os
from datetime import datetime, time, timedelta

from config.backups.making import back_up_into_folder, backups, made_at
from config.data_folder import backup_folder
from config.trouble import Trouble

logger = logging.getLogger(__name__)

AT = time(2)
"""From then on, by the organisation's clock. A machine that sleeps at night makes up for it."""
TOO_OLD = timedelta(hours=48)

_PROBLEM = "problem"


def is_due(now: datetime) -> bool:
    """Whether there is no backup of last night yet.

    Args:
        now: in the time zone whose nights count.
    """
    last_night = datetime.combine(now.date(), AT, now.tzinfo)
    if last_night > now:
        last_night -= timedelta(days=1)
    made = backups("nightly")
    return not made or made_at(made[0]) < last_night


def back_up_now(url: str) -> None:
    """Make the nightly backup. Why it failed stands in the log, and on Settings → Health until one succeeds."""
    problem = backup_folder() / _PROBLEM
    try:
        file = back_up_into_folder("nightly", url=url)
    except Trouble as trouble:
        logger.error("The nightly backup failed: %s", trouble)
        with contextlib.suppress(OSError), os.fdopen(os.open(problem, os.O_WRONLY | os.O_CREAT, 0o600), "w") as kept:
            kept.truncate()
            kept.write(str(trouble))
        return
    problem.unlink(missing_ok=True)
    logger.info("Backup %s was made: %s bytes", file.name, file.stat().st_size)


def last_problem() -> str:
    """Why the nightly backup failed last; empty if it did not."""
    try:
        return (backup_folder() / _PROBLEM).read_text()
    except OSError:
        return ""
