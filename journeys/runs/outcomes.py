"""Reads of what a run did to each contact: counted, a page of it, and all of it piece by piece."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from contacts.models import Contact, LabelChange
from journeys.history import queries as history
from journeys.history.queries import ChangeInWords
from journeys.paging import cut
from journeys.runs.models import Run, RunOutcome
from journeys.runs.operations import OF_LABELS, Operation
from journeys.runs.results import changed_word
from journeys.runs.undos import is_in_history
from journeys.status.models import FunnelStatus, StatusChange
from journeys.status.queries import statuses_of
from journeys.status.transitions import Refusal

PAGE = 50
"""So many contacts are shown at once."""

PIECE = 2000
"""So many contacts are read at once where all are wanted."""

_NO_REFUSALS = (RunOutcome.CHANGED, RunOutcome.CREATED, RunOutcome.UPDATED, RunOutcome.UNCHANGED)
"""In this order; `CREATED` and `UPDATED` are of imports."""

_BY_SOMEBODY_ELSE = frozenset({Refusal.CHANGED_MEANWHILE, Refusal.MOVED_SINCE, Refusal.CHANGED_SINCE})


@dataclass(frozen=True, slots=True)
class OutcomeCount:
    """So many contacts of a run have one outcome; None where only the history knows how many."""

    code: str
    words: str
    count: int | None

    @property
    def is_refusal(self) -> bool:
        return self.code not in _NO_REFUSALS


def outcome_counts(run: Run) -> list[OutcomeCount]:
    """The outcomes that contacts of a run have: changed, unchanged, then refusals, the most frequent first. One query.

    Of an import, the history alone knows how many were moved.
    """
    counts = _stored_counts(run)
    if is_in_history(run):
        counts[RunOutcome.CHANGED] = run.updated if run.operation else None
    first = [code for code in _NO_REFUSALS if code in counts]
    refusals = sorted(set(counts) - set(first), key=lambda code: (-(counts[code] or 0), code))
    return [OutcomeCount(code, outcome_in_words(code, run), counts[code]) for code in [*first, *refusals]]


def _stored_counts(run: Run) -> dict[str, int | None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, sum(cardinality(contacts)) FROM journeys_runoutcome WHERE run_id = %s GROUP BY code",
            [run.pk],
        )
        return dict(cursor.fetchall())


def outcome_in_words(code: str, run: Run) -> str:
    """An outcome as a heading: "Moved", "Unchanged", "The account is inactive"; the history knows imports' moves."""
    if code == RunOutcome.CHANGED and run.kind == Run.Kind.IMPORT:
        return "New or moved"
    if code == RunOutcome.CHANGED:
        return changed_word(run).capitalize()
    return code.capitalize() if code in _NO_REFUSALS else Refusal(code).sentence.rstrip(".")  # type: ignore[call-arg]


@dataclass(frozen=True, slots=True)
class ContactOutcome:
    """What became of one contact of a run. An erased contact, and its status, are None.

    Attributes:
        change: the move that the run made, or the one that was in its way.
        label_change: where a label was in the way of an undo, who put it on or took it off since.
    """

    code: str
    contact_id: int
    contact: Contact | None = None
    status: FunnelStatus | None = None
    change: ChangeInWords | None = None
    label_change: LabelChange | None = None

    @property
    def is_change(self) -> bool:
        return self.code == RunOutcome.CHANGED

    @property
    def is_refusal(self) -> bool:
        return self.code not in _NO_REFUSALS

    @property
    def reason(self) -> str:
        """Why it was refused, and by whom it was changed before: "Changed at 10:04 by Ana: Aware → Customer."."""
        if not self.is_refusal:
            return ""
        if self.change:
            return history.said(self.change)
        return _said(self.label_change) if self.label_change else Refusal(self.code).sentence  # type: ignore[call-arg]


def _said(change: LabelChange) -> str:
    what = "put on" if change.put_on else "taken off"
    who = f" by {change.changed_by}" if change.changed_by else f" ({change.get_cause_display()})"
    return f"The label was {what} {history.at(change.changed_at)}{who}."


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A contact among those of one outcome: its slice and id, or 0 and the id of its status change."""

    slice: int
    number: int

    def __str__(self) -> str:
        return f"{self.slice}.{self.number}"

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """The place that somebody's address names, or None for anything else."""
        match = _PLACE.fullmatch(text)
        return cls(int(match[1]), int(match[2])) if match else None


