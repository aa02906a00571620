"""Reading a CSV file strictly: a file that is not what it seems is refused with a sentence before a row is used.

The whole file is read once to check it, so that what comes to light at its end does not find half of it imported.
Python's own reader, left to itself, swallows every row after a quote that is not closed.
"""

import codecs
import csv
import enum
import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
MAX_CELL = 131_072
MAX_COLUMNS = 1_000
MAX_LINE = 8_000_000
MAX_LABELS = 1_000
SAMPLE = 256 * 1024
_BLOCK = 1024 * 1024


class ImportRefused(Exception):
    """The whole import is refused; the message is a sentence for the person who asked for it."""


class Encoding(enum.StrEnum):
    """How the characters of a file are written."""

    UTF_8 = "utf-8"
    WINDOWS_1252 = "cp1252"

    @property
    def label(self) -> str:
        return "UTF-8" if self is Encoding.UTF_8 else "Windows-1252"


class OtherEncoding(ImportRefused):
    """The file is not in UTF-8, and may be in Windows-1252: whoever knows it can say so."""


class Source(Protocol):
    """Where the bytes of a file are: a path, or what was kept of an upload. It is opened again and again."""

    @property
    def name(self) -> str: ...

    def open(self, mode: Literal["rb"]) -> BinaryIO: ...


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file that was read to its end and found sound."""

    source: Source
    delimiter: str
    columns: tuple[str, ...]
    records: int
    has_byte_order_mark: bool
    encoding: Encoding = Encoding.UTF_8

    def find(self, column: str) -> int:
        """The position of a column: by its exact name, else whatever its case.

        Raises:
            ImportRefused: there is none, or more than one whatever the case.
        """
        wanted = tidy(column)
        if wanted in self.columns:
            return self.columns.index(wanted)
        alike = [index for index, name in enumerate(self.columns) if name.casefold() == wanted.casefold()]
        if len(alike) == 1:
            return alike[0]
        raise ImportRefused(f"The file has no column “{column}”. Its columns: {', '.join(self.columns)}.")


@dataclass(frozen=True, slots=True)
class Record:
    """One row of the file as it stands there, and the line on which it begins (the header is on line 1)."""

    line: int
    cells: list[str]


_EDGES = " \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, [*range(0x2000, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A)])
)


def tidy(cell: str) -> str:
    """A cell without the blanks and the invisible marks around it, its letters in their composed form (NFC)."""
    cell = cell.strip()
    return cell if cell.isascii() else unicodedata.normalize("NFC", cell.strip(_EDGES))


See = Callable[[list[str]], None]
"""Is shown the cells of the header, and then those of each row."""


def inspect(
    source: Source,
    *,
    encoding: Encoding = Encoding.UTF_8,
    label_column: str | None = None,
    see: See | None = None,
) -> CsvFile:
    """Read the file to its end and say what it is.

    Args:
        label_column: a column that labels are to be made of.
        see: is shown every row on the way.

    Raises:
        OtherEncoding: it is not in UTF-8, and may be in Windows-1252.
        ImportRefused: it is not a CSV file in this encoding, its quotes do not match, its header names a column
            twice, or the column of labels has more than `MAX_LABELS` different values.
    """
    if isinstance(source, Path) and not source.is_file():
        raise ImportRefused(f"There is no file {source}.")
    sample = _sample(source)
    _refuse_other_formats(source, sample)
    _check_text(source, encoding)
    delimiter = _sniff(sample.decode(_codec(encoding), "ignore"))
    rows = _read(source, delimiter, encoding)
    header = next(rows, None)
    if header is None:
        raise ImportRefused("The file is empty.")
    has_mark = encoding is Encoding.UTF_8 and sample.startswith(codecs.BOM_UTF8)
    file = CsvFile(source, delimiter, _columns(header), 0, has_mark, encoding)
    if see:
        see(header.cells)
        rows = _shown(rows, see)
    records = _count(rows) if label_column is None else _count_with_labels(rows, label_column, file.find(label_column))
    if not records:
        raise ImportRefused("The file has a header and no rows under it.")
    return replace(file, records=records)


def _shown(rows: Iterator[Record], see: See) -> Iterator[Record]:
    for record in rows:
        see(record.cells)
        yield record


def _count(rows: Iterator[Record]) -> int:
    return sum(1 for _ in rows)


def _count_with_labels(rows: Iterator[Record], column: str, position: int) -> int:
    """Count the rows, and refuse a column mistaken for one of labels before it makes a million of them."""
    count = 0
    labels: set[str] = set()
    for record in rows:
        count += 1
        labels.update(record.cells[position : position + 1])
        if len(labels) > MAX_LABELS:
            raise ImportRefused(f"“{column}” has more than {MAX_LABELS:,} different values: too many for labels.")
    return count


def records(file: CsvFile) -> Iterator[Record]:
    """Every row under the header, blank lines left out.

    Raises:
        ImportRefused: the file was changed after it was inspected.
    """
    rows = _read(file.source, file.delimiter, file.encoding)
    next(rows)
    count = 0
    for record in rows:
        count += 1
        yield record
    if count != file.records:
        raise ImportRefused("The file was changed while it was read.")


def _sample(source: Source) -> bytes:
    with source.open("rb") as file:
        return file.read(SAMPLE)


def _codec(encoding: Encoding) -> str:
    return "utf-8-sig" if encoding is Encoding.UTF_8 else encoding


_SIGNATURES: list[tuple[bytes, str]] = [
    (b"\xd0\xcf\x11\xe0", "This is an old Excel workbook (.xls). Open it and save it as “CSV UTF-8”."),
    (b"%PDF", "This is a PDF, not a CSV file."),
    (b"\x1f\x8b", "This is a compressed file (gzip). Unpack it first."),
    (b"7z\xbc\xaf", "This is a compressed file (7z). Unpack it first."),
    (b"Rar!", "This is a compressed file (rar). Unpack it first."),
    (b"PAR1", "This is a Parquet file, not a CSV file."),
    (b"SQLite format 3", "This is an SQLite database, not a CSV file."),
]


def _refuse_other_formats(source: Source, sample: bytes) -> None:
    if sample.startswith(b"PK"):
        raise ImportRefused(_what_zip(source))
    for signature, sentence in _SIGNATURES:
        if sample.startswith(signature):
            raise ImportRefused(sentence)
    for mark, name in [
        (codecs.BOM_UTF32_LE, "UTF-32"),
        (codecs.BOM_UTF32_BE, "UTF-32"),
        (codecs.BOM_UTF16_LE, "UTF-16"),
        (codecs.BOM_UTF16_BE, "UTF-16"),
    ]:
        if sample.startswith(mark):
            raise ImportRefused(_other_encoding(name))
    beginning = sample.removeprefix(codecs.BOM_UTF8).lstrip()[:200].lower()
    if re.match(rb"<(!doctype|html|head|body|table|meta|\?xml|!--)", beginning):
        raise ImportRefused("This is a web page or XML, not a CSV file. Download the data itself as CSV.")
    if beginning.startswith((b"{", b"[{", b"[[")):
        raise ImportRefused("This looks like JSON, not a CSV file.")


def _what_zip(source: Source) -> str:
    try:
        with source.open("rb") as file, zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return "This is a broken zip file, not a CSV file."
    if any(name.startswith("xl/") for name in names):
        return "This is an Excel workbook (.xlsx). Open it and save it as “CSV UTF-8”."
    if "mimetype" in names or "content.xml" in names:
        return "This is an OpenDocument file. Open it and save it as CSV in UTF-8."
    return "This is a zip file. Unpack it and import the CSV file in it."


def _other_encoding(name: str) -> str:
    return f"The file is in {name}, not in UTF-8. Save it as “CSV UTF-8”."


def _check_text(source: Source, encoding: Encoding) -> None:
    """Refuse NUL, other encodings than this one, and lines without an end."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, since_newline, first = 1, 0, True
    with source.open("rb") as file:
        while block := file.read(_BLOCK):
            if (nul := block.find(0)) >= 0:
                raise ImportRefused(_what_nul(block, nul, line) if first else _nul(block, nul, line))
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                at = line + error.object.count(b"\n", 0, error.start)
                raise _not_in(encoding, error, at) from None
            newline = max(block.rfind(b"\n"), block.rfind(b"\r"))
            since_newline = since_newline + len(block) if newline < 0 else len(block) - newline
            if since_newline > MAX_LINE:
                raise ImportRefused(f"Line {line} has more than {MAX_LINE:,} characters: this is not a CSV file.")
            line += block.count(b"\n")
            first = False
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise ImportRefused(f"The file breaks off in the middle of a character (line {line}).") from None


