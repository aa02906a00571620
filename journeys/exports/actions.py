"""Exporting contacts: a file in pieces, read through a cursor of the database, and a record that it was taken."""

import csv
import io
import logging
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from config.team.models import TeamMember
from contacts.models import Label
from journeys.cells import FIRST, defused
from journeys.exports.columns import LABELS, Column
from journeys.exports.models import Export
from journeys.exports.queries import LOCK
from journeys.runs.operations import Selection
from journeys.runs.queries import contacts_in_words
from journeys.runs.selections import Statement, selected

logger = logging.getLogger(__name__)

LARGE = 10_000
"""From so many contacts on, a person exports one at a time, and all people together `LARGE_AT_ONCE`."""

LARGE_AT_ONCE = 3
PIECE = 2000
"""So many contacts are read at once: it needs no more memory for a million than for these."""

_ROWS = """
    SELECT {columns} FROM ({selected}) AS selected
    JOIN contacts_contact contact ON contact.id = selected.contact_id
    JOIN journeys_funnelstatus status ON status.contact_id = contact.id
    LEFT JOIN stages_stage stage ON stage.id = status.stage_id
    LEFT JOIN journeys_lostreason reason ON reason.id = status.lost_reason_id
    ORDER BY contact.id
"""


class TooManyExports(Exception):
    """Others go on already; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Download:
    """An export that has begun, and the file piece by piece. Whoever leaves `pieces` unread has to close it."""

    export: Export
    pieces: Generator[str, None, None]


def export_contacts(
    *, selection: Selection, columns: Sequence[Column], is_large: bool, for_excel: bool, by: TeamMember
) -> Download:
    """Begin to export contacts as they stand now, in the order of their numbers. What changes meanwhile is left out.

    Args:
        is_large: about `LARGE` contacts or more.
        for_excel: begin with a byte order mark, without which Excel takes UTF-8 for something else.

    Raises:
        TooManyExports: the person has another large export going on, or too many people have.
    """
    export = Export.objects.create(
        exported_by=by, words=contacts_in_words(selection)[:500], columns=[column.code for column in columns]
    )
    pieces = _pieces(export, selection, columns, is_large=is_large, begin="\ufeff" if for_excel else "")
    try:
        next(pieces)
    except TooManyExports:
        export.delete()
        raise
    logger.info("Export %s was begun by %s", export.pk, by.pk)
    return Download(export, pieces)


def _pieces(
    export: Export, selection: Selection, columns: Sequence[Column], *, is_large: bool, begin: str
) -> Generator[str, None, None]:
    """First nothing, once it is certain that it may begin; then the file."""
    rows, is_complete = 0, False
    statement = _statement(selection, columns)
    try:
        with transaction.atomic():
            _hold(export, is_large=is_large)
            with connection.chunked_cursor() as cursor:
                cursor.execute(statement.sql, statement.values)
                lines = _Lines(columns)
                yield ""
                yield begin + lines.heading()
                while batch := cursor.fetchmany(PIECE):
                    yield lines.csv(batch)
                    rows += len(batch)
        is_complete = True
    finally:
        _note_end(export, rows, is_complete=is_complete)


def _statement(selection: Selection, columns: Sequence[Column]) -> Statement:
    what = selected(selection)
    parts, values = [], dict(what.values)
    for number, column in enumerate(columns):
        names = [f"column{number}_{place}" for place in range(len(column.values))]
        parts.append(column.sql % tuple(f"%({name})s" for name in names))
        values |= dict(zip(names, column.values, strict=True))
    return Statement(_ROWS.format(columns=", ".join(parts), selected=what.sql), values)


def _hold(export: Export, *, is_large: bool) -> None:
    """Take the locks that tell others of this export for as long as it goes on."""
    if is_large and not _lock("export by", export.exported_by_id):
        raise TooManyExports("Another export of yours goes on. Wait until it has arrived, or break it off.")
    if is_large and not any(_lock("large export", number) for number in range(LARGE_AT_ONCE)):
        raise TooManyExports(f"{LARGE_AT_ONCE} large exports go on just now. Try again in a minute.")
    _lock(LOCK, export.pk)


def _lock(what: str, number: int) -> bool:
    """Whether nobody else had the lock. It is held until the transaction ends, in whatever way."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s), %s::int)", [what, number])
        return cursor.fetchone()[0]


class _Lines:
    """Rows as lines of the file: formulas defused, labels by their names."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._typed = [place for place, column in enumerate(columns) if column.is_typed and column.code != LABELS]
        self._labels = next((place for place, column in enumerate(columns) if column.code == LABELS), None)
        names = Label.objects.values_list("pk", "name") if self._labels is not None else []
        self._names = {pk: (rank, name) for rank, (pk, name) in enumerate(names)}

    def heading(self) -> str:
        return _csv([[defused(column.heading) for column in self._columns]])

    def csv(self, rows: Iterable[tuple]) -> str:
        return _csv(map(self._cells, rows))

    def _cells(self, row: tuple) -> list[Any]:
        cells = list(row)
        for place in self._typed:
            if (cell := cells[place]) and cell[0] in FIRST:
                cells[place] = defused(cell)
        if self._labels is not None:
            carried = sorted(self._names[label] for label in cells[self._labels] if label in self._names)
            cells[self._labels] = defused("; ".join(name for _, name in carried))
        return cells


def _csv(rows: Iterable[list[Any]]) -> str:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue()


def _note_end(export: Export, rows: int, *, is_complete: bool) -> None:
    try:
        Export.objects.filter(pk=export.pk).update(ended_at=timezone.now(), rows=rows, is_complete=is_complete)
    except DatabaseError:  # the record stays, as one whose end nobody knows
        logger.exception("The end of export %s could not be noted", export.pk)
