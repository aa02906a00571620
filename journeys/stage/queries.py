"""Reads of one stage over time: how many stood in it, who came and went, and how long contacts stay."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from journeys.funnel.queries import FunnelDay
from journeys.history.undone import is_kept
from journeys.reports.queries import Funnel, MovementCount, Place, funnel_at, funnels_at, movements_between
from stages.models import Stage

MONTHS = 12
"""So many months are drawn."""

STAYS = 1000
"""So many stays are measured at most, the last to end."""

DEPARTURES = 5000
"""So many departures are looked at for them: those that were undone are no end of a stay."""


@dataclass(frozen=True, slots=True)
class Point:
    """How many stood in a stage, and how many were lost from it, at the end of a day; or now."""

    day: date
    contacts: int
    lost: int
    is_now: bool = False


def trend(stage: Stage, *, now: Funnel, today: date, zone: ZoneInfo) -> list[Point]:
    """A stage at the end of each of the last 12 months, and now. Two queries."""
    months = [_month_before(today, number) for number in range(MONTHS - 1, -1, -1)]
    past = funnels_at([datetime.combine(first, time.min, tzinfo=zone) for first in months])
    points = [
        Point(first - timedelta(days=1), funnel.in_stage(stage.pk), funnel.lost_from(stage.pk))
        for first, funnel in zip(months, past, strict=True)
    ]
    return [*points, Point(today, now.in_stage(stage.pk), now.lost_from(stage.pk), is_now=True)]


def _month_before(day: date, number: int) -> date:
    """The first day of the month so many months before that of `day`."""
    years, month = divmod(day.year * 12 + day.month - 1 - number, 12)
    return date(years, month + 1, 1)


@dataclass(frozen=True, slots=True)
class Flow:
    """So many contacts came from a place, or went there. `named` is its stage, if it is one."""

    place: Place
    named: Stage | None
    count: int


@dataclass(frozen=True, slots=True)
class InsAndOuts:
    """Who came into a stage and who left it in the 30 days that `FunnelDay` looks at, the largest flows first."""

    before: int
    came: list[Flow]
    went: list[Flow]
    now: int

    @property
    def entered(self) -> int:
        return sum(flow.count for flow in self.came)

    @property
    def left(self) -> int:
        return sum(flow.count for flow in self.went)

    @property
    def missing(self) -> int:
        """By how much it does not add up."""
        return self.now - (self.before + self.entered - self.left)


def ins_and_outs(stage: Stage, *, now: Funnel, of: FunnelDay) -> InsAndOuts:
    """What came into a stage, and what left it, by where from and where to. Five queries."""
    here = Place(stage.pk)
    movements = [movement for movement in movements_between(of.start, of.end) if movement.start != movement.end]
    stages = Stage.objects.in_bulk()
    return InsAndOuts(
        before=funnel_at(of.start).in_stage(stage.pk),
        came=_flows(((one.start, one) for one in movements if one.end == here), stages),
        went=_flows(((one.end, one) for one in movements if one.start == here), stages),
        now=now.in_stage(stage.pk),
    )


def _flows(movements: Iterable[tuple[Place, MovementCount]], stages: dict[int, Stage]) -> list[Flow]:
    counts: Counter[Place] = Counter()
    for place, movement in movements:
        counts[place] += movement.count
    return [Flow(place, stages.get(place.stage or 0), count) for place, count in counts.most_common() if count]


@dataclass(frozen=True, slots=True)
class MedianStay:
    """Half of so many completed stays lasted longer than this."""

    days: float
    stays: int


_MEDIAN = f"""
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY days), count(*) FROM (
        SELECT extract(epoch FROM changed_at - from_stage_since) / 86400 AS days FROM (
            SELECT * FROM journeys_statuschange
            WHERE from_stage_id = %(stage)s AND direction IS NOT NULL
            ORDER BY changed_at DESC LIMIT {DEPARTURES}) AS change
        WHERE cause <> 'stage_merged' AND cause <> 'stage_retired' AND {is_kept("change")}
        ORDER BY changed_at DESC LIMIT {STAYS}) AS stays
"""


def median_stay(stage: Stage) -> MedianStay | None:
    """How long contacts stayed in a stage before they moved to another one; lost or not meanwhile. One query.

    Measured over the last 1,000 completed stays. None if there was none.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MEDIAN, {"stage": stage.pk})
        days, stays = cursor.fetchone()
    return MedianStay(float(days), stays) if stays else None
