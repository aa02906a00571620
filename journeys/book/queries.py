"""Reads of the Contact Book together with where its contacts stand: a page of contacts, how many, one's story."""

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.db import connection
from django.db.models import Prefetch
from django.db.models.functions import Lower

from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact, Note
from journeys.book.story import Arrival, LastChange, Spot, time_before, time_in_stages, undos_in_force, why_here
from journeys.reports.queries import Funnel, funnel_at
from journeys.segments.queries import Matching
from journeys.status.models import LostReason, StatusChange
from stages.models import Stage

PAGE = 50
"""So many contacts are shown at once."""

COUNTED = 10_000
"""Matches are counted up to here; more are "more than 10,000"."""


class Anywhere(enum.Enum):
    """A place in the funnel that is not one stage."""

    ANY_STAGE = enum.auto()
    NO_STAGE = enum.auto()


@dataclass(frozen=True, slots=True)
class ContactQuery:
    """Which contacts are asked for. Every condition has to hold.

    search: words, each found by its beginning in names, company, e-mail and external id, a phone by its digits.
    stage: in it and, unless `lost` says otherwise, not lost. None: wherever they stand.
    lost: lost (from `stage`) or not; None for both where no stage is given.
    labels: carried, all of them.
    imported: what became of them in an import, as `41-created`: the run and a code of its outcomes.
    segment: matched, as it was at one moment.
    """

    search: str = ""
    stage: int | Anywhere | None = None
    lost: bool | None = None
    labels: tuple[int, ...] = ()
    account_state: str = ""
    imported: str = ""
    segment: Matching | None = None

    @property
    def is_of_places(self) -> bool:
        """Whether it asks for nothing but where contacts stand, which the funnel has counted."""
        return not (self.search or self.labels or self.account_state or self.imported or self.segment)

    @property
    def is_of_segment(self) -> bool:
        """Whether it asks for nothing but a segment."""
        return self.segment is not None and replace(self, segment=None) == ContactQuery()

    @property
    def is_lost(self) -> bool | None:
        return False if self.lost is None and self.stage is not None else self.lost