_PLACE = re.compile(r"([0-9]{1,9})\.([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class OutcomesPage:
    """Contacts with one outcome, in the order in which the run came to them, and the places to read on from."""

    rows: list[ContactOutcome]
    before: Place | None = None
    after: Place | None = None


def outcomes_page(run: Run, code: str, *, before: Place | None = None, after: Place | None = None) -> OutcomesPage:
    """A page of the contacts with one outcome, at a cost that does not grow with the run or how far one has read.

    Args:
        code: of `RunOutcome`, or of a refusal.
        before, after: read on from this place, in one of the two directions.

    At most nine queries.
    """
    if code == RunOutcome.CHANGED and is_in_history(run):
        return _changes_page(run, before, after)
    places = _places(run, code, before, after)
    shown, before_first, after_last = cut(places, PAGE, before=before, after=after)
    return OutcomesPage(
        rows=_in_words(run, code, [place.number for place in shown]),
        before=before_first,
        after=after_last,
    )


def _changes_page(run: Run, before: Place | None, after: Place | None) -> OutcomesPage:
    rows = StatusChange.objects.filter(run=run)
    if before:
        found = list(rows.filter(pk__lt=before.number).order_by("-pk")[: PAGE + 1])
    else:
        found = list((rows.filter(pk__gt=after.number) if after else rows).order_by("pk")[: PAGE + 1])
    shown, before_first, after_last = cut([Place(0, change.pk) for change in found], PAGE, before=before, after=after)
    numbers = {place.number for place in shown}
    changes = sorted((change for change in found if change.pk in numbers), key=lambda change: change.pk)
    return OutcomesPage(_changes_in_words(changes), before=before_first, after=after_last)


_PLACES = """
    SELECT slice, contact FROM (
        SELECT slice, contacts FROM journeys_runoutcome
        WHERE run_id = %(run)s AND code = %(code)s AND slice {is_from} %(slice)s ORDER BY slice {order}
    ) AS parts, unnest(contacts) AS members (contact)
    WHERE (slice, contact) {is_after} (%(slice)s, %(number)s)
    ORDER BY slice {order}, contact {order} LIMIT {limit}
"""


def _places(run: Run, code: str, before: Place | None, after: Place | None) -> list[Place]:
    """One more than a page of places, nearest first. Only the slices of the page are taken apart."""
    words = {"is_from": "<=", "is_after": "<", "order": "DESC"} if before else {"is_from": ">=", "is_after": ">"}
    place = before or after or Place(0, 0)
    with connection.cursor() as cursor:
        cursor.execute(
            _PLACES.format(**{"order": "ASC", **words, "limit": PAGE + 1}),
            {"run": run.pk, "code": code, "slice": place.slice, "number": place.number},
        )
        return [Place(*row) for row in cursor.fetchall()]


# In words


def _changes_in_words(changes: Sequence[StatusChange]) -> list[ContactOutcome]:
    statuses = statuses_of([change.contact_id for change in changes])
    return [
        ContactOutcome(
            RunOutcome.CHANGED, row.change.contact_id, row.contact, statuses.get(row.change.contact_id), change=row
        )
        for row in history.in_words(changes)
    ]


def _in_words(run: Run, code: str, contacts: Sequence[int]) -> list[ContactOutcome]:
    people = Contact.objects.defer("search").in_bulk(contacts)
    statuses = statuses_of(contacts)
    changes, label_changes = _in_the_way(run, code, contacts)
    return [
        ContactOutcome(
            code,
            contact,
            people.get(contact),
            statuses.get(contact),
            change=changes.get(contact),
            label_change=label_changes.get(contact),
        )
        for contact in contacts
    ]


def _in_the_way(
    run: Run, code: str, contacts: Sequence[int]
) -> tuple[dict[int, ChangeInWords], dict[int, LabelChange]]:
    """What somebody else had done when the run came to these contacts, by contact."""
    if code not in _BY_SOMEBODY_ELSE:
        return {}, {}
    until = run.finished_at or timezone.now()
    if code != Refusal.CHANGED_SINCE:
        rows = StatusChange.objects.filter(contact__in=contacts, recorded_at__lte=until).exclude(run=run)
        latest = list(rows.order_by("contact_id", "-pk").distinct("contact_id"))
        return {change.change.contact_id: change for change in history.in_words(latest)}, {}
    operation = Operation.read(run.operation)
    if operation.effect not in OF_LABELS:
        return {}, {}
    marks = LabelChange.objects.filter(
        contact_id__in=contacts, label_id=operation.label or 0, changed_at__lte=until
    ).select_related("changed_by")
    return {}, {mark.contact_id: mark for mark in marks.order_by("contact_id", "-pk").distinct("contact_id")}


# All of it


def all_outcomes(run: Run) -> Iterator[list[ContactOutcome]]:
    """Every contact of a run with what became of it: the changed first, then the others, slice by slice.

    Of an import, whoever was created is among the changed, and whoever was updated is named once more if they moved.

    Read in pieces of `PIECE` contacts at most: it needs no more memory for a million contacts than for one piece.
    """
    if is_in_history(run):
        for changes in _pieces_of_history(StatusChange.objects.filter(run=run)):
            yield _changes_in_words(changes)
    stored = RunOutcome.objects.filter(run=run).exclude(code=RunOutcome.CREATED)
    for pk in stored.order_by("slice", "pk").values_list("pk", flat=True):
        outcome = stored.get(pk=pk)
        for start in range(0, len(outcome.contacts), PIECE):
            yield _in_words(run, outcome.code, outcome.contacts[start : start + PIECE])


def _pieces_of_history(rows: QuerySet[StatusChange]) -> Iterator[list[StatusChange]]:
    last = 0
    while changes := list(rows.filter(pk__gt=last).order_by("pk")[:PIECE]):
        yield changes
        last = changes[-1].pk
