"""The refused rows of an import, in a file that can be corrected and imported again."""

import codecs
import csv
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from journeys.imports.reading import CsvFile, ImportRefused, Record

LINE, REASON = "refused_line", "refused_reason"


def own_cells(columns: Sequence[str], cells: Sequence[str]) -> Sequence[str]:
    """The cells without the line and the reason of a time before, where the file has these columns."""
    return cells[2:] if tuple(columns[:2]) == (LINE, REASON) else cells


class RefusedFile:
    """A CSV file like the one imported, with line and reason before the other columns. Made with its first row.

    Importing it again may refuse rows again: line and reason of the first time are replaced then.
    """

    def __init__(self, path: Path, source: CsvFile) -> None:
        """Choose where refused rows go.

        Raises:
            ImportRefused: that is the imported file itself, or no place for a file.
        """
        if isinstance(source.source, Path) and path.exists() and path.samefile(source.source):
            raise ImportRefused("The refused rows cannot go into the file that is imported.")
        if path.is_dir() or not path.resolve().parent.is_dir():
            raise ImportRefused(f"The refused rows cannot go to {path}: there is no such folder.")
        self.path = path
        self.rows = 0
        self._source = source
        self._file: IO[str] | None = None
        self._writer: Any = None

    def add(self, record: Record, reason: str) -> None:
        """Write a refused row down."""
        if self._file is None:
            self._begin()
        self._writer.writerow([record.line, reason, *own_cells(self._source.columns, record.cells)])
        self.rows += 1

    def __enter__(self) -> "RefusedFile":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._file:
            self._file.close()

    def _begin(self) -> None:
        self._file = self.path.open("w", encoding="utf-8", newline="")
        if self._source.has_byte_order_mark:
            self._file.write(codecs.BOM_UTF8.decode("utf-8"))
        self._writer = csv.writer(self._file, delimiter=self._source.delimiter)
        self._writer.writerow([LINE, REASON, *own_cells(self._source.columns, self._source.columns)])
