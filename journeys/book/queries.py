"""Reads of the Contact Book together with where its contacts stand: a page of contacts, how many, one's story."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any, Self

from django.db import connection
from django.db.models import Prefetch
from django.db.models.functions import Lower

from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact, Note
from contacts.search.queries import Search, search_for
from journeys.book.ordering import ADDED, NEWEST_FIRST, SINCE, Order
from journeys.book.story import Arrival, LastChange, Spot, time_before, time_in_stages, undos_in_force, why_here
from journeys.reports.queries import Funnel, funnel_at
from journeys.segments.queries import Matching
from journeys.status.models import LostReason, StatusChange
from journeys.webforms.models import Submission
from stages.models import Stage

PAGE = 50
"""So many contacts are shown at once."""

COUNTED = 10_000
"""Matches are counted up to here; more are "more than 10,000". So many are put in an order that no index gives."""

READ_OF_STATUSES = 250_000
"""So many are put in the order in which their status began, where nothing else is asked for: that table is narrow."""


class Anywhere(enum.Enum):
    """A place in the funnel that is not one stage."""

    ANY_STAGE = enum.auto()
    NO_STAGE = enum.auto()


@dataclass(frozen=True, slots=True)
class ContactQuery:
    """Which contacts are asked for. Every condition has to hold.

    search: words, each found by its beginning in names, company, e-mail and external id; a phone by its digits.
    stage: in it and, unless `lost` says otherwise, not lost. None: wherever they stand.
    lost: lost (from `stage`) or not; None for both where no stage is given.
    labels: carried, all of them.
    imported: what became of them in an import, as `41-created`: the run and a code of its outcomes.
    segment: matched, as it was at one moment.
    web_form: sent by them.
    """

    search: str = ""
    stage: int | Anywhere | None = None
    lost: bool | None = None
    labels: tuple[int, ...] = ()
    account_state: str = ""
    imported: str = ""
    segment: Matching | None = None
    web_form: int | None = None

    @property
    def is_of_places(self) -> bool:
        """Whether it asks for nothing but where contacts stand, which the funnel has counted."""
        others = (self.search, self.labels, self.account_state, self.imported, self.segment, self.web_form)
        return not any(others)

    @property
    def is_of_segment(self) -> bool:
        """Whether it asks for nothing but a segment."""
        return self.segment is not None and replace(self, segment=None) == ContactQuery()

    @property
    def is_of_words(self) -> bool:
        """Whether it asks for nothing but words."""
        return bool(self.search) and replace(self, search="") == ContactQuery()

    @property
    def is_lost(self) -> bool | None:
        return False if self.lost is None and self.stage is not None else self.lost


@dataclass(frozen=True, slots=True)
class Count:
    """How many contacts match; exact unless there are more than were counted."""

    number: int
    is_capped: bool = False

    def __str__(self) -> str:
        return f"more than {self.number:,}" if self.is_capped else f"{self.number:,}"

    @property
    def is_many(self) -> bool:
        """Whether these are more than are put in order at once."""
        return self.is_capped or self.number > COUNTED


@dataclass(frozen=True, slots=True)
class ContactsPage:
    """Contacts in an order, how many match in all, and the ids to read on from in both directions.

    `order` is the one they have: the newest first, where the order asked for would take too long.
    """

    contacts: list[Contact]
    count: Count
    order: Order = NEWEST_FIRST
    before: int | None = None
    after: int | None = None


def contacts_page(
    query: ContactQuery,
    *,
    order: Order = NEWEST_FIRST,
    before: int | None = None,
    after: int | None = None,
    funnel: Funnel | None = None,
    with_attributes: bool = False,
) -> ContactsPage:
    """A page of the contacts that match, with status, stage and labels, at a cost that does not grow with the page.

    Args:
        before, after: read on from the contact of this id, in one of the two directions. From the beginning, if there
            is no such contact any more and the order goes by more than the id.
        funnel: as it is now, if it was read already.

    Five queries; one more for words, for a place that is not one stage, for a segment that names attributes, and for
    another order than by age.
    """
    asked = _asked(query)
    count = _count(asked, funnel)
    order = order if may_be_put_in(order, query, count) else NEWEST_FIRST
    start = _start(order, after if before is None else before)
    goes_back = before is not None and start is not None
    ids = _ids_in_order(asked, count, order.reversed if goes_back else order, start, limit=PAGE + 1)
    has_more, ids = len(ids) > PAGE, ids[:PAGE]
    has_before, has_after = (has_more, True) if goes_back else (start is not None, has_more)
    ids = ids[::-1] if goes_back else ids
    found = {contact.pk: contact for contact in contacts_with_status(ids, with_attributes=with_attributes)}
    return ContactsPage(
        contacts=[found[pk] for pk in ids if pk in found],
        count=count,
        order=order,
        before=ids[0] if ids and has_before else None,
        after=ids[-1] if ids and has_after else None,
    )


def may_be_put_in(order: Order, query: ContactQuery, count: Count) -> bool:
    """Whether so many contacts are put in this order at once: an index gives it, or they are few enough to be read."""
    if order.column == SINCE and query.is_of_places:
        return count.number <= READ_OF_STATUSES
    return order.is_indexed or not count.is_many


def in_the_book(contacts: Sequence[int]) -> set[int]:
    """Those of the ids that belong to contacts in the book. One query."""
    return set(Contact.objects.filter(pk__in=contacts).values_list("pk", flat=True))


def contacts_with_status(ids: Sequence[int], *, with_attributes: bool = False) -> list[Contact]:
    """These contacts, the newest first, with `status` (stage, lost reason) and `carried_labels`. Two queries."""
    carried = CarriedLabel.objects.select_related("label").order_by(Lower("label__name"), "label_id")
    return list(
        Contact.objects.filter(pk__in=ids)
        .select_related("status__stage", "status__lost_reason")
        .prefetch_related(Prefetch("carried_labels", carried))
        .defer("search", *([] if with_attributes else ["attributes"]))
        .order_by("-pk")
    )


def newest_matching(query: ContactQuery, *, limit: int) -> list[Contact]:
    """The newest contacts that match, as `contacts_with_status` gives them. At most five queries."""
    return contacts_with_status(newest_ids(query, limit=limit))


def newest_ids(query: ContactQuery, *, older_than: int | None = None, limit: int) -> list[int]:
    """Ids of contacts that match, the newest in the book first, older than one of them. At most four queries."""
    start = None if older_than is None else (older_than,)
    return _ids_in_order(_asked(query), None, NEWEST_FIRST, start, limit=limit)


def how_many(query: ContactQuery) -> Count:
    """How many contacts match: from the counted funnel where it knows, else counted up to `COUNTED`. Two queries."""
    return _count(_asked(query))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for, and how its words are searched for.

    `found`: who has them, where nothing but words is asked for and they are rare. They are counted and put in order
    here: finding them costs most.
    """

    query: ContactQuery
    search: Search | None = None
    found: list[int] | None = None

    @property
    def is_of_common_words(self) -> bool:
        return self.search is not None and self.search.is_common


