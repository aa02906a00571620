"""How the dates of a column are written: one way for the whole column, never guessed from cell to cell. Pure."""

import enum
import re
from collections.abc import Set
from datetime import datetime

YEARS = range(1900, 2200)


class DateFormat(enum.StrEnum):
    """In which order day, month and year stand. A time of day may follow each."""

    ISO = "iso"
    YEAR_FIRST = "ymd"
    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"

    @property
    def example(self) -> str:
        return _EXAMPLES[self]


_EXAMPLES = {
    DateFormat.ISO: "2018-02-26",
    DateFormat.YEAR_FIRST: "2018/02/26",
    DateFormat.DAY_FIRST: "26.02.2018",
    DateFormat.MONTH_FIRST: "02/26/2018",
}

_TIME = r"(?:(?:T|,? )([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?: ?([AaPp])\.?[Mm]\.?)?)?"
_YEAR_LAST = re.compile(rf"([0-9]{{1,2}})([./-])([0-9]{{1,2}})\2([0-9]{{4}}){_TIME}")
_YEAR_FIRST = re.compile(rf"([0-9]{{4}})([./])([0-9]{{1,2}})\2([0-9]{{1,2}}){_TIME}")


def read_date(cell: str, written: DateFormat) -> datetime:
    """The moment that a cell names; without a zone where it names none.

    Raises:
        ValueError: it is no date that is written like this.
    """
    if written is DateFormat.ISO:
        if cell[4:5] != "-" or cell[7:8] != "-" or cell[10:11] not in ("", " ", "T"):
            raise ValueError
        return datetime.fromisoformat(cell)
    match = (_YEAR_FIRST if written is DateFormat.YEAR_FIRST else _YEAR_LAST).fullmatch(cell)
    if not match:
        raise ValueError
    one, _, two, three, *time = match.groups()
    hour, minute, second = (int(part or 0) for part in time[:3])
    if time[3]:
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + (12 if time[3] in "pP" else 0)
    year, month, day = {
        DateFormat.YEAR_FIRST: (one, two, three),
        DateFormat.DAY_FIRST: (three, two, one),
        DateFormat.MONTH_FIRST: (three, one, two),
    }[written]
    return datetime(int(year), int(month), int(day), hour, minute, second)  # noqa: DTZ001 -- the caller knows the zone


def formats_that_fit(cell: str, among: Set[DateFormat]) -> frozenset[DateFormat]:
    """Those of the formats in which a cell is a date."""
    return frozenset(written for written in among if _fits(cell, written))


def _fits(cell: str, written: DateFormat) -> bool:
    try:
        return read_date(cell, written).year in YEARS
    except ValueError:
        return False
