"""Following what is only ever added to, in order of id, without missing what commits late.

A number of the sequence may belong to a transaction that commits later. So a mark is taken first (the last number,
then the next transaction to come), and everything up to it is final once no transaction before that one is running.
It holds because rows come from triggers: whoever draws a number has been given a transaction before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from django.db import connection, transaction

from journeys.history.models import Bookmark
from journeys.status.models import StatusChange


class Marked(Protocol):
    """A row that keeps the next mark."""

    next_mark: int | None
    next_horizon: int | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """The rows whose id is greater than `after`, up to and including `up_to`."""

    after: int
    up_to: int


def follow(*, reader: str, read: Callable[[Stretch], None], at_most: int, not_before: int = 0) -> bool:
    """Hand the status changes that are final and were not read yet to `read`, and remember how far it came.

    Both in one transaction: of what `read` writes nothing is lost and nothing is there twice, whoever is killed and
    however many follow at once. Not to be called within a transaction, which would wait for its own end.

    Args:
        reader: whose bookmark it is.
        at_most: so many ids at a time.
        not_before: changes up to this one are passed over.

    Returns: whether there are more that are final already.
    """
    bookmark, _ = Bookmark.objects.get_or_create(reader=reader)
    after = max(bookmark.position, not_before)
    if needs_mark(bookmark) or (bookmark.next_mark or 0) <= after:
        if last_number(StatusChange._meta.db_table) <= after:
            return False
        _take_and_keep_mark(bookmark)
    final = reached_mark(bookmark)
    if final is None:
        return False
    stretch = Stretch(after, min(final, after + at_most))
    with transaction.atomic():
        unread = Bookmark.objects.filter(reader=reader, position=bookmark.position)
        if unread.update(position=stretch.up_to):
            read(stretch)
    return stretch.up_to < final


def _take_and_keep_mark(bookmark: Bookmark) -> None:
    take_mark(bookmark, StatusChange._meta.db_table)
    bookmark.save(update_fields=["next_mark", "next_horizon"])


def take_mark(row: Marked, table: str) -> None:
    """Note the last number that a table's sequence gave, and then the next transaction to come: in this order."""
    row.next_mark = last_number(table)
    row.next_horizon = _next_transaction()


def needs_mark(row: Marked) -> bool:
    """Whether there is no mark yet, or one from another server: restored there, transactions are counted anew."""
    return row.next_mark is None or row.next_horizon is None or row.next_horizon > _next_transaction()


def reached_mark(row: Marked) -> int | None:
    """The mark that was taken, if everything up to it is final."""
    if row.next_mark is None or row.next_horizon is None:
        return None
    return row.next_mark if _oldest_running() >= row.next_horizon else None


def last_number(table: str) -> int:
    """The last id that a table's sequence gave to anybody."""
    return _number(f"SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('{table}', 'id')::regclass), 0)")


def _next_transaction() -> int:
    return _number("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")


def _oldest_running() -> int:
    return _number("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")


def _number(query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]
