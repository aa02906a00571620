"""Reads of the whole book: does everything hold that must."""

from django.db import connection, transaction

from journeys.integrity.invariants import INVARIANTS
from journeys.integrity.models import Verification


def count_offences() -> dict[str, int]:
    """How often each invariant does not hold, by its name. All are read from one state of the database.

    One query each; with a million contacts they take half a minute together, and hold up nobody.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return {invariant.name: _number(cursor, invariant.sql) for invariant in INVARIANTS}


def _number(cursor, sql: str) -> int:
    cursor.execute(sql)
    return cursor.fetchone()[0]


def latest_verification() -> Verification | None:
    """What was found when the book was checked last. One query."""
    return Verification.objects.first()
