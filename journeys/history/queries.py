"""Reads of the status history: a page of it, and each change in the words of then."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Contact, Note
from journeys.campaigns.models import CampaignStep
from journeys.paging import cut
from journeys.review.models import Review
from journeys.runs.models import Run
from journeys.status.models import LATER, Direction, LostReason, StatusChange
from journeys.status.words import was_changed
from journeys.webforms.models import WebForm
from stages.queries import StageNames, StageThen

PAGE = 50
"""So many changes are shown at once."""


@dataclass(frozen=True, slots=True)
class PlaceThen:
    """Where a contact stood, with the stage as it was called when the change was recorded."""

    stage: StageThen | None = None
    lost: bool = False
    lost_reason: str = ""
    outside: bool = False

    def __str__(self) -> str:
        if self.outside:
            return "outside the book"
        if self.lost:
            return f"lost from {self.stage}" if self.stage else "lost, without a stage"
        return str(self.stage) if self.stage else "no status yet"


@dataclass(frozen=True, slots=True)
class ChangeInWords:
    """One status change with everything its numbers stand for. An erased contact or note is None.

    `review` is what was decided about a flagged change, or that nobody decided yet. `web_form` is what made it, if it
    is there still; `step` is that of the campaign which made it.
    """

    change: StatusChange
    contact: Contact | None
    start: PlaceThen
    end: PlaceThen
    by: TeamMember | None
    run: Run | None
    note: Note | None
    review: Review | None = None
    web_form: WebForm | None = None
    step: CampaignStep | None = None

    @property
    def pk(self) -> int:
        return self.change.pk

    @property
    def cause(self) -> Cause:
        return Cause(self.change.cause)

    @property
    def is_unsigned(self) -> bool:
        """Somebody wrote it in the database itself, and nobody is blamed for it."""
        return self.cause is Cause.DATA_FIX and self.by is None

    @property
    def goes_back(self) -> bool:
        return self.change.direction == Direction.BACK

    @property
    def becomes_lost(self) -> bool:
        return self.change.to_lost and not self.change.from_lost

    @property
    def recovers(self) -> bool:
        return self.change.from_lost and not self.change.to_lost and not self.change.to_outside

    @property
    def was_recorded_later(self) -> bool:
        """It is dated before the moment it was written down."""
        return self.change.recorded_at - self.change.changed_at > LATER


def in_words(changes: Sequence[StatusChange]) -> list[ChangeInWords]:
    """The changes with the names of then. At most eight queries, however many changes."""
    names = StageNames()
    reasons = LostReason.objects.in_bulk()
    contacts = Contact.objects.defer("search").in_bulk({change.contact_id for change in changes})
    people = TeamMember.objects.in_bulk(_numbers(change.changed_by_id for change in changes))
    runs = Run.objects.in_bulk(_numbers(change.run_id for change in changes))
    notes = Note.objects.in_bulk(_numbers(change.note_id for change in changes))
    forms = WebForm.objects.in_bulk(_numbers(change.via_id for change in changes if change.cause == Cause.WEB_FORM))
    flagged = [change.pk for change in changes if change.review_needed]
    reviews = Review.objects.select_related("decided_by").in_bulk(flagged)
    by_campaigns = _numbers(change.via_id for change in changes if change.cause == Cause.CAMPAIGN)
    steps = CampaignStep.objects.select_related("campaign").in_bulk(by_campaigns)

    def start(change: StatusChange) -> PlaceThen:
        return PlaceThen(
            stage=names.at(change.from_stage_id, change.recorded_at),
            lost=change.from_lost,
            lost_reason=str(reasons.get(change.from_lost_reason_id) or ""),
            outside=change.from_outside,
        )

    def end(change: StatusChange) -> PlaceThen:
        return PlaceThen(
            stage=names.at(change.to_stage_id, change.recorded_at),
            lost=change.to_lost,
            lost_reason=str(reasons.get(change.to_lost_reason_id) or ""),
            outside=change.to_outside,
        )

    return [
        ChangeInWords(
            change=change,
            contact=contacts.get(change.contact_id),
            start=start(change),
            end=end(change),
            by=people.get(change.changed_by_id),
            run=runs.get(change.run_id),
            note=notes.get(change.note_id),
            review=reviews.get(change.pk),
            web_form=forms.get(change.via_id) if change.cause == Cause.WEB_FORM else None,
            step=steps.get(change.via_id or 0) if change.cause == Cause.CAMPAIGN else None,
        )
        for change in changes
    ]


def said(change: ChangeInWords) -> str:
    """Who was first, in the reader's zone: "Changed at 10:04 by Ana Lee: Aware → Customer."."""
    return was_changed(
        at(change.change.changed_at),
        by=str(change.by or ""),
        cause=change.cause,
        start=str(change.start),
        end=str(change.end),
    )


