"""Reads around erasing people: what it would take away, and who came back by a restore."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from journeys.book.queries import EffectOfErasing
from journeys.runs.selections import Statement


def effect_of_erasing_many(rows: Statement) -> EffectOfErasing:
    """What erasing these contacts would do. One query.

    Args:
        rows: gives each contact as `contact_id`.
    """
    tables = ("contacts_note", "contacts_carriedlabel", "journeys_statuschange", "journeys_submission")
    counts = ", ".join(
        f"(SELECT count(*) FROM {table} WHERE contact_id IN (SELECT contact_id FROM asked))" for table in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(f"WITH asked AS MATERIALIZED ({rows.sql}) SELECT {counts}", rows.values)
        return EffectOfErasing(*cursor.fetchone())


def back_in_the_book(erased: Mapping[int, datetime]) -> list[int]:
    """Those of the erased numbers that are in the book again, by a restore. One query.

    Whoever came into the book after their number was erased is somebody else: a restore gives numbers once more.

    Args:
        erased: when each number was erased.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM contacts_contact "
            "JOIN unnest(%s::bigint[], %s::timestamptz[]) AS erased (id, at) USING (id) "
            "WHERE created_at <= at ORDER BY id",
            [list(erased), list(erased.values())],
        )
        return [row[0] for row in cursor.fetchall()]