@dataclass(frozen=True, slots=True)
class ContactsPage:
    """Contacts, the newest in the book first, and the ids to read on from in both directions."""

    contacts: list[Contact]
    newer_than: int | None = None
    older_than: int | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many contacts match; exact unless there are more than were counted."""

    number: int
    is_capped: bool = False

    def __str__(self) -> str:
        return f"more than {self.number:,}" if self.is_capped else f"{self.number:,}"


def contacts_page(query: ContactQuery, *, newer_than: int | None = None, older_than: int | None = None) -> ContactsPage:
    """A page of the contacts that match, with status, stage and labels, at a cost that does not grow with the page.

    Args:
        newer_than, older_than: read on from the contact of this id, in one of the two directions.

    Three queries; four if a place that is not one stage is asked for, or a segment that names attributes; two if nobody
    matches.
    """
    if newer_than is not None:
        ids = matching_ids(query, newer_than=newer_than, limit=PAGE + 1)
        has_newer, has_older, ids = len(ids) > PAGE, True, sorted(ids[:PAGE], reverse=True)
    else:
        ids = matching_ids(query, older_than=older_than, limit=PAGE + 1)
        has_newer, has_older, ids = older_than is not None, len(ids) > PAGE, ids[:PAGE]
    return ContactsPage(
        contacts=contacts_with_status(ids),
        newer_than=ids[0] if ids and has_newer else None,
        older_than=ids[-1] if ids and has_older else None,
    )


def in_the_book(contacts: Sequence[int]) -> set[int]:
    """Those of the ids that belong to contacts in the book. One query."""
    return set(Contact.objects.filter(pk__in=contacts).values_list("pk", flat=True))


def contacts_with_status(ids: Sequence[int]) -> list[Contact]:
    """These contacts, the newest first, with `status` (stage, lost reason) and `carried_labels`. Two queries."""
    carried = CarriedLabel.objects.select_related("label").order_by(Lower("label__name"), "label_id")
    return list(
        Contact.objects.filter(pk__in=ids)
        .select_related("status__stage", "status__lost_reason")
        .prefetch_related(Prefetch("carried_labels", carried))
        .defer("search", "attributes")
        .order_by("-pk")
    )


def how_many(query: ContactQuery) -> Count:
    """How many contacts match: from the counted funnel where it knows, else counted up to `COUNTED`. Two queries."""
    if query.is_of_places:
        return Count(_counted_by_the_funnel(query, funnel_at()))
    number = len(matching_ids(query, limit=COUNTED + 1, in_order=False))
    return Count(min(number, COUNTED), is_capped=number > COUNTED)


def _counted_by_the_funnel(query: ContactQuery, funnel: Funnel) -> int:
    match query.stage, query.is_lost:
        case None, None:
            return funnel.total
        case None, True:
            return funnel.lost
        case None, False:
            return funnel.in_stages + funnel.without_status
        case Anywhere.ANY_STAGE, True:
            return funnel.lost - funnel.lost_from(None)
        case Anywhere.ANY_STAGE, _:
            return funnel.in_stages
        case Anywhere.NO_STAGE, True:
            return funnel.lost_from(None)
        case Anywhere.NO_STAGE, _:
            return funnel.without_status
        case int(stage), True:
            return funnel.lost_from(stage)
        case stage, _:
            return funnel.in_stage(stage)  # type: ignore[arg-type]


def matching_ids(
    query: ContactQuery,
    *,
    newer_than: int | None = None,
    older_than: int | None = None,
    limit: int,
    in_order: bool = True,
) -> list[int]:
    """Ids of contacts that match, the newest first; with `newer_than` from there on, the oldest first."""
    window = _Window(newer_than, older_than, limit)
    if query.is_of_places and in_order:
        statement, values = _by_place(_places(query), window)
    else:
        statement, values = _by_conditions(query, window, in_order=in_order)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of all matches that is read: from one contact on, in one direction, so many."""

    newer_than: int | None
    older_than: int | None
    limit: int

    @property
    def order(self) -> str:
        return "ASC" if self.newer_than is not None else "DESC"

    def bounds(self, key: str) -> list[str]:
        if self.newer_than is not None:
            return [f"{key} > {self.newer_than:d}"]
        return [f"{key} < {self.older_than:d}"] if self.older_than is not None else []


_Place = tuple[int | None, bool]


def _places(query: ContactQuery) -> list[_Place] | None:
    """Each stage or none, lost or not, that the query asks for; None for everywhere."""
    if query.stage is None and query.is_lost is None:
        return None
    if isinstance(query.stage, int):
        stages: list[int | None] = [query.stage]
    elif query.stage is Anywhere.NO_STAGE:
        stages = [None]
    else:
        stages = list(Stage.objects.order_by("pk").values_list("pk", flat=True))
        stages += [None] if query.stage is None else []
    return [(stage, bool(query.is_lost)) for stage in stages]


def _by_place(places: list[_Place] | None, window: _Window) -> tuple[str, list[Any]]:
    """Read along the partial indexes (stage, contact), one for lost and one for not lost.

    A stage is asked for by a range that holds it alone: told that it equals one number, PostgreSQL believes that
    the key of contacts gives the same order, and reads through all the others to find those of a rare stage.
    """
    if places is None:
        bounds = " AND ".join(["true", *window.bounds("contact_id")])
        return (
            f"SELECT contact_id FROM journeys_funnelstatus WHERE {bounds} "
            f"ORDER BY contact_id {window.order} LIMIT {window.limit:d}"
        ), []
    parts, values = [], []
    for stage, lost in places:
        clauses = [f"lost_at IS {'NOT ' if lost else ''}NULL"]
        if stage is None:
            clauses += ["stage_id IS NULL", *window.bounds("contact_id")]
        else:
            clauses += ["stage_id >= %s", "stage_id <= %s", *_row_bounds(window, stage)]
            values += [stage, stage]
        parts.append(
            f"(SELECT contact_id FROM journeys_funnelstatus WHERE {' AND '.join(clauses)} "
            f"ORDER BY stage_id {window.order}, contact_id {window.order} LIMIT {window.limit:d})"
        )
    found = " UNION ALL ".join(parts)
    return (f"SELECT contact_id FROM ({found}) found ORDER BY contact_id {window.order} LIMIT {window.limit:d}"), values


