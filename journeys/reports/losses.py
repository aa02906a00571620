"""Who was lost in a period, from where and why, and who came back.

A contact that is lost twice counts twice. The reason is the one that was given last for that time of being lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from journeys.reports.counted import condition, counted, counts, fetch, of_members
from journeys.reports.members import Members
from journeys.reports.periods import Period
from journeys.status.models import StatusChange

ANY = "any"
"""In place of a stage, a reason or a month: whichever."""


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


_END_OF_IT = """
    SELECT {what} FROM journeys_statuschange change
    WHERE change.contact_id = journeys_statuschange.contact_id AND change.id > journeys_statuschange.id
      AND {ends} AND {counts} ORDER BY change.id LIMIT 1
"""

_REASON_OF_IT = """
    coalesce(
        ({end}),
        (SELECT lost_reason_id FROM journeys_funnelstatus status
         WHERE status.contact_id = journeys_statuschange.contact_id),
        0)
"""


def changes_that_lost(
    start: datetime,
    end: datetime | None,
    *,
    stage: int | str | None = ANY,
    reason: int | str | None = ANY,
    came_back: bool = False,
    members: Members,
    as_corrected: bool,
) -> QuerySet[StatusChange]:
    """The changes by which contacts were lost, between two moments: those that `losses` counts. One query, when read.

    Args:
        stage, reason: the id of one, None for none, or `ANY`.
        came_back: those alone who came back.
    """
    loses = f"{_LOSES.format('journeys_statuschange')} AND {counts('journeys_statuschange', as_corrected=as_corrected)}"
    changes = StatusChange.objects.filter(changed_at__gte=start).alias(loses=condition(loses, {})).filter(loses=True)
    if end:
        changes = changes.filter(changed_at__lt=end)
    if stage != ANY:
        changes = changes.filter(to_stage=stage)  # type: ignore[misc]
    ends, is_counted = _ENDS.format("change"), counts("change", as_corrected=as_corrected)
    if reason != ANY:
        last = _END_OF_IT.format(what="coalesce(change.from_lost_reason_id, 0)", ends=ends, counts=is_counted)
        given = condition(f"{_REASON_OF_IT.format(end=last)} = %(reason)s", {"reason": reason or 0})
        changes = changes.alias(given=given).filter(given=True)
    if came_back:
        back = _END_OF_IT.format(what="NOT change.to_outside", ends=ends, counts=is_counted)
        changes = changes.alias(is_back=condition(f"coalesce(({back}), false)", {})).filter(is_back=True)
    return of_members(changes, members)