def _asked(query: ContactQuery) -> _Asked:
    """At most two queries, none if it holds no words."""
    if not query.search:
        return _Asked(query)
    search = search_for(query.search)
    if search.is_common or not query.is_of_words:
        return _Asked(query, search)
    statement, values = _all_matching(query, search)
    ((found,),) = _rows(f"SELECT array_agg(contact_id) FROM ({statement}) AS found", values)
    return _Asked(query, search, found or [])


def _count(asked: _Asked, funnel: Funnel | None = None) -> Count:
    if asked.query.is_of_places:
        return Count(_counted_by_the_funnel(asked.query, funnel or funnel_at()))
    if asked.found is not None:
        return Count(len(asked.found))
    if asked.is_of_common_words and asked.query.is_of_words:
        return Count(COUNTED, is_capped=True)
    window = _Window(None, None, COUNTED + 1)
    # Those who match a segment of recent days are the newest in the book: from that end they are soonest counted.
    in_order = asked.query.is_of_segment
    number = len(_ids(*_by_conditions(asked.query, asked.search, window, in_order=in_order)))
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


def matching_ids(query: ContactQuery, *, limit: int) -> list[int]:
    """Ids of contacts that match, in no order, so many at most. At most two queries."""
    search = search_for(query.search) if query.search else None
    return _ids(*_by_conditions(query, search, _Window(None, None, limit), in_order=False))


_Start = tuple[Any, ...]
"""The key and the id of the contact that a page reads on from; of an order by age, the id."""

_WALKED = 20_000
"""So many contacts are read in an order to find a page among them; else all that match are put in order."""


def _start(order: Order, contact: int | None) -> _Start | None:
    """Where a page begins; at the beginning of all, if the contact it reads on from is gone and its key with it."""
    if contact is None or order.column == ADDED:
        return None if contact is None else (contact,)
    rows = _rows(f"SELECT {order.key}, contact.id FROM {_CONTACTS} WHERE contact.id = %s", [contact])
    return rows[0] if rows else None


