"""The days that reports are about: presets, names, and midnights of the organisation's zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.reports.periods import PRESETS, Period, Span, preset

UTC_ZONE = ZoneInfo("UTC")


def span(first: str, last: str) -> Span:
    return Span(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-10-01", "2026-10-31", "October 2026"),
        ("2024-02-01", "2024-02-29", "February 2024"),
        ("2023-02-01", "2023-02-27", "1 to 27 February 2023"),
        ("2026-07-01", "2026-09-30", "the third quarter of 2026"),
        ("2026-06-01", "2026-08-31", "1 June to 31 August 2026"),
        ("2025-01-01", "2025-12-31", "2025"),
        ("2025-01-01", "2025-01-01", "1 January 2025"),
        ("2026-05-03", "2026-06-09", "3 May to 9 June 2026"),
        ("2025-12-30", "2026-01-02", "30 December 2025 to 2 January 2026"),
    ],
)
def test_days_are_called_what_people_call_them(first: str, last: str, words: str) -> None:
    assert str(span(first, last)) == words


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-10-01", "2026-10-31", "in October 2026"),
        ("2026-07-01", "2026-09-30", "in the third quarter of 2026"),
        ("2026-05-03", "2026-05-03", "on 3 May 2026"),
        ("2026-05-03", "2026-05-09", "during 3 to 9 May 2026"),
        ("2026-11-01", "2026-11-25", "during 1 to 25 November 2026 so far"),
    ],
)
def test_days_in_a_sentence(first: str, last: str, words: str) -> None:
    assert Period(span(first, last), UTC_ZONE, today=date(2026, 11, 25)).when == words


@pytest.mark.parametrize(
    ("days", "before"),
    [
        (span("2024-03-01", "2024-03-31"), span("2024-02-01", "2024-02-29")),
        (span("2026-01-01", "2026-03-31"), span("2025-10-01", "2025-12-31")),
        (span("2024-01-01", "2024-12-31"), span("2023-01-01", "2023-12-31")),
        (span("2026-03-10", "2026-03-12"), span("2026-03-07", "2026-03-09")),
        (span("2026-03-10", "2026-03-10"), span("2026-03-09", "2026-03-09")),
        (span("1970-01-01", "1970-01-01"), span("1970-01-01", "1970-01-01")),
    ],
)
def test_the_days_before(days: Span, before: Span) -> None:
    assert days.before == before


@pytest.mark.parametrize(
    ("code", "today", "days", "beside"),
    [
        ("last-month", "2026-03-31", span("2026-02-01", "2026-02-28"), span("2026-01-01", "2026-01-31")),
        ("last-month", "2026-01-01", span("2025-12-01", "2025-12-31"), span("2025-11-01", "2025-11-30")),
        ("this-month", "2026-11-25", span("2026-11-01", "2026-11-25"), span("2026-10-01", "2026-10-25")),
        ("this-month", "2026-03-31", span("2026-03-01", "2026-03-31"), span("2026-02-01", "2026-02-28")),
        ("last-30-days", "2026-03-01", span("2026-01-30", "2026-02-28"), span("2025-12-31", "2026-01-29")),
        ("last-quarter", "2026-02-10", span("2025-10-01", "2025-12-31"), span("2025-07-01", "2025-09-30")),
        ("this-quarter", "2026-11-25", span("2026-10-01", "2026-11-25"), span("2026-07-01", "2026-08-25")),
        ("this-quarter", "2026-05-31", span("2026-04-01", "2026-05-31"), span("2026-01-01", "2026-02-28")),
        ("this-year", "2026-11-25", span("2026-01-01", "2026-11-25"), span("2025-01-01", "2025-11-25")),
        ("this-year", "2024-02-29", span("2024-01-01", "2024-02-29"), span("2023-01-01", "2023-02-28")),
        ("last-year", "2026-11-25", span("2025-01-01", "2025-12-31"), span("2024-01-01", "2024-12-31")),
    ],
)
def test_a_preset_names_its_days(code: str, today: str, days: Span, beside: Span) -> None:
    assert preset(code).spans(date.fromisoformat(today)) == (days, beside)


def test_whatever_is_asked_for_there_is_a_preset() -> None:
    assert preset("nonsense") is PRESETS[0]


@given(today=st.dates(date(1975, 1, 1), date(2199, 12, 31)))
def test_presets_end_by_today_and_lie_behind_what_they_are_compared_with(today: date) -> None:
    for one in PRESETS:
        days, beside = one.spans(today)
        assert beside.first <= beside.last < days.first <= days.last <= today


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("UTC", "2026-10-01T00:00", "2026-11-01T00:00"),
        ("Asia/Kolkata", "2026-09-30T18:30", "2026-10-31T18:30"),
        ("Asia/Kathmandu", "2026-09-30T18:15", "2026-10-31T18:15"),
        ("America/New_York", "2026-10-01T04:00", "2026-11-01T04:00"),
        ("Europe/Berlin", "2026-09-30T22:00", "2026-10-31T23:00"),
    ],
)
def test_days_begin_at_midnight_in_the_zone(zone: str, start: str, end: str) -> None:
    period = Period(span("2026-10-01", "2026-10-31"), ZoneInfo(zone), today=date(2026, 11, 25))
    utc = [moment and moment.astimezone(UTC).replace(tzinfo=None) for moment in (period.start, period.end)]
    assert utc == [datetime.fromisoformat(start), datetime.fromisoformat(end)]


def test_today_is_counted_up_to_now() -> None:
    today = date(2026, 11, 25)
    going_on, over = (
        Period(Span(today - timedelta(days=5), last), UTC_ZONE, today) for last in (today, date(2026, 11, 24))
    )
    assert (going_on.end, str(going_on)) == (None, "20 to 25 November 2026 so far")
    assert (over.end, str(over)) == (datetime(2026, 11, 25, tzinfo=UTC), "20 to 24 November 2026")
