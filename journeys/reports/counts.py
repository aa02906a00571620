"""Movements and funnels for reports: everybody's from counted flows, some of the contacts' from their history."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate

from django.db import connection

from journeys.reports.ledger import Ledger, ledger
from journeys.reports.members import Members
from journeys.reports.queries import Funnel, MovementCount, Place, funnel_at, funnels_at, movements_between
from journeys.reports.undone import KEPT, UNDONE

_TRIES = 3

_MOVEMENTS_OF_MEMBERS = f"""
    WITH RECURSIVE {UNDONE}, members AS MATERIALIZED ({{members}})
    SELECT width_bucket(changed_at, %(cuts)s::timestamptz[]),
           from_stage_id, from_lost, from_outside, to_stage_id, to_lost, to_outside, direction, count(*)
    FROM members JOIN journeys_statuschange change USING (contact_id)
    WHERE %(as_recorded)s OR {KEPT}
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""


def movements_of(members: Members, start: datetime, end: datetime | None, *, as_corrected: bool) -> list[MovementCount]:
    """Movements dated from `start` to before `end` (now if None). Two queries for everybody, else one."""
    if members.is_everybody:
        return movements_between(start, end, as_corrected=as_corrected)
    return _between_cuts(members, [start, end] if end else [start], as_corrected=as_corrected)[1]


def funnels_of(members: Members, moments: Sequence[datetime | None], *, as_corrected: bool) -> list[Funnel]:
    """Where they stood at these moments, in order; None, at the end, for now. At most four queries."""
    past = [moment for moment in moments if moment]
    if members.is_everybody:
        now = [funnel_at()] if None in moments else []
        return [*funnels_at(past, as_corrected=as_corrected), *now] if past else now
    gaps = _between_cuts(members, past, as_corrected=as_corrected)
    return [Funnel(movements) for movements in accumulate(gaps[: len(moments)])]


def ledger_of(
    members: Members, stages: Sequence[int], start: datetime, end: datetime | None, *, as_corrected: bool
) -> Ledger:
    """What came and went from `start` to `end` (now if None) in these stages, and in none. At most six queries.

    They are asked one after the other, so somebody may be moved between them: what does not add up is counted again.
    """
    for _ in range(_TRIES):
        before, after = funnels_of(members, [start, end], as_corrected=as_corrected)
        counted = ledger(stages, before, movements_of(members, start, end, as_corrected=as_corrected), after)
        if not counted.missing:
            break
    return counted


def _between_cuts(members: Members, cuts: Sequence[datetime], *, as_corrected: bool) -> list[list[MovementCount]]:
    """Movements before the first of these ascending moments, between each two, and from the last one on. One query."""
    gaps: dict[int, list[MovementCount]] = defaultdict(list)
    with connection.cursor() as cursor:
        values = {"cuts": cuts, "as_recorded": not as_corrected, **members.values}
        cursor.execute(_MOVEMENTS_OF_MEMBERS.format(members=members.sql), values)
        for gap, *row in cursor.fetchall():
            gaps[gap].append(MovementCount(Place(*row[0:3]), Place(*row[3:6]), row[6], row[7]))
    return [gaps[number] for number in range(len(cuts) + 1)]