def _row_bounds(window: _Window, stage: int) -> list[str]:
    """Where to begin within a stage, as one comparison of both columns, which every PostgreSQL seeks in the index."""
    if window.newer_than is not None:
        return [f"(stage_id, contact_id) > ({stage:d}, {window.newer_than:d})"]
    if window.older_than is not None:
        return [f"(stage_id, contact_id) < ({stage:d}, {window.older_than:d})"]
    return []


@dataclass(slots=True)
class _Source:
    """A table that a condition reads, the column that holds the contact, and the condition.

    `of_table` are values in the table itself, which is a query then.
    """

    table: str
    key: str
    clauses: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    of_table: list[Any] = field(default_factory=list)


def _by_conditions(query: ContactQuery, window: _Window, *, in_order: bool) -> tuple[str, list[Any]]:
    """Join what the conditions read. Each table gets the bounds: PostgreSQL does not pass them on through a join.

    Words are looked up first and by themselves: nobody can guess how many contacts hold one.
    """
    if query.is_of_segment and query.segment and in_order:
        return query.segment.statement(window)
    found, first, tables, clauses, values = _joined(query, window)
    order = f"ORDER BY {first} {window.order}" if in_order else ""
    return f"{found}SELECT {first} FROM {tables} {_where(clauses)} {order} LIMIT {window.limit:d}", values


def all_matching(query: ContactQuery) -> tuple[str, list[Any]]:
    """The statement that gives the id of every contact that matches as `contact_id`, in no order, and its values."""
    found, first, tables, clauses, values = _joined(query, None)
    return f"{found}SELECT {first} AS contact_id FROM {tables} {_where(clauses)}", values


def _where(clauses: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(clauses)}" if clauses else ""


def _joined(query: ContactQuery, window: _Window | None) -> tuple[str, str, str, list[str], list[Any]]:
    """What comes before SELECT, the column of the contact, the tables, the conditions, and the values of it all."""
    sources = _sources(query)
    found, values = "", []
    if query.search:
        found = """WITH found AS MATERIALIZED (
            SELECT id FROM contacts_contact WHERE search @@ to_tsquery('simple', %s)) """
        values.append(search_words(query.search))
        sources.insert(0, _Source("found", "found.id"))
    first = sources[0]
    tables = first.table + "".join(f" JOIN {other.table} ON {other.key} = {first.key}" for other in sources[1:])
    clauses = [
        clause for source in sources for clause in [*source.clauses, *(window.bounds(source.key) if window else [])]
    ]
    values += [value for source in sources for value in source.of_table]
    values += [value for source in sources for value in source.values]
    return found, first.key, tables, clauses, values


def _sources(query: ContactQuery) -> list[_Source]:
    sources = [
        _Source(
            f"contacts_carriedlabel label{number}",
            f"label{number}.contact_id",
            [f"label{number}.label_id = %s"],
            [label],
        )
        for number, label in enumerate(query.labels)
    ]
    if query.stage is not None or query.is_lost is not None:
        sources.append(_status_source(query))
    if query.account_state:
        sources.append(
            _Source("contacts_contact contact", "contact.id", ["contact.account_state = %s"], [query.account_state])
        )
    if query.imported:
        sources.append(_imported_source(query.imported))
    if query.segment:
        sql, values = query.segment.statement()
        sources.append(_Source(f"({sql}) AS matching", "matching.contact_id", of_table=values))
    return sources or [_Source("journeys_funnelstatus status", "status.contact_id")]


_OF_IMPORT = "imported.contact_id IN (SELECT unnest(contacts) FROM journeys_runoutcome WHERE run_id = %s AND code = %s)"


def _imported_source(imported: str) -> _Source:
    run, _, code = imported.partition("-")
    return _Source("journeys_funnelstatus imported", "imported.contact_id", [_OF_IMPORT], [int(run), code])


