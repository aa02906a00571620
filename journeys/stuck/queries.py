"""Who has been in a stage for longer than its target: how many, and who, the furthest over first.

The target of a stage is what was set for it, or else the time within which three of four stays of the last year were
over. The days that a contact was lost are not counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from journeys.funnel.queries import PAGE
from journeys.history.queries import Bookmark
from journeys.reports.counted import counted, fetch
from journeys.reports.members import EVERYBODY, Members
from journeys.status.models import FunnelStatus
from journeys.stuck.models import StageMeasure
from stages.models import Stage


@dataclass(frozen=True, slots=True)
class Limit:
    """A stage in use, and after how many days a contact is over target; None where nothing says so yet."""

    stage: Stage
    days: float | None

    @property
    def is_set(self) -> bool:
        """Somebody set a target; else it is the usual time."""
        return bool(self.stage.target_days)


def limits() -> list[Limit]:
    """The target of every stage in use, the lightest first. Two queries."""
    usual = dict(StageMeasure.objects.values_list("stage", "usual_days"))
    return [Limit(stage, stage.target_days or usual.get(stage.pk)) for stage in Stage.objects.in_use()]


def measures() -> dict[int, StageMeasure]:
    """What was measured last of each stage, by its id. One query."""
    return StageMeasure.objects.in_bulk()


_LATE = """
    , lost_meanwhile AS (
        SELECT contact_id, sum(change.changed_at - greatest(change.from_lost_at, stage_since)) AS lost
        FROM counted change JOIN journeys_funnelstatus status USING (contact_id)
        WHERE change.from_lost AND NOT change.to_lost AND change.from_stage_id = change.to_stage_id
          AND change.from_stage_id = status.stage_id AND change.changed_at > stage_since AND status.lost_at IS NULL
        GROUP BY 1
    ), late AS (
        SELECT contact_id, stage_id, stage_since + allowed + coalesce(lost, '0') AS due_at
        FROM journeys_funnelstatus
        JOIN unnest(%(stages)s::bigint[], %(allowed)s::interval[]) AS target (stage_id, allowed) USING (stage_id)
        LEFT JOIN lost_meanwhile USING (contact_id)
        WHERE lost_at IS NULL AND stage_since + allowed < %(now)s {whose}
    )
"""
"""`due_at` is when the contact came over the target of its stage."""

_COUNTS = "SELECT stage_id, count(*) FROM late WHERE due_at < %(now)s GROUP BY 1"

_PAGE = """
    SELECT contact_id, due_at FROM late
    WHERE due_at < %(now)s AND (due_at, contact_id) {side} (%(due_at)s::timestamptz, %(contact)s::bigint)
    ORDER BY due_at {order}, contact_id {order} LIMIT {limit}
"""


def how_many_are_late(
    targets: Sequence[Limit], *, now: datetime, members: Members = EVERYBODY, as_corrected: bool = True
) -> dict[int, int]:
    """How many contacts are over the target of their stage, by the id of the stage. One query."""
    return dict(_fetch(_COUNTS, targets, members, as_corrected, {"now": now}))


@dataclass(frozen=True, slots=True)
class LateContact:
    """Somebody who is over the target of their stage, by so many days."""

    status: FunnelStatus
    days_over: float
    limit_days: float

    @property
    def days_there(self) -> float:
        """How long it has been there, without the days that it was lost."""
        return self.limit_days + self.days_over


@dataclass(frozen=True, slots=True)
class LatePage:
    """Contacts over target, the furthest first, and the places before and after which there are more."""

    contacts: list[LateContact]
    before: Bookmark | None = None
    after: Bookmark | None = None


def late_page(
    targets: Sequence[Limit],
    *,
    now: datetime,
    members: Members = EVERYBODY,
    as_corrected: bool = True,
    before: Bookmark | None = None,
    after: Bookmark | None = None,
) -> LatePage:
    """A page of the contacts that are over the target of their stage, the furthest first. Two queries.

    Args:
        before, after: the page that ends before this contact, or begins after it.
    """
    statement = _PAGE.format(side="<" if before else ">", order="DESC" if before else "ASC", limit=PAGE + 1)
    place = before or after or Bookmark(_EARLIEST, 0)
    values = {"now": now, "due_at": place.changed_at, "contact": place.pk}
    found = [Bookmark(due_at, contact) for contact, due_at in _fetch(statement, targets, members, as_corrected, values)]
    shown = found[:PAGE][::-1] if before else found[:PAGE]
    has_before, has_after = (len(found) > PAGE, True) if before else (after is not None, len(found) > PAGE)
    return LatePage(
        _late_contacts(shown, targets, now),
        before=shown[0] if shown and has_before else None,
        after=shown[-1] if shown and has_after else None,
    )


_EARLIEST = datetime(1, 1, 1, tzinfo=UTC)


def _late_contacts(places: Sequence[Bookmark], targets: Sequence[Limit], now: datetime) -> list[LateContact]:
    days = {target.stage.pk: target.days or 0 for target in targets}
    statuses = FunnelStatus.objects.select_related("contact", "stage", "lost_reason", "changed_by")
    by_contact = statuses.defer("contact__search", "contact__attributes").in_bulk([place.pk for place in places])
    return [
        LateContact(status, (now - place.changed_at) / timedelta(days=1), days[status.stage_id or 0])
        for place in places
        if (status := by_contact.get(place.pk))
    ]


def _fetch(
    statement: str, targets: Sequence[Limit], members: Members, as_corrected: bool, values: dict[str, Any]
) -> list[tuple]:
    set_ones = [target for target in targets if target.days]
    whose = "" if members.is_everybody else f"AND contact_id IN ({members.sql})"
    beginning = counted(as_corrected=as_corrected, members=members) + _LATE.format(whose=whose)
    return fetch(
        beginning + statement,
        {
            **members.values,
            "stages": [target.stage.pk for target in set_ones],
            "allowed": [timedelta(days=target.days or 0) for target in set_ones],
            **values,
        },
    )