def _what_nul(block: bytes, nul: int, line: int) -> str:
    """UTF-16 without a mark at its beginning has a NUL in every other byte."""
    head = block[:4000]
    if head.count(0, 1) > len(head) // 4:
        return _other_encoding("UTF-16")
    return _nul(block, nul, line)


def _nul(block: bytes, nul: int, line: int) -> str:
    return f"Line {line + block.count(bytes([10]), 0, nul)} holds a NUL character: the file is damaged or no text."


def _not_in(encoding: Encoding, error: UnicodeDecodeError, line: int) -> ImportRefused:
    """Name the encoding that it probably is: Windows-1252 has no character for five of the bytes."""
    found = error.object[error.start]
    where = f"Line {line} holds the byte {found:02X}, which is not {encoding.label}."
    elsewhere = ImportRefused(f"{where} The file is in another encoding. Save it as “CSV UTF-8”.")
    if encoding is Encoding.WINDOWS_1252:
        return elsewhere
    try:
        error.object.decode(Encoding.WINDOWS_1252)
    except UnicodeDecodeError:
        return elsewhere
    return OtherEncoding(f"{where} The file is probably in Windows-1252. Save it as “CSV UTF-8”.")


BOTH_WAYS = 5
"""So many pieces of a file are shown in both encodings."""

