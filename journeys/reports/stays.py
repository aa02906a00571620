"""How long contacts stay in each stage.

A stay begins when a contact comes into a stage, and is completed when it moves to another one. While a contact is lost
its stay stands still: those days are not counted. That a stage was retired or merged completes no stay.
"""

from bisect import bisect
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from journeys.reports.counted import counted, fetch
from journeys.reports.lost_days import ends_lost_days, lost_days, lost_since
from journeys.reports.members import Members
from journeys.reports.numbers import Number
from journeys.reports.periods import Period

FEW = 10
"""Fewer stays than this say little."""

EDGES = (0, 1, 3, 7, 14, 30, 60, 90, 180, 365)
"""Stays are drawn in classes that begin at so many days."""


Hours = Mapping[int, int]
"""How many stays lasted so many whole hours."""


@dataclass(frozen=True, slots=True)
class Stays:
    """How long so many stays lasted, in whole hours."""

    hours: Hours

    @property
    def count(self) -> int:
        return sum(self.hours.values())

    @property
    def are_few(self) -> bool:
        return self.count < FEW

    @property
    def median(self) -> float | None:
        return self.within(1, 2)

    @property
    def three_of_four(self) -> float | None:
        return self.within(3, 4)

    @property
    def nine_of_ten(self) -> float | None:
        return self.within(9, 10)

    def within(self, part: int, whole: int) -> float | None:
        """The least number of days within which so large a part of the stays was over; None without stays."""
        so_far, all_of_them = 0, self.count
        for hours in sorted(self.hours):
            so_far += self.hours[hours]
            if so_far * whole >= all_of_them * part:
                return hours / 24
        return None

    @property
    def classes(self) -> list[int]:
        """How many lasted as long as each of `EDGES` says, up to the next one."""
        counts = [0] * len(EDGES)
        for hours, count in self.hours.items():
            counts[bisect(EDGES, hours // 24) - 1] += count
        return counts


NO_STAYS = Stays({})

_COMPLETES = """
    {0}.direction IS NOT NULL AND {0}.from_stage_id IS NOT NULL
    AND {0}.changed_at >= %(start)s AND {0}.changed_at < %(end)s
"""
"""A change by which a contact moved from one stage to another."""

_COMPLETED = f"""
    SELECT id, contact_id, from_stage_id AS stage_id, from_stage_since AS since, {{until}} AS until
    FROM counted WHERE {_COMPLETES.format("counted")}
"""

_RUNNING = """
    SELECT 9223372036854775807 AS id, contact_id, stage_id, stage_since AS since, %(end)s::timestamptz AS until
    FROM journeys_funnelstatus WHERE stage_id IS NOT NULL AND lost_at IS NULL AND {whose}
"""

_LASTED = """
    , stays AS MATERIALIZED ({stays}), lost_meanwhile AS (
        SELECT stays.contact_id, stays.id, sum({lost_days}) AS lost
        FROM stays JOIN counted change ON change.contact_id = stays.contact_id AND change.from_stage_id = stays.stage_id
                                      AND change.changed_at > since AND change.id < stays.id
        WHERE {ends_lost_days}
        GROUP BY 1, 2
    ), lasted AS (
        SELECT stays.*, floor(date_part('epoch', until - since - coalesce(lost, '0')) / 3600)::int AS hours
        FROM stays LEFT JOIN lost_meanwhile USING (contact_id, id)
    )
"""
"""How many whole hours each of some stays lasted. Those during which the contact was lost are not among them."""

_HOURS = "SELECT stage_id, hours, count(*) FROM lasted GROUP BY 1, 2"


def completed_stays(period: Period, *, members: Members, as_corrected: bool, now: datetime) -> dict[int, Stays]:
    """How long the stays lasted that were completed in a period, by the id of the stage. One query."""
    return stays_completed_between(period.start, period.end or now, members=members, as_corrected=as_corrected)


def stays_completed_between(
    start: datetime, end: datetime, *, members: Members, as_corrected: bool
) -> dict[int, Stays]:
    """The same from one moment to before another. One query."""
    completed = _COMPLETED.format(until=_until("counted", as_corrected=as_corrected))
    return _spread(completed, members, as_corrected, {"start": start, "end": end})


def running_stays(*, members: Members, as_corrected: bool, now: datetime) -> dict[int, Stays]:
    """How long those have stayed until now who are in a stage, by the id of the stage. One query."""
    return _spread(_RUNNING.format(whose=members.condition("contact_id")), members, as_corrected, {"end": now})


def _spread(stays: str, members: Members, as_corrected: bool, values: dict[str, Any]) -> dict[int, Stays]:
    beginning = counted(as_corrected=as_corrected, members=members, steps_alone=True)
    lasted = _LASTED.format(
        stays=stays,
        lost_days=lost_days("change", "since", as_corrected=as_corrected),
        ends_lost_days=ends_lost_days("change", as_corrected=as_corrected),
    )
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for stage, hours, count in fetch(beginning + lasted + _HOURS, {**members.values, **values}):
        found[stage][hours] = count
    return {stage: Stays(hours) for stage, hours in found.items()}


def _until(change: str, *, as_corrected: bool) -> str:
    """When the days of a stay that this change completed stopped being counted: when it was lost, if it was."""
    since = lost_since(change, as_corrected=as_corrected)
    return f"""
        CASE WHEN {change}.from_lost_at IS NULL THEN {change}.changed_at
             ELSE greatest({since}, {change}.from_stage_since) END"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stayed(Number):
    """Contacts that completed a stay in a stage, by the moves that completed it.

    Attributes:
        stage: the id of the stage.
        days: the class of `EDGES` that the stay was in, by the days it begins at; None for any.
    """

    of = "stays"
    steps_alone = True

    stage: int
    days: int | None = None

    @property
    def what(self) -> str:
        conditions = ["change.direction IS NOT NULL AND change.from_stage_id = %(stage)s"]
        if self.days is not None:
            conditions.append(f"{self._lasted} >= %(least)s")
            if self.days != EDGES[-1]:
                conditions.append(f"{self._lasted} < %(most)s")
        return " AND ".join(conditions)

    @property
    def _lasted(self) -> str:
        """How long the stay was, without what was lost of it."""
        which = {"as_corrected": self.as_corrected}
        return f"""(
            {_until("change", **which)} - change.from_stage_since - coalesce((
                SELECT sum({lost_days("back", "change.from_stage_since", **which)})
                FROM journeys_statuschange back
                WHERE back.contact_id = change.contact_id AND back.from_stage_id = change.from_stage_id
                  AND back.changed_at > change.from_stage_since AND back.id < change.id
                  AND {ends_lost_days("back", **which)} AND {self.kept("back")}), '0'))"""

    @property
    def values(self) -> dict[str, Any]:
        values = {**super(Stayed, self).values, "stage": self.stage}
        if self.days is not None:
            following = EDGES[EDGES.index(self.days) + 1 :]
            values["least"] = timedelta(days=self.days)
            values["most"] = timedelta(days=following[0]) if following else None
        return values
