"""Reads of the Customer Journey: the funnel of a day, and who stood or went where.

All counts come from counted movements, at a cost that does not grow with the book; those of a segment are read from
its contacts.
"""

import enum
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL
from django.utils.formats import date_format

from journeys.funnel.rows import Counts, FunnelRows, funnel_rows
from journeys.history.queries import Bookmark, ChangeInWords, history_page, in_words
from journeys.history.undone import NOT_UNDONE, is_kept, is_undone
from journeys.paging import cut
from journeys.reports.queries import Funnel, MovementCount, Place, funnel_at, movements_between
from journeys.segments.queries import Matching
from journeys.status.models import FunnelStatus, StatusChange
from journeys.status.queries import statuses_of
from stages.models import Stage
from stages.queries import StageNames

DAYS = 30
"""So many days, the last one included, are looked at for who entered and left."""

PAGE = 30
"""So many contacts are shown at once: below the funnel, and quick enough that it answers at once."""


@dataclass(frozen=True, slots=True)
class FunnelDay:
    """The day that is looked at, in the organisation's time zone: today as it is now, another one at its end."""

    day: date
    zone: ZoneInfo
    is_today: bool

    @property
    def words(self) -> str:
        return "Today" if self.is_today else date_format(self.day)

    @property
    def end(self) -> datetime | None:
        """The midnight that ended the day; None today."""
        return None if self.is_today else self._midnight(self.day + timedelta(days=1))

    @property
    def start(self) -> datetime:
        """The midnight when the `DAYS` began."""
        return self._midnight(self.first_day)

    @property
    def first_day(self) -> date:
        return self.day - timedelta(days=DAYS - 1)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, tzinfo=self.zone)


def customer_journey(of: FunnelDay, segment: Matching | None = None) -> FunnelRows:
    """The funnel at the end of a day, with who entered and left in the 30 days up to it. At most six queries.

    Stages in use are shown, and any other one that contacts were in or lost from.

    Args:
        segment: count its contacts alone, read from statuses and from history: who matches now, and where they were.
    """
    if segment:
        funnel, movements = segment_at(segment, of.end), movements_of_segment(segment, of)
    else:
        funnel, movements = funnel_at(of.end), movements_between(of.start, of.end)
    counts = _counts(funnel, movements)
    stages = list(Stage.objects.filter(Q(retired_at=None) | Q(pk__in=funnel.stages)))
    names = StageNames() if of.end else None
    then = {stage.pk: str(names.at(stage.pk, of.end) or stage) for stage in stages} if names and of.end else None
    return funnel_rows(stages, counts, then)


_SEGMENT_NOW = """
    SELECT stage_id, lost_at IS NOT NULL, count(*)
    FROM ({matching}) AS matching JOIN journeys_funnelstatus USING (contact_id) GROUP BY 1, 2
"""

_SEGMENT_THEN = f"""
    SELECT to_stage_id, to_lost, count(*)
    FROM ({{matching}}) AS matching CROSS JOIN LATERAL (
        SELECT to_stage_id, to_lost FROM journeys_statuschange change
        WHERE change.contact_id = matching.contact_id AND change.changed_at < %(end)s AND {NOT_UNDONE}
        ORDER BY change.id DESC LIMIT 1) AS stood
    GROUP BY 1, 2
"""

_SEGMENT_MOVED = f"""
    SELECT from_stage_id, from_lost, from_outside, to_stage_id, to_lost, to_outside, count(*)
    FROM journeys_statuschange change JOIN ({{matching}}) AS matching USING (contact_id)
    WHERE change.changed_at >= %(start)s AND (%(end)s::timestamptz IS NULL OR change.changed_at < %(end)s)
      AND {NOT_UNDONE}
    GROUP BY 1, 2, 3, 4, 5, 6
"""


def segment_at(segment: Matching, end: datetime | None) -> Funnel:
    """Where the contacts of a segment stand, or stood at a past moment. Up to two queries, over all of them."""
    rows = _of_segment(_SEGMENT_THEN if end else _SEGMENT_NOW, segment, {"end": end})
    return Funnel(MovementCount(Place(outside=True), Place(stage, lost), None, count) for stage, lost, count in rows)


