"""Reads of the whole book: does everything hold that must."""

from datetime import datetime
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Max, Sum

from journeys.integrity.invariants import INVARIANTS, SEALS_OUTSIDE
from journeys.integrity.models import Seal, Verification
from journeys.integrity.seals import count_missing


def count_offences(seals: Path | None = None) -> dict[str, int]:
    """How often each promise does not hold, by its name. All are read from one state of the database.

    One query each; with a million contacts they take half a minute together, and hold up nobody.

    Args:
        seals: a file with seals that were kept elsewhere.

    Raises:
        OSError: that file cannot be read.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        found = {invariant.name: _number(cursor, invariant.sql) for invariant in INVARIANTS}
        return found | {SEALS_OUTSIDE: count_missing(seals)}


def _number(cursor, sql: str) -> int:
    cursor.execute(sql)
    return cursor.fetchone()[0]


def latest_verification() -> Verification | None:
    """What was found when the book was checked last. One query."""
    return Verification.objects.first()


def sealed() -> tuple[int, datetime | None]:
    """How many changes are sealed, and when the last were. One query."""
    found = Seal.objects.aggregate(rows=Sum("rows"), at=Max("sealed_at"))
    return found["rows"] or 0, found["at"]
