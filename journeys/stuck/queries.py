"""Reads of who is over the target of their stage: how many, and who, the furthest over first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from journeys.funnel.queries import PAGE
from journeys.history.queries import Bookmark
from journeys.paging import cut
from journeys.reports.counted import fetch
from journeys.status.models import FunnelStatus
from journeys.stuck.late import Late, Limit
from journeys.stuck.models import StageMeasure
from stages.models import Stage


def limits() -> list[Limit]:
    """The target of every stage in use, the lightest first. Two queries."""
    usual = dict(StageMeasure.objects.values_list("stage", "usual_days"))
    return [Limit(stage, stage.target_days or usual.get(stage.pk)) for stage in Stage.objects.in_use()]


def measures() -> dict[int, StageMeasure]:
    """What was measured last of each stage, by its id. One query."""
    return StageMeasure.objects.in_bulk()


def how_many_are_late(late: Late) -> dict[int, int]:
    """How many they are, by the id of the stage. One query."""
    return dict(fetch(f"{late.statement('stage_id, count(*)')} GROUP BY 1", late.values))


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
    """Contacts that are over, the furthest first, and the places before and after which there are more."""

    contacts: list[LateContact]
    before: Bookmark | None = None
    after: Bookmark | None = None


def late_page(late: Late, *, before: Bookmark | None = None, after: Bookmark | None = None) -> LatePage:
    """A page of them. Two queries.

    Args:
        before, after: the page that ends before this contact, or begins after it.
    """
    mark, order = before or after, "DESC" if before else "ASC"
    beyond = f" AND (due_at, contact_id) {'<' if before else '>'} (%(due_at)s, %(contact)s)" if mark else ""
    in_order = f"ORDER BY due_at {order}, contact_id {order} LIMIT {PAGE + 1}"
    marked = {"due_at": mark.changed_at, "contact": mark.pk} if mark else {}
    rows = fetch(f"{late.statement('contact_id, due_at')}{beyond} {in_order}", {**late.values, **marked})
    found = [Bookmark(due_at, contact) for contact, due_at in rows]
    shown, first, last = cut(found, PAGE, before=before, after=after)
    return LatePage(_late_contacts(shown, late), before=first, after=last)


def _late_contacts(places: Sequence[Bookmark], late: Late) -> list[LateContact]:
    assert late.end
    days = dict(late.days)
    statuses = FunnelStatus.objects.select_related("contact", "stage", "lost_reason", "changed_by")
    by_contact = statuses.defer("contact__search", "contact__attributes").in_bulk([place.pk for place in places])
    return [
        LateContact(status, (late.end - place.changed_at) / timedelta(days=1), days.get(status.stage_id or 0, 0))
        for place in places
        if (status := by_contact.get(place.pk))
    ]