def _ids_in_order(asked: _Asked, count: Count | None, order: Order, start: _Start | None, *, limit: int) -> list[int]:
    """Ids of contacts that match, from one on.

    By age they are read along the indexes of what is asked for. By another order, and where words are too common to
    be looked up, many are read along the index of the order, and few are put in order.
    """
    if asked.found is not None and order.column == ADDED:
        return _by_age_of(asked.found, order, start, limit)
    if order.column == ADDED and not asked.is_of_common_words:
        return _by_age(asked, _Window.of(order, start, limit))
    if asked.found is None and order.is_indexed and (count is None or count.is_many):
        ids = _ids(*_walked(asked, order, start, limit))
        if len(ids) == limit or _is_all(order, start):
            return ids
    return _ids(*_sorted(asked, order, start, limit))


def _by_age_of(found: list[int], order: Order, start: _Start | None, limit: int) -> list[int]:
    ordered = sorted(found, reverse=order.descending)
    after = [pk for pk in ordered if pk < start[0]] if start and order.descending else ordered
    return [pk for pk in after if not start or order.descending or pk > start[0]][:limit]


def _by_age(asked: _Asked, window: "_Window") -> list[int]:
    if asked.query.is_of_places:
        return _ids(*_by_place(_places(asked.query), window))
    return _ids(*_by_conditions(asked.query, asked.search, window, in_order=True))


def _walked(asked: _Asked, order: Order, start: _Start | None, limit: int) -> "_Statement":
    """Those who match among the next contacts of an order. Common words are held against each as it is read."""
    held = [asked.search.held_against] if asked.search and asked.is_of_common_words else []
    others = replace(asked.query, search="") if held else asked.query
    joined = _joined(others, None if held else asked.search)
    join = f"JOIN {joined.tables} ON {joined.key} = walked.id" if others != ContactQuery() else ""
    clauses = [*joined.clauses, *(["ts_match_vq(walked.search, to_tsquery('simple', %s))"] if held else [])]
    return (
        f"""{joined.found}SELECT walked.id FROM (
            SELECT contact.id, {order.key} AS key, search FROM contacts_contact contact
            {_where(_beyond(order, start))} ORDER BY {order.by} LIMIT {_WALKED:d}) walked {join}
        {_where(clauses)} ORDER BY {order.by_walked} LIMIT {limit:d}"""
    ), [*joined.found_values, *(start or ()), *joined.clause_values, *held]


def _is_all(order: Order, start: _Start | None) -> bool:
    """Whether the contacts that are walked are all that there are."""
    beyond = _where(_beyond(order, start))
    sql = f"SELECT 1 FROM contacts_contact contact {beyond} ORDER BY {order.by} OFFSET {_WALKED:d} LIMIT 1"
    return not _rows(sql, [*(start or ())])


def _sorted(asked: _Asked, order: Order, start: _Start | None, limit: int) -> "_Statement":
    """All who match, put in order."""
    if order.column == SINCE and asked.query.is_of_places:
        source = _status_source(asked.query)
        where = _where([*source.clauses, *_beyond(order, start)])
        return f"SELECT contact.id FROM {_STATUSES} {where} ORDER BY {order.by} LIMIT {limit:d}", [
            *source.values,
            *(start or ()),
        ]
    matching, values = _everybody(asked)
    return (
        f"""WITH matching AS MATERIALIZED ({matching})
        SELECT contact.id FROM matching JOIN {_CONTACTS} ON contact.id = matching.contact_id
        {_where(_beyond(order, start))} ORDER BY {order.by} LIMIT {limit:d}"""
    ), [*values, *(start or ())]


def _everybody(asked: _Asked) -> "_Statement":
    if asked.found is not None:
        return "SELECT unnest(%s::bigint[]) AS contact_id", [asked.found]
    return _all_matching(asked.query, asked.search.thorough if asked.search else None)


_STATUSES = "journeys_funnelstatus status CROSS JOIN LATERAL (SELECT status.contact_id AS id) contact"
_CONTACTS = "(contacts_contact contact JOIN journeys_funnelstatus status ON status.contact_id = contact.id)"


def _beyond(order: Order, start: _Start | None) -> list[str]:
    return [order.beyond] if start else []


def _ids(statement: str, values: Sequence[Any]) -> list[int]:
    return [row[0] for row in _rows(statement, values)]