def _status_source(query: ContactQuery) -> _Source:
    source = _Source("journeys_funnelstatus status", "status.contact_id")
    if isinstance(query.stage, int):
        source.clauses.append("status.stage_id = %s")
        source.values.append(query.stage)
    elif query.stage is not None:
        source.clauses.append(f"status.stage_id IS {'NOT ' if query.stage is Anywhere.ANY_STAGE else ''}NULL")
    if query.is_lost is not None:
        source.clauses.append(f"status.lost_at IS {'NOT ' if query.is_lost else ''}NULL")
    return source


_PHONE = re.compile(r"[\d\s()+/.-]*\d[\d\s()+/.-]*")
_PARTS_OF_WORDS = str.maketrans("@.+-_", "     ")
_MOST_WORDS = 12


def search_words(text: str) -> str:
    """What a person typed, as PostgreSQL searches for it: every word by its beginning, a phone by its digits.

    A word is looked for as it is (`lead-0012`) and in its parts (of an e-mail), as `Contact.search` keeps them.
    """
    words = text.split()[:_MOST_WORDS]
    every = " & ".join(f"({_beginning(word)} | ({_beginnings(word)}))" for word in words)
    if not _PHONE.fullmatch(text):
        return every
    digits = "".join(character for character in text if character.isdecimal())
    return f"({every}) | {_beginning(digits)}"


def _beginnings(word: str) -> str:
    parts = word.translate(_PARTS_OF_WORDS).split()
    return " & ".join(_beginning(part) for part in parts) or _beginning(word)


def _beginning(word: str) -> str:
    quoted = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}':*"


@dataclass(frozen=True, slots=True)
class Story:
    """Why a contact is where it is, how long it was in each stage, and which of its changes were undone.

    `run` is the one that the sentence names, if it names one.
    """

    sentence: str
    run: int | None
    time_in: dict[int | None, timedelta]
    undone: set[int]
    changes: int
    last_change: int


def story_of(contact: Contact, *, now: datetime, zone: tzinfo) -> Story:
    """The story of a contact that was read with its `status`. Two queries, one of them over its whole history."""
    rows = StatusChange.objects.filter(contact=contact).order_by("pk")
    arrivals = [Arrival(*row) for row in rows.values_list("pk", "to_stage_id", "to_lost", "changed_at", "undoes_id")]
    names = ("from_stage", "to_stage", "from_lost_reason", "to_lost_reason", "changed_by")
    last = rows.select_related(*names).latest("pk")
    status = contact.status
    return Story(
        sentence=why_here(
            _in_names(last, time_before(arrivals)),
            stage_since=status.stage_since,
            lost_at=status.lost_at,
            now=now,
            zone=zone,
        ),
        run=last.run_id,
        time_in=time_in_stages(arrivals, now),
        undone=set(undos_in_force(arrivals).values()),
        changes=len(arrivals),
        last_change=last.pk,
    )


def _in_names(change: StatusChange, lasted: timedelta) -> LastChange:
    return LastChange(
        start=None if change.from_outside else _spot(change.from_stage, change.from_lost, change.from_lost_reason),
        end=_spot(change.to_stage, change.to_lost, change.to_lost_reason),
        at=change.changed_at,
        cause=Cause(change.cause),
        lasted=lasted,
        by=str(change.changed_by or ""),
        run=change.run_id,
    )


def _spot(stage: Stage | None, lost: bool, reason: LostReason | None) -> Spot:
    return Spot(stage.name if stage else None, lost, reason.name if reason else "")


@dataclass(frozen=True, slots=True)
class EffectOfErasing:
    """What goes with contacts that are erased: notes and labels; and the rows of history that stay, as numbers."""

    notes: int
    labels: int
    changes: int


def effect_of_erasing(contact: Contact) -> EffectOfErasing:
    """What erasing a contact would do. Three queries."""
    return EffectOfErasing(
        notes=Note.objects.filter(contact=contact).count(),
        labels=CarriedLabel.objects.filter(contact=contact).count(),
        changes=StatusChange.objects.filter(contact=contact).count(),
    )