_AROUND = re.compile(rb"[^\0\n\r,;\t\"]*[\x80-\xff][^\0\n\r,;\t\"]*")


def both_ways(source: Source) -> list[tuple[str, str]]:
    """The first cells with characters beyond ASCII: as Windows-1252 reads them, and as UTF-8 does."""
    with source.open("rb") as file:
        while block := file.read(_BLOCK):
            if cells := list(dict.fromkeys(cell[:80] for cell in _AROUND.findall(block)))[:BOTH_WAYS]:
                return [
                    (cell.decode(Encoding.WINDOWS_1252, "replace"), cell.decode(errors="replace")) for cell in cells
                ]
    return []


def _sniff(sample: str) -> str:
    """The delimiter that cuts the first lines into the most columns, alike on every line if one does that."""
    scores = {delimiter: _score(sample, delimiter) for delimiter in DELIMITERS}
    return max(scores, key=lambda delimiter: scores[delimiter])


def _score(sample: str, delimiter: str) -> tuple[bool, int]:
    lines = sample.splitlines(keepends=True)
    widths: list[int] = []
    try:
        for cells in csv.reader(lines[:-1] or lines, delimiter=delimiter, strict=True):
            if cells:
                widths.append(len(cells))
            if len(widths) == 20:
                break
    except csv.Error:
        # The first lines tell, even if a later one is broken, or the sample ends within a cell.
        pass
    if not widths:
        return False, 0
    return widths[0] > 1 and len(set(widths)) == 1, widths[0]


def _read(source: Source, delimiter: str, encoding: Encoding) -> Iterator[Record]:
    """The header and every row. Lines end as they like: the reader is given them untranslated."""
    with source.open("rb") as content, io.TextIOWrapper(content, encoding=_codec(encoding), newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        line = 1
        try:
            for cells in reader:
                if reader.line_num > line and sum(map(len, cells)) > MAX_LINE:
                    raise ImportRefused(f"The row on line {line} has more than {MAX_LINE:,} characters.")
                if cells:
                    yield Record(line, cells)
                line = reader.line_num + 1
        except csv.Error as error:
            raise ImportRefused(_what_csv_error(str(error), line)) from None


def _what_csv_error(error: str, line: int) -> str:
    if "field limit" in error:
        return f"The row on line {line} has a cell of more than {MAX_CELL:,} characters: is a quote not closed?"
    if "unexpected end of data" in error:
        return f"The row on line {line} has a quote that is not closed."
    return f"The row on line {line} has text after a closing quote. Quotes within a cell have to be doubled."


_AN_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def _columns(record: Record) -> tuple[str, ...]:
    if len(record.cells) > MAX_COLUMNS:
        raise ImportRefused(f"The file has {len(record.cells):,} columns; at most {MAX_COLUMNS:,} can be read.")
    names = tuple(tidy(cell) for cell in record.cells)
    if any(map(_AN_EMAIL.fullmatch, names)):
        raise ImportRefused("The first line holds an e-mail address: put a line of column names above it.")
    for position, name in enumerate(names, start=1):
        if not name:
            raise ImportRefused(f"Column {position} of the header has no name.")
        if names.index(name) != position - 1:
            raise ImportRefused(f"The header names the column “{name}” twice.")
    return names