def _rows(statement: str, values: Sequence[Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of all matches that is read by age: from one contact on, in one direction, so many."""

    newer_than: int | None
    older_than: int | None
    limit: int

    @classmethod
    def of(cls, order: Order, start: _Start | None, limit: int) -> Self:
        if order.descending:
            return cls(None, start[0] if start else None, limit)
        return cls(start[0] if start else 0, None, limit)

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


_Statement = tuple[str, list[Any]]


def _by_conditions(query: ContactQuery, search: Search | None, window: _Window, *, in_order: bool) -> _Statement:
    """Join what the conditions read. Each table gets the bounds: PostgreSQL does not pass them on through a join."""
    if query.is_of_segment and query.segment and in_order:
        return query.segment.statement(window)
    joined = _joined(query, search, window)
    order = f"ORDER BY {joined.key} {window.order}" if in_order else ""
    return f"{joined.found}SELECT {joined.key} FROM {joined.tables} {joined.where} {order} LIMIT {window.limit:d}", [
        *joined.values
    ]


def all_matching(query: ContactQuery) -> _Statement:
    """The statement that gives the id of every contact that matches as `contact_id`, in no order, and its values."""
    return _all_matching(query, search_for(query.search) if query.search else None)


def _all_matching(query: ContactQuery, search: Search | None) -> _Statement:
    joined = _joined(query, search)
    return f"{joined.found}SELECT {joined.key} AS contact_id FROM {joined.tables} {joined.where}", joined.values


def _where(clauses: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(clauses)}" if clauses else ""


@dataclass(frozen=True, slots=True)
class _Joined:
    """Tables that together hold who matches.

    Attributes:
        found: what comes before SELECT: who has the words that are looked up.
        key: the column of the contact.
        found_values: the values of `found`.
        clause_values: the values of `tables`, then those of `clauses`.
    """

    found: str
    key: str
    tables: str
    clauses: list[str]
    found_values: list[Any]
    clause_values: list[Any]

    @property
    def where(self) -> str:
        return _where(self.clauses)

    @property
    def values(self) -> list[Any]:
        return [*self.found_values, *self.clause_values]


def _joined(query: ContactQuery, search: Search | None, window: _Window | None = None) -> _Joined:
    """Words are looked up first and by themselves, unless they are so common that they are held against contacts.

    PostgreSQL cannot guess how many contacts hold a word, so it is not left to choose: `ts_match_vq` is what `@@`
    calls, and no index knows it.
    """
    found, found_values, sources = "", [], _sources(query)
    if search and search.looked_up:
        held = " AND ts_match_vq(search, to_tsquery('simple', %s))" if search.held_against else ""
        found = f"""WITH found AS MATERIALIZED (
            SELECT id FROM contacts_contact WHERE search @@ to_tsquery('simple', %s){held}) """
        found_values = [said for said in (search.looked_up, search.held_against) if said]
        sources.insert(0, _Source("found", "found.id"))
    elif search:
        held = "ts_match_vq(searched.search, to_tsquery('simple', %s))"
        sources.append(_Source("contacts_contact searched", "searched.id", [held], [search.held_against]))
    first, *others = sources or [_Source("journeys_funnelstatus status", "status.contact_id")]
    clauses = [
        clause for source in sources for clause in [*source.clauses, *(window.bounds(source.key) if window else [])]
    ]
    return _Joined(
        found=found,
        key=first.key,
        tables=first.table + "".join(f" JOIN {other.table} ON {other.key} = {first.key}" for other in others),
        clauses=clauses,
        found_values=found_values,
        clause_values=[
            *(value for source in sources for value in source.of_table),
            *(value for source in sources for value in source.values),
        ],
    )


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
    if query.web_form:
        sent = "(SELECT DISTINCT contact_id FROM journeys_submission WHERE form_id = %s) AS sent"
        sources.append(_Source(sent, "sent.contact_id", of_table=[query.web_form]))
    if query.segment:
        sql, values = query.segment.statement()
        sources.append(_Source(f"({sql}) AS matching", "matching.contact_id", of_table=values))
    return sources


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
    """What goes with contacts that are erased: notes, labels and submissions of web forms; and the rows of history that
    stay, as numbers.
    """

    notes: int
    labels: int
    changes: int
    submissions: int


def effect_of_erasing(contact: Contact) -> EffectOfErasing:
    """What erasing a contact would do. Four queries."""
    return EffectOfErasing(
        notes=Note.objects.filter(contact=contact).count(),
        labels=CarriedLabel.objects.filter(contact=contact).count(),
        changes=StatusChange.objects.filter(contact=contact).count(),
        submissions=Submission.objects.filter(contact=contact).count(),
    )
