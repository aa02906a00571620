"""Who was lost in a period, from where and why, and who came back.

A contact that is lost twice counts twice. The reason is the one that was given last for that time of being lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from journeys.reports.counted import counted, fetch
from journeys.reports.members import Members
from journeys.reports.numbers import Number
from journeys.reports.periods import Period


@dataclass(frozen=True, slots=True)
class Losses:
    """So many times somebody was lost; of those, so many came back, and half of them within so many days."""

    count: int = 0
    came_back: int = 0
    median_days: float | None = None


NO_LOSSES = Losses()


@dataclass(frozen=True, slots=True)
class LossReport:
    """Losses of a period, altogether and three times divided.

    Attributes:
        by_stage, by_reason: by the id of a stage, or of a reason; None for none.
        by_month: in the order of the months.
    """

    total: Losses
    by_stage: dict[int | None, Losses]
    by_reason: dict[int | None, Losses]
    by_month: list[Losses]


_LOSES = "{0}.to_lost AND NOT {0}.from_lost"
_ENDS = "{0}.from_lost AND NOT {0}.to_lost"

_REPORT = f"""
    , lost AS MATERIALIZED (
        SELECT id, contact_id, to_stage_id AS stage_id, changed_at FROM counted
        WHERE {_LOSES.format("counted")} AND changed_at >= %(start)s AND changed_at < %(end)s
    ), ends AS (
        SELECT DISTINCT ON (lost.id) lost.id, change.from_lost_reason_id AS reason_id,
               CASE WHEN NOT change.to_outside THEN change.changed_at - lost.changed_at END AS away
        FROM lost JOIN counted change ON change.contact_id = lost.contact_id AND change.id > lost.id
        WHERE {_ENDS.format("change")} AND change.changed_at >= %(start)s
        ORDER BY lost.id, change.id
    ), losses AS (
        SELECT lost.stage_id, width_bucket(lost.changed_at, %(starts)s::timestamptz[]) AS place,
               CASE WHEN ends.id IS NOT NULL THEN ends.reason_id ELSE status.lost_reason_id END AS reason_id,
               extract(epoch FROM away)::float8 / 86400 AS days
        FROM lost LEFT JOIN ends USING (id)
        LEFT JOIN journeys_funnelstatus status ON status.contact_id = lost.contact_id AND ends.id IS NULL
    )
    SELECT grouping(stage_id, reason_id, place), stage_id, reason_id, place, count(*), count(days),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY days)
    FROM losses GROUP BY GROUPING SETS ((stage_id), (reason_id), (place), ())
"""
_STAGE, _REASON, _MONTH = 0b011, 0b101, 0b110
"""What `grouping` says: a bit for each of the three that is not divided by."""


def losses(
    period: Period, firsts: Sequence[date], *, members: Members, as_corrected: bool, now: datetime
) -> LossReport:
    """Who was lost in a period, divided by stage, by reason and by month. One query.

    Args:
        firsts: the first day of each month of the period.
    """
    values = {
        **members.values,
        "start": period.start,
        "end": period.end or now,
        "starts": [period.midnight(first) for first in firsts],
    }
    total, by_stage, by_reason, by_month = NO_LOSSES, {}, {}, {}
    for grouping, stage, reason, place, *numbers in fetch(
        counted(as_corrected=as_corrected, members=members) + _REPORT, values
    ):
        found = Losses(*numbers)
        if grouping == _STAGE:
            by_stage[stage] = found
        elif grouping == _REASON:
            by_reason[reason] = found
        elif grouping == _MONTH:
            by_month[place] = found
        else:
            total = found
    return LossReport(
        total, by_stage, by_reason, [by_month.get(place, NO_LOSSES) for place in range(1, len(firsts) + 1)]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WasLost(Number):
    """Contacts that were lost; each time counts.

    Attributes:
        stage, reason: the id of one, 0 for none; None for any.
        came_back: those alone who came back.
    """

    of = "lost"

    stage: int | None = None
    reason: int | None = None
    came_back: bool = False

    @property
    def what(self) -> str:
        conditions = [_LOSES.format("change")]
        if self.stage is not None:
            conditions.append("coalesce(change.to_stage_id, 0) = %(stage)s")
        if self.reason is not None:
            conditions.append(f"{self._reason} = %(reason)s")
        if self.came_back:
            conditions.append(f"({self._end_of_it('NOT last.to_outside')})")
        return " AND ".join(conditions)

    @property
    def _reason(self) -> str:
        """The reason given last: as it was when they came back, or as it is."""
        return f"""coalesce(
            ({self._end_of_it("coalesce(last.from_lost_reason_id, 0)")}),
            (SELECT lost_reason_id FROM journeys_funnelstatus status WHERE status.contact_id = change.contact_id),
            0)"""

    def _end_of_it(self, what: str) -> str:
        return f"""
            SELECT {what} FROM journeys_statuschange last
            WHERE last.contact_id = change.contact_id AND last.id > change.id
              AND {_ENDS.format("last")} AND {self.kept("last")} ORDER BY last.id LIMIT 1"""

    @property
    def values(self) -> dict[str, Any]:
        return {**super(WasLost, self).values, "stage": self.stage, "reason": self.reason}