def movements_of_segment(segment: Matching, of: FunnelDay) -> list[MovementCount]:
    """Movements of a segment's contacts in the 30 days, without what was undone. Up to two queries."""
    rows = _of_segment(_SEGMENT_MOVED, segment, {"start": of.start, "end": of.end})
    return [MovementCount(Place(*row[:3]), Place(*row[3:6]), None, row[6]) for row in rows]


def _of_segment(statement: str, segment: Matching, values: dict[str, Any]) -> list[tuple]:
    matching, of_segment = segment.named_statement()
    with connection.cursor() as cursor:
        cursor.execute(statement.format(matching=matching), values | of_segment)
        return cursor.fetchall()


def _counts(funnel: Funnel, movements: list[MovementCount]) -> dict[int | None, Counts]:
    counts: dict[int | None, Counts] = defaultdict(Counts)
    for stage in funnel.stages:
        counts[stage].count = funnel.in_stage(stage)
        counts[stage].lost = funnel.lost_from(stage)
    counts[None].count = funnel.without_status
    counts[None].lost = funnel.lost_from(None)
    for movement in movements:
        if movement.start != movement.end:
            if _is_in(movement.end):
                counts[movement.end.stage].entered += movement.count
            if _is_in(movement.start):
                counts[movement.start.stage].left += movement.count
    return counts


def _is_in(place: Place) -> bool:
    """In a stage or none, and neither lost nor outside the book."""
    return not place.lost and not place.outside


ANY = "any"
"""In place of a stage: whatever stage there is, but not none."""

EVERYWHERE = "all"
"""In place of a stage: any stage or none."""


@dataclass(frozen=True, slots=True)
class StatusPage:
    """Statuses, the newest contact first, and the contacts before and after which there are more."""

    statuses: list[FunnelStatus]
    before: int | None = None
    after: int | None = None


def contacts_in(
    stage: int | str | None,
    *,
    lost: bool,
    before: int | None = None,
    after: int | None = None,
    segment: Matching | None = None,
) -> StatusPage:
    """A page of the contacts that stand somewhere, the newest first, with stage, lost reason and person. One query.

    Args:
        stage: the id of a stage, None for none, `ANY`, or `EVERYWHERE`.
        lost: lost from there; or in it and not lost. Not lost, and `EVERYWHERE`, is everybody in the book.
        before, after: the page that ends before this contact, or begins after it.
        segment: those that match it alone.
    """
    statuses = FunnelStatus.objects.select_related("contact", "stage", "lost_reason", "changed_by")
    statuses = statuses.defer("contact__search", "contact__attributes")
    if segment:
        statuses = statuses.filter(contact__in=segment.ids())
    if lost or stage != EVERYWHERE:
        statuses = statuses.filter(lost_at__isnull=not lost)
    if stage == ANY:
        statuses = statuses.exclude(stage=None)
    elif stage != EVERYWHERE:
        statuses = statuses.filter(stage=stage)  # type: ignore[misc]
    if before is not None:
        found = list(statuses.filter(contact__gt=before).order_by("contact_id")[: PAGE + 1])
    else:
        rest = statuses if after is None else statuses.filter(contact__lt=after)
        found = list(rest.order_by("-contact_id")[: PAGE + 1])
    shown, first, last = cut(found, PAGE, before=before, after=after)
    return StatusPage(shown, before=first.pk if first else None, after=last.pk if last else None)


def was_recorded_later(end: datetime) -> bool:
    """Whether any change that is dated before `end` was written down only after it. One query."""
    return StatusChange.objects.filter(changed_at__lt=end, recorded_at__gte=end).exists()


