"""The refused rows of an import as a CSV file: corrected, it can be imported again."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from journeys.imports.models import Import, RefusedRow
from journeys.imports.reading import Encoding
from journeys.imports.refused import LINE, REASON, own_cells

PIECE = 2000


def lines(asked: Import) -> Iterator[str]:
    """The file, piece by piece: in UTF-8, with a mark that says so where the first one had one or was in another."""
    is_marked = asked.has_byte_order_mark or asked.encoding != Encoding.UTF_8
    mark = codecs.BOM_UTF8.decode() if is_marked else ""
    yield mark + _csv(asked, [[LINE, REASON, *own_cells(asked.columns, asked.columns)]])
    last = 0
    while rows := list(RefusedRow.objects.filter(of=asked, pk__gt=last).order_by("pk")[:PIECE]):
        yield _csv(asked, ([str(row.line), row.reason, *own_cells(asked.columns, row.cells)] for row in rows))
        last = rows[-1].pk


def _csv(asked: Import, rows: Iterable[Sequence[str]]) -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=asked.delimiter or ",").writerows(rows)
    return file.getvalue()
