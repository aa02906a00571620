"""Reads of the exports that were taken."""

from dataclasses import dataclass

from django.db import connection

from journeys.exports.models import Export
from journeys.paging import newest_first

PAGE = 50
"""So many exports are shown at once."""

LOCK = "export"
"""The name of the lock that an export holds for as long as it goes on."""


@dataclass(frozen=True, slots=True)
class ExportNow:
    """An export, and whether it goes on just now."""

    export: Export
    is_going: bool


@dataclass(frozen=True, slots=True)
class ExportsPage:
    """Exports, the newest first, and the ids to read on from in both directions."""

    exports: list[ExportNow]
    newer_than: int | None = None
    older_than: int | None = None


def exports_page(*, newer_than: int | None = None, older_than: int | None = None) -> ExportsPage:
    """A page of exports, at a cost that does not grow with how far one has read. Two queries.

    Args:
        newer_than, older_than: read on from the export of this id, in one of the two directions.
    """
    part = newest_first(
        Export.objects.select_related("exported_by"), PAGE, newer_than=newer_than, older_than=older_than
    )
    going = _going()
    shown = [ExportNow(export, is_going=export.ended_at is None and export.pk in going) for export in part.rows]
    return ExportsPage(shown, part.newer_than, part.older_than)


def _going() -> set[int]:
    """The exports whose lock is held: an export of which nothing was heard since the server ended holds none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND classid = (hashtext(%s)::bigint & 4294967295)::oid",
            [LOCK],
        )
        return {row[0] for row in cursor.fetchall()}
