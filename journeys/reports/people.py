"""Reads of who is behind a number of a report, page by page."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from journeys.book.queries import COUNTED, Count
from journeys.funnel.queries import ChangePage, MovedContact, with_statuses
from journeys.history.queries import Bookmark, in_words
from journeys.paging import cut
from journeys.reports.behind import Behind
from journeys.reports.counted import counts, fetch
from journeys.reports.numbers import Number
from journeys.status.models import StatusChange

PAGE = 30
"""So many contacts or changes are shown at once."""

_PIECE = 2000


def page_behind(behind: Number, *, before: str = "", after: str = "", size: int = PAGE) -> ChangePage:
    """A page of the contacts, the first in the book first, each with the change that had brought it there; or of the
    changes, the newest first. At most nine queries.

    Args:
        before, after: read on from this place, in one of the two directions, as the page before it named it.
    """
    if isinstance(behind, Behind) and not behind.is_of_changes:
        return _contacts(behind, before, after, size)
    return _changes(behind, before, after, size)


def everybody_behind(behind: Number) -> Iterator[list[MovedContact]]:
    """All of them, as on the pages, piece by piece."""
    after = ""
    while True:
        page = page_behind(behind, after=after, size=_PIECE)
        yield page.moves
        if not page.after:
            return
        after = str(page.after)


def how_many_behind(behind: Number) -> Count:
    """How many of the contacts are in the book, counted up to `COUNTED`. One query."""
    statement = f"""
        SELECT contact_id FROM ({behind.sql}) AS counted JOIN journeys_funnelstatus USING (contact_id)
        LIMIT %(limit)s"""
    number = len(_ids(statement, {**behind.values, "limit": COUNTED + 1}))
    return Count(min(number, COUNTED), is_capped=number > COUNTED)


def _contacts(behind: Behind, before: str, after: str, size: int) -> ChangePage:
    ends_at, begins_at = _number(before), _number(after)
    statement = f"""
        {behind.sql} AND (%(before)s::bigint IS NULL OR {behind.key} < %(before)s::bigint)
                     AND (%(after)s::bigint IS NULL OR {behind.key} > %(after)s::bigint)
        ORDER BY contact_id {"ASC" if ends_at is None else "DESC"} LIMIT %(limit)s"""
    found = _ids(statement, {**behind.values, "before": ends_at, "after": begins_at, "limit": size + 1})
    shown, first, last = cut(found, size, before=ends_at, after=begins_at)
    in_force = changes_in_force(shown, behind.end, as_corrected=behind.as_corrected)
    return ChangePage(with_statuses(in_words(in_force)), before=first, after=last)


def _changes(behind: Number, before: str, after: str, size: int) -> ChangePage:
    newer, older = Bookmark.read(before), Bookmark.read(after)
    mark = newer or older
    beyond = f" AND (change.changed_at, change.id) {'>' if newer else '<'} (%(at)s, %(pk)s)" if mark else ""
    order = "ASC" if newer else "DESC"
    statement = f"""
        SELECT change.changed_at, change.id FROM journeys_statuschange change WHERE {behind.changed}{beyond}
        ORDER BY change.changed_at {order}, change.id {order} LIMIT %(limit)s"""
    marked = {"at": mark.changed_at, "pk": mark.pk} if mark else {}
    found = [Bookmark(*row) for row in fetch(statement, {**behind.values, **marked, "limit": size + 1})]
    shown, first, last = cut(found, size, before=newer, after=older)
    rows = StatusChange.objects.filter(pk__in=[change.pk for change in shown]).order_by("-changed_at", "-pk")
    return ChangePage(with_statuses(in_words(list(rows))), before=first, after=last)


def changes_in_force(contacts: Sequence[int], end: datetime | None, *, as_corrected: bool) -> list[StatusChange]:
    """The change of each contact that was its last before `end` (now if None), in order of the contacts. Two queries.

    As corrected, the last that was not undone.
    """
    statement = f"""
        SELECT DISTINCT ON (contact_id) id FROM journeys_statuschange change
        WHERE contact_id = ANY (%(contacts)s) AND (%(end)s::timestamptz IS NULL OR changed_at < %(end)s::timestamptz)
          AND {counts("change", as_corrected=as_corrected)} ORDER BY contact_id, id DESC"""
    found = _ids(statement, {"contacts": list(contacts), "end": end})
    return list(StatusChange.objects.filter(pk__in=found).order_by("contact_id"))


def _ids(statement: str, values: dict[str, Any]) -> list[int]:
    return [row[0] for row in fetch(statement, values)]


def _number(text: str) -> int | None:
    """The number of a contact that an address names, or None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None
