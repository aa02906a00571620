"""Reads of the funnel as a whole, now or at any past quarter-hour, at a cost that does not grow with the book.

A period is read as whole months, whole days beside them, and quarter-hours at its two ends (all UTC, as every
time zone's midnight falls on a quarter-hour), plus whatever was not folded into totals yet.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

from journeys.reports.models import FoldMark

QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a contact can stand: in a stage or none, lost or not; or outside the book."""

    stage: int | None = None
    lost: bool = False
    outside: bool = False


@dataclass(frozen=True, slots=True)
class MovementCount:
    """So many contacts went from one place to another; `direction` is that of `StatusChange`."""

    start: Place
    end: Place
    direction: int | None
    count: int


class Funnel:
    """How many contacts stood where at one moment."""

    def __init__(self, movements: Iterable[MovementCount]) -> None:
        self._counts: Counter[Place] = Counter()
        for movement in movements:
            self._counts[movement.start] -= movement.count
            self._counts[movement.end] += movement.count

    def in_stage(self, stage: int) -> int:
        """Contacts in the stage and not lost."""
        return self._counts[Place(stage)]

    def lost_from(self, stage: int | None) -> int:
        """Lost contacts, from the stage, or from none."""
        return self._counts[Place(stage, lost=True)]

    def standing_in(self, place: Place) -> int:
        """Contacts in a place."""
        return self._counts[place]

    @property
    def without_status(self) -> int:
        """Contacts in no stage and not lost."""
        return self._counts[Place()]

    @property
    def in_stages(self) -> int:
        return sum(count for place, count in self._places() if place.stage is not None and not place.lost)

    @property
    def lost(self) -> int:
        return sum(count for place, count in self._places() if place.lost)

    @property
    def total(self) -> int:
        return sum(count for _, count in self._places())

    @property
    def places(self) -> list[Place]:
        """Places that any contact stands in."""
        return [place for place, count in self._places() if count]

    @property
    def stages(self) -> set[int]:
        """Stages that any contact is in, or lost from."""
        return {place.stage for place, count in self._places() if place.stage is not None and count}

    def _places(self) -> list[tuple[Place, int]]:
        return [(place, count) for place, count in self._counts.items() if not place.outside]


def funnel_at(at: datetime | None = None, *, as_corrected: bool = True) -> Funnel:
    """The funnel at the beginning of `at`'s quarter-hour, or now. Two queries.

    Args:
        at: an aware moment; changes dated before it count.
        as_corrected: leave undone changes and their undos out of the past; the present is the same either way.
    """
    return Funnel(_movements(None, _floor(at, QUARTER) if at else None, as_corrected=as_corrected))


def funnels_at(moments: Sequence[datetime], *, as_corrected: bool = True) -> list[Funnel]:
    """The funnel at each of these moments, as `funnel_at` gives it. Two queries, however many moments."""
    ends = [_floor(at, QUARTER) for at in moments]
    cuts = [_cuts(None, end) for end in ends]
    values = {name: [cut[name] for cut in cuts] for name in ("month_to", "day_to", "end")}
    while True:
        mark = FoldMark.objects.get().folded_to
        with connection.cursor() as cursor:
            cursor.execute(_MOVEMENTS_UP_TO, {**values, "mark": mark, "as_corrected": as_corrected})
            rows = cursor.fetchall()
        if all(row[-1] == mark for row in rows):
            break
    movements: dict[int, list[MovementCount]] = defaultdict(list)
    for number, *row in rows:
        movements[number].append(_movement(row))
    return [Funnel(movements[number]) for number in range(1, len(ends) + 1)]


def movements_between(start: datetime, end: datetime | None, *, as_corrected: bool = True) -> list[MovementCount]:
    """Movements dated from `start` to before `end` (now if None), both at quarter-hours. Two queries."""
    last = _floor(end, QUARTER) if end else None
    return _movements(_floor(start, QUARTER), last, as_corrected=as_corrected)


_PLACES = "from_outside, from_stage_id, from_lost, to_outside, to_stage_id, to_lost, direction, kind, count"

