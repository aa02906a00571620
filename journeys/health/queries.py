"""How an installation is: what whoever runs it looks at first."""

import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import django
from django.db import connection
from django.utils import timezone

from config import disk
from config.backups.making import backups, made_at
from config.backups.nightly import TOO_OLD, last_problem
from config.data_folder import backup_folder
from config.database import address_of_database
from config.embedded import is_embedded
from config.version import version
from journeys.runs.queries import HEARTBEAT

LONG_WAIT = timedelta(minutes=5)
"""A job that waits for longer finds no worker, or workers that do not come round to it."""


class Level(StrEnum):
    GOOD = "good"
    WARN = "warn"
    BAD = "lost"


@dataclass(frozen=True, slots=True)
class Work:
    """Workers and their queue.

    Attributes:
        beat_at: when a worker said last that it is up; none if none ever did.
        oldest: since when the job waits that could be done for longest; none if no job waits.
    """

    now: datetime
    workers: int
    beat_at: datetime | None
    waiting: int
    doing: int
    failed: int
    oldest: datetime | None

    @property
    def worker_level(self) -> Level:
        return Level.GOOD if self.workers else Level.BAD

    @property
    def queue_level(self) -> Level:
        return Level.WARN if self.oldest and self.now - self.oldest > LONG_WAIT else Level.GOOD


_WORK = """
    WITH waiting AS (
        SELECT greatest(scheduled_at, (SELECT max(at) FROM procrastinate_events WHERE job_id = job.id)) AS since
        FROM procrastinate_jobs job WHERE status = 'todo' AND coalesce(scheduled_at, '-infinity') <= now()
    )
    SELECT now(),
           (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - %s * interval '1 second'),
           (SELECT max(last_heartbeat) FROM procrastinate_workers),
           (SELECT count(*) FROM waiting),
           (SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'),
           (SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'),
           (SELECT min(since) FROM waiting)
"""


def work() -> Work:
    """Workers and their queue. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_WORK, [HEARTBEAT.total_seconds()])
        return Work(*cursor.fetchone())


@dataclass(frozen=True, slots=True)
class Backups:
    """The backups in the folder of backups, as this machine sees it."""

    folder: Path
    count: int
    made_at: datetime | None
    size: int
    problem: str

    @property
    def level(self) -> Level:
        if not self.made_at or timezone.now() - self.made_at >= TOO_OLD:
            return Level.BAD
        return Level.WARN if self.problem else Level.GOOD


def backups_made() -> Backups:
    """No query."""
    found = backups()
    newest = found[0] if found else None
    return Backups(
        folder=backup_folder(),
        count=len(found),
        made_at=made_at(newest) if newest else None,
        size=newest.stat().st_size if newest else 0,
        problem=last_problem(),
    )


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk of the data folder.

    Attributes:
        holds_database: whether the database is on it too, as the embedded one is.
    """

    free: int
    holds_database: bool

    @property
    def level(self) -> Level:
        if self.free < disk.TOO_LITTLE:
            return Level.BAD
        return Level.WARN if self.free < disk.LITTLE else Level.GOOD


def disk_space() -> Disk:
    """No query."""
    return Disk(disk.free_space(), is_embedded(address_of_database()))


def versions() -> dict[str, str]:
    """What runs here. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0]
    python = ".".join(map(str, sys.version_info[:3]))
    return {"Funnelbook": version(), "Django": django.get_version(), "Python": python, "PostgreSQL": server}