def at(moment: datetime) -> str:
    """A moment in a sentence, in the reader's zone: "at 10:04" if it was today, else "on 3 May 2026, 10:04"."""
    local = timezone.localtime(moment)
    return (
        f"at {local:%H:%M}" if local.date() == timezone.localdate() else f"on {date_format(local, 'DATETIME_FORMAT')}"
    )


def _numbers(numbers: Iterable[int | None]) -> set[int]:
    return {number for number in numbers if number is not None}


@dataclass(frozen=True, slots=True)
class Bookmark:
    """One change in the order of time: where a page begins or ends. Written as `microseconds.id`."""

    changed_at: datetime
    pk: int

    def __str__(self) -> str:
        return f"{(self.changed_at - _EPOCH) // timedelta(microseconds=1)}.{self.pk}"

    @classmethod
    def of(cls, change: StatusChange) -> "Bookmark":
        return cls(change.changed_at, change.pk)

    @classmethod
    def read(cls, text: str) -> "Bookmark | None":
        """The bookmark somebody's address names, or None for anything else."""
        match = _BOOKMARK.fullmatch(text)
        try:
            return cls(_EPOCH + timedelta(microseconds=int(match[1])), int(match[2])) if match else None
        except OverflowError:
            return None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BOOKMARK = re.compile(r"(-?[0-9]{1,17})\.([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Changes, the newest first, and the places from which to read on in both directions."""

    changes: list[ChangeInWords]
    newer_than: Bookmark | None = None
    older_than: Bookmark | None = None


def history_page(
    changes: QuerySet[StatusChange],
    *,
    newer_than: Bookmark | None = None,
    older_than: Bookmark | None = None,
    size: int | None = None,
) -> HistoryPage:
    """A page of these changes, the newest first, at a cost that does not grow with how far one has read.

    Args:
        newer_than, older_than: read on from this place, in one of the two directions.
        size: so many changes at most; `PAGE` if left out.
    """
    size = size or PAGE
    found = _newer(changes, newer_than) if newer_than else _older(changes, older_than)
    shown, first, last = cut(list(found[: size + 1]), size, before=newer_than, after=older_than)
    return HistoryPage(
        changes=in_words(shown),
        newer_than=Bookmark.of(first) if first else None,
        older_than=Bookmark.of(last) if last else None,
    )


def _older(changes: QuerySet[StatusChange], bookmark: Bookmark | None) -> QuerySet[StatusChange]:
    newest_first = changes.order_by("-changed_at", "-pk")
    if not bookmark:
        return newest_first
    return newest_first.filter(
        Q(changed_at__lt=bookmark.changed_at) | Q(pk__lt=bookmark.pk), changed_at__lte=bookmark.changed_at
    )


def _newer(changes: QuerySet[StatusChange], bookmark: Bookmark) -> QuerySet[StatusChange]:
    return changes.order_by("changed_at", "pk").filter(
        Q(changed_at__gt=bookmark.changed_at) | Q(pk__gt=bookmark.pk), changed_at__gte=bookmark.changed_at
    )