_MOVEMENTS = f"""
    WITH movements AS (
        SELECT {_PLACES} FROM journeys_funneltotal
        WHERE span = 'month' AND starts_at >= %(month_from)s::timestamptz AND starts_at < %(month_to)s::timestamptz
        UNION ALL
        SELECT {_PLACES} FROM journeys_funneltotal
        WHERE span = 'day' AND (starts_at >= %(day_from)s::timestamptz AND starts_at < %(month_from)s::timestamptz
                             OR starts_at >= %(month_to)s::timestamptz AND starts_at < %(day_to)s::timestamptz)
        UNION ALL
        SELECT {_PLACES} FROM journeys_funnelflow
        WHERE id <= %(mark)s AND (quarter >= %(start)s::timestamptz AND quarter < %(day_from)s::timestamptz
                               OR quarter >= %(day_to)s::timestamptz AND quarter < %(end)s::timestamptz)
        UNION ALL
        SELECT {_PLACES} FROM journeys_funnelflow
        WHERE id > %(mark)s AND quarter >= %(start)s::timestamptz AND quarter < %(end)s::timestamptz
    )
    SELECT from_outside, from_stage_id, from_lost, to_outside, to_stage_id, to_lost, direction, sum(count)::bigint,
           (SELECT folded_to FROM journeys_foldmark)
    FROM movements WHERE %(as_corrected)s OR kind = 'change'
    GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(count) <> 0
"""


_MOVEMENTS_UP_TO = f"""
    SELECT cut.number, counted.*, (SELECT folded_to FROM journeys_foldmark)
    FROM unnest(%(month_to)s::timestamptz[], %(day_to)s::timestamptz[], %(end)s::timestamptz[])
         WITH ORDINALITY AS cut (month_to, day_to, ends_at, number)
    CROSS JOIN LATERAL (
        SELECT from_outside, from_stage_id, from_lost, to_outside, to_stage_id, to_lost, direction, sum(count)::bigint
        FROM (
            SELECT {_PLACES} FROM journeys_funneltotal WHERE span = 'month' AND starts_at < cut.month_to
            UNION ALL
            SELECT {_PLACES} FROM journeys_funneltotal
            WHERE span = 'day' AND starts_at >= cut.month_to AND starts_at < cut.day_to
            UNION ALL
            SELECT {_PLACES} FROM journeys_funnelflow
            WHERE id <= %(mark)s AND quarter >= cut.day_to AND quarter < cut.ends_at
            UNION ALL
            SELECT {_PLACES} FROM journeys_funnelflow WHERE id > %(mark)s AND quarter < cut.ends_at
        ) AS movements
        WHERE %(as_corrected)s OR kind = 'change'
        GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(count) <> 0
    ) AS counted
"""


def _movements(start: datetime | None, end: datetime | None, *, as_corrected: bool) -> list[MovementCount]:
    """Sum the movements of a period; again if totals were folded between the two queries."""
    while True:
        mark = FoldMark.objects.get().folded_to
        with connection.cursor() as cursor:
            cursor.execute(_MOVEMENTS, {**_cuts(start, end), "mark": mark, "as_corrected": as_corrected})
            rows = cursor.fetchall()
        if all(row[-1] == mark for row in rows):
            return [_movement(row) for row in rows]


def _movement(row: Sequence) -> MovementCount:
    return MovementCount(Place(row[1], row[2], row[0]), Place(row[4], row[5], row[3]), row[6], row[7])


def _cuts(start: datetime | None, end: datetime | None) -> dict[str, datetime | str]:
    """Where a period is cut: start <= day_from <= month_from <= month_to <= day_to <= end.

    What is empty between two cuts is read from nowhere; an open side is read from months alone.
    """
    day_from = _ceil(start, _day) if start else "-infinity"
    month_from = _ceil(start, _month) if start else "-infinity"
    day_to = _day(end) if end else "infinity"
    month_to = _month(end) if end else "infinity"
    if start and end and month_from > month_to:  # type: ignore[operator]
        month_from = month_to = day_to = max(day_from, day_to)
        if day_from > day_to or day_to > end:  # type: ignore[operator]
            day_from = month_from = month_to = day_to = end
    return {
        "start": start or "-infinity",
        "day_from": day_from,
        "month_from": month_from,
        "month_to": month_to,
        "day_to": day_to,
        "end": end or "infinity",
    }


def _floor(at: datetime, step: timedelta) -> datetime:
    epoch = datetime(2000, 1, 1, tzinfo=UTC)
    return at - (at - epoch) % step


def _day(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _month(at: datetime) -> datetime:
    return _day(at).replace(day=1)


def _ceil(at: datetime, floor) -> datetime:
    floored = floor(at)
    return floored if floored == at else floor(floored + timedelta(days=1 if floor is _day else 31))
