"""A page of a list, the newest first, found along the key: it costs no more however far one has read."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet


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
        read = list(rows.filter(pk__gt=newer_than).order_by("pk")[: size + 1])
        shown = read[:size][::-1]
        has_newer, has_older = len(read) > size, True
    else:
        older = rows.filter(pk__lt=older_than) if older_than is not None else rows
        read = list(older.order_by("-pk")[: size + 1])
        shown = read[:size]
        has_newer, has_older = older_than is not None, len(read) > size
    return Part(
        shown,
        newer_than=shown[0].pk if shown and has_newer else None,
        older_than=shown[-1].pk if shown and has_older else None,
    )
