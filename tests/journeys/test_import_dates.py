"""Dates as files write them: one order for a whole column, a time of day perhaps, and nothing guessed."""

import pytest

from journeys.imports.dates import DateFormat, formats_that_fit, read_date

ISO, YMD, DMY, MDY = DateFormat
ALL = frozenset(DateFormat)


@pytest.mark.parametrize(
    ("cell", "written", "said"),
    [
        ("2018-02-26", ISO, "2018-02-26T00:00:00"),
        ("2018-02-26T19:58:54Z", ISO, "2018-02-26T19:58:54+00:00"),
        ("2018/2/6", YMD, "2018-02-06T00:00:00"),
        ("26.02.2018", DMY, "2018-02-26T00:00:00"),
        ("6/2/2018 9:05", DMY, "2018-02-06T09:05:00"),
        ("02/26/2018 7:58:54 PM", MDY, "2018-02-26T19:58:54"),
        ("2-26-2018 12:00am", MDY, "2018-02-26T00:00:00"),
        ("02/26/2018, 12:30 p.m.", MDY, "2018-02-26T12:30:00"),
    ],
)  # fmt: skip
def test_a_date_is_read_in_its_order(cell: str, written: DateFormat, said: str) -> None:
    assert read_date(cell, written).isoformat() == said


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("26.02.2018", ISO),
        ("26.02.2018", MDY),
        ("02/26/2018", DMY),
        ("26.02/2018", DMY),
        ("26.02.18", DMY),
        ("30.02.2018", DMY),
        ("26.02.2018 25:00", DMY),
        ("02/26/2018 13:00 PM", MDY),
        ("02/26/2018 0:30 AM", MDY),
        ("2018-02-26x", ISO),
        ("\u0662.\u0662.2018", DMY),
        ("", DMY),
    ],
)
def test_anything_else_is_no_date(cell: str, written: DateFormat) -> None:
    with pytest.raises(ValueError):
        read_date(cell, written)


@pytest.mark.parametrize(
    ("cell", "fit"),
    [
        ("03/04/2024", {DMY, MDY}),
        ("13/04/2024", {DMY}),
        ("04/13/2024", {MDY}),
        ("2024-03-04", {ISO}),
        ("2024/03/04", {YMD}),
        ("03/04/1024", set()),
        ("Ana", set()),
    ],
)
def test_the_formats_that_fit(cell: str, fit: set[DateFormat]) -> None:
    assert formats_that_fit(cell, ALL) == fit
    assert formats_that_fit(cell, frozenset()) == frozenset()
