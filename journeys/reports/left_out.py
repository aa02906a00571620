"""Reads of what a report leaves out, and of what it counts though it was recorded later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection

from journeys.book.queries import COUNTED, Count
from journeys.reports.members import Members
from journeys.reports.undone import UNDONE

MOST = 6
"""So many groups of undone changes are told apart, the largest."""

_LEFT_OUT = f"""
    WITH RECURSIVE {UNDONE}
    SELECT change.run_id, (undo.changed_at AT TIME ZONE %(zone)s)::date, count(*)
    FROM undone JOIN journeys_statuschange change ON change.id = undone.id
                JOIN journeys_statuschange undo ON undo.id = undone.undo
    WHERE {{which}} AND {{of_members}}
    GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT %(limit)s
"""

_LATER = """
    SELECT count(*) FROM (
        SELECT FROM journeys_statuschange change
        WHERE recorded_at - changed_at > interval '60 seconds' AND changed_at < %(end)s AND recorded_at >= %(end)s
          AND {of_members} LIMIT %(limit)s) AS later
"""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """So many changes that were undone on a day; `run` made them, if one did."""

    run: int | None
    undone_on: date
    count: int


def left_out_of(members: Members, start: datetime, end: datetime | None, *, zone: ZoneInfo) -> Sequence[LeftOut]:
    """Changes dated from `start` to before `end` (now if None) that are undone, the most first. One query."""
    which = "change.changed_at >= %(start)s" + (" AND change.changed_at < %(end)s" if end else "")
    return _left_out(which, members, zone, start=start, end=end)


def left_out_at(members: Members, at: datetime, *, zone: ZoneInfo) -> Sequence[LeftOut]:
    """Changes dated before a moment that were undone only after it, the most first. One query."""
    which = "change.changed_at < %(end)s AND undo.changed_at >= %(end)s"
    return _left_out(which, members, zone, end=at)


def _left_out(which: str, members: Members, zone: ZoneInfo, **moments: datetime | None) -> Sequence[LeftOut]:
    statement = _LEFT_OUT.format(which=which, of_members=members.condition("change.contact_id"))
    with connection.cursor() as cursor:
        cursor.execute(statement, {**moments, "zone": str(zone), "limit": MOST, **members.values})
        return [LeftOut(*row) for row in cursor.fetchall()]


def recorded_later(members: Members, end: datetime) -> Count:
    """How many changes are dated before a moment and were recorded after it, counted up to `COUNTED`. One query."""
    with connection.cursor() as cursor:
        values = {"end": end, "limit": COUNTED + 1, **members.values}
        cursor.execute(_LATER.format(of_members=members.condition("change.contact_id")), values)
        number = cursor.fetchone()[0]
    return Count(min(number, COUNTED), is_capped=number > COUNTED)
