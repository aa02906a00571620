"""Reads of who is behind a number of a report, page by page."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from journeys.book.queries import COUNTED, Count
from journeys.funnel.queries import ChangePage, MovedContact, with_statuses
from journeys.history.queries import Bookmark, in_words
from journeys.reports.behind import Behind
from journeys.reports.counted import counts
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
    shown = sorted(found[:size])
    goes_on = len(found) > size
    has_before, has_after = (goes_on, True) if ends_at is not None else (begins_at is not None, goes_on)
    moves = with_statuses(in_words(changes_in_force(shown, behind.end, as_corrected=behind.as_corrected)))
    return ChangePage(
        moves, before=shown[0] if shown and has_before else None, after=shown[-1] if shown and has_after else None
    )


def _changes(behind: Number, before: str, after: str, size: int) -> ChangePage:
    newer, older = Bookmark.read(before), Bookmark.read(after)
    mark = newer or older
    beyond = f" AND (change.changed_at, change.id) {'>' if newer else '<'} (%(at)s, %(pk)s)" if mark else ""
    order = "ASC" if newer else "DESC"
    statement = f"""
        SELECT change.id FROM journeys_statuschange change WHERE {behind.changed}{beyond}
        ORDER BY change.changed_at {order}, change.id {order} LIMIT %(limit)s"""
    marked = {"at": mark.changed_at, "pk": mark.pk} if mark else {}
    found = _ids(statement, {**behind.values, **marked, "limit": size + 1})
    rows = list(StatusChange.objects.filter(pk__in=found[:size]).order_by("-changed_at", "-pk"))
    goes_on = len(found) > size
    has_newer, has_older = (goes_on, True) if newer else (older is not None, goes_on)
    return ChangePage(
        with_statuses(in_words(rows)),
        before=Bookmark.of(rows[0]) if rows and has_newer else None,
        after=Bookmark.of(rows[-1]) if rows and has_older else None,
    )


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


def _ids(statement: str, values: Mapping[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]


def _number(text: str) -> int | None:
    """The number of a contact that an address names, or None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None
