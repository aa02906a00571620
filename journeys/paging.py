"""A page of a list, found along the key: it costs no more however far one has read."""

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import QuerySet

Row = TypeVar("Row")


def cut(found: list[Row], size: int, *, before: object, after: object) -> tuple[list[Row], Row | None, Row | None]:
    """The rows of a page in the order of the list, and those before and after which there are more.

    Args:
        found: rows in the order in which they were read, backwards if the page ends before a place; one more than fits.
        before, after: the page ends before this place, or begins after it; both None for the first page.
    """
    goes_on = len(found) > size
    shown = found[:size] if before is None else found[:size][::-1]
    has_before, has_after = (after is not None, goes_on) if before is None else (goes_on, True)
    return shown, shown[0] if shown and has_before else None, shown[-1] if shown and has_after else None


@dataclass(frozen=True, slots=True)
class Part:
    """Rows, the newest first, and the ids to read on from in both directions."""

    rows: list[Any]
    newer_than: int | None = None
    older_than: int | None = None


def newest_first(rows: QuerySet, size: int, *, newer_than: int | None = None, older_than: int | None = None) -> Part:
    """So many of these rows. One query.

    Args:
        newer_than, older_than: read on from the row of this id, in one of the two directions.
    """
    if newer_than is not None:
        found = rows.filter(pk__gt=newer_than).order_by("pk")[: size + 1]
    else:
        older = rows.filter(pk__lt=older_than) if older_than is not None else rows
        found = older.order_by("-pk")[: size + 1]
    shown, first, last = cut(list(found), size, before=newer_than, after=older_than)
    return Part(shown, newer_than=first and first.pk, older_than=last and last.pk)