@dataclass(frozen=True, slots=True)
class MovedContact:
    """A change in words, and where its contact stands now; None for an erased contact."""

    change: ChangeInWords
    status: FunnelStatus | None


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Changes and their contacts, and the places before and after which there are more."""

    moves: list[MovedContact]
    before: Bookmark | int | None = None
    after: Bookmark | int | None = None


def contacts_then(
    stage: int | str | None,
    *,
    lost: bool,
    end: datetime,
    before: int | None = None,
    after: int | None = None,
    segment: Matching | None = None,
) -> ChangePage:
    """A page of the contacts that stood somewhere at a past moment, the oldest first. At most nine queries.

    Each comes with the change that had brought it there. Undone changes are left out, as `customer_journey` leaves
    them out; contacts that were erased since are there, without a name. The oldest first, because the newest came
    after that moment and would all be looked at in vain.

    Args:
        end: changes dated before it count.
        stage, lost, before, after, segment: as for `contacts_in`.
    """
    matching, of_segment = segment.named_statement() if segment else ("", {})
    statement = _STOOD_THERE.format(
        matching=f"change.contact_id IN ({matching})" if segment else "true",
        place=_PLACES_THEN[EVERYWHERE if stage == EVERYWHERE else ANY if stage == ANY else "one"],
        lost="true" if stage == EVERYWHERE and not lost else "change.to_lost = %(lost)s",
        order="ASC" if before is None else "DESC",
    )
    standing = {"stage": stage if isinstance(stage, int) else None, "lost": lost, "end": end}
    with connection.cursor() as cursor:
        cursor.execute(statement, {**standing, **of_segment, "before": before, "after": after, "limit": PAGE + 1})
        found = cursor.fetchall()
    shown, first, last = cut(found, PAGE, before=before, after=after)
    changes = StatusChange.objects.filter(pk__in=[change for change, _ in shown]).order_by("contact_id")
    return ChangePage(with_statuses(in_words(list(changes))), before=first and first[1], after=last and last[1])


def with_statuses(changes: Sequence[ChangeInWords]) -> list[MovedContact]:
    """The changes with where their contacts stand now. One query."""
    statuses = statuses_of([change.change.contact_id for change in changes])
    return [MovedContact(change, statuses.get(change.change.contact_id)) for change in changes]


class Way(enum.StrEnum):
    """Which changes of a stage are meant."""

    ENTERED = "entered"
    LEFT = "left"


def changes_of_stage(
    stage: int | None,
    *,
    way: Way,
    of: FunnelDay,
    before: Bookmark | None = None,
    after: Bookmark | None = None,
    segment: Matching | None = None,
) -> ChangePage:
    """A page of the changes by which contacts entered or left a stage, row by row what `customer_journey` counts.

    The newest first. Changes that were undone are left out, and so are their undos. At most eight queries.

    Args:
        stage: the id of a stage, or None for none.
        of: the day that ends the 30 days.
        before, after: the page that ends before this change, or begins after it.
        segment: of the contacts that match it alone.
    """
    here, there = ("to", "from") if way is Way.ENTERED else ("from", "to")
    changes = StatusChange.objects.filter(_is_at(here, stage), ~_is_at(there, stage), changed_at__gte=of.start)
    if of.end:
        changes = changes.filter(changed_at__lt=of.end)
    if segment:
        changes = changes.filter(contact__in=segment.ids())
    kept = changes.filter(undoes=None).alias(is_undone=_IS_UNDONE).filter(is_undone=False)
    page = history_page(kept, newer_than=before, older_than=after, size=PAGE)
    return ChangePage(with_statuses(page.changes), before=page.newer_than, after=page.older_than)


def _is_at(side: str, stage: int | None) -> Q:
    """One side of a change is in the stage, or in none: not lost, not outside the book."""
    where = {f"{side}_stage": stage} if stage else {f"{side}_stage__isnull": True}
    return Q(**where, **{f"{side}_lost": False, f"{side}_outside": False})


_IS_UNDONE = RawSQL(is_undone("journeys_statuschange"), (), output_field=BooleanField())

_PLACES_THEN = {
    EVERYWHERE: "true",
    ANY: "change.to_stage_id IS NOT NULL",
    "one": "change.to_stage_id IS NOT DISTINCT FROM %(stage)s",
}

_STOOD_THERE = f"""
    SELECT change.id, change.contact_id FROM journeys_statuschange change
    WHERE {{place}} AND {{lost}} AND {{matching}} AND NOT change.to_outside AND change.changed_at < %(end)s
      AND (%(before)s::bigint IS NULL OR change.contact_id < %(before)s::bigint)
      AND (%(after)s::bigint IS NULL OR change.contact_id > %(after)s::bigint)
      AND {is_kept("change")}
      AND NOT EXISTS (
          SELECT FROM journeys_statuschange later
          WHERE later.contact_id = change.contact_id AND later.id > change.id AND later.changed_at < %(end)s
            AND {is_kept("later")})
    ORDER BY change.contact_id {{order}} LIMIT %(limit)s
"""
