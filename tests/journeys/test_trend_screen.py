"""Trend: how many were in each stage at each of some moments."""

import csv
import io
import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.asserts import assertNumQueries

from config.team.models import Organisation, TeamMember
from contacts.causes import Cause
from contacts.models import CarriedLabel
from journeys.reports.periods import Period, Span
from journeys.reports.trend import moments
from journeys.status import actions as status
from stages.models import Stage
from tests.factories import LabelFactory, contact_in

WEEK = "/reports/trend?since=2025-10-01&until=2025-10-07"


@pytest.fixture
def reading(client_of, viewer: TeamMember) -> Client:
    return client_of(viewer)


def on(day: int, month: int = 10) -> datetime:
    return datetime(2025, month, day, 12, tzinfo=UTC)


def column(client: Client, address: str, name: str) -> list[tuple[str, int]]:
    rows = csv.DictReader(io.StringIO(client.get(f"{address}&format=csv").content.decode()))
    return [(row["at the end of"], int(row[name])) for row in rows]


def test_a_week_day_by_day(reading: Client, aware: Stage, customer: Stage) -> None:
    contact = contact_in(aware, since=on(2))
    contact_in(aware, since=on(1, 9))
    status.change_status(contacts=[contact.pk], to=customer, cause=Cause.MANUAL, by=None, dates={contact.pk: on(5)})
    days = ["2025-09-30", *(f"2025-10-0{day}" for day in range(1, 8))]
    assert column(reading, WEEK, "Aware") == list(zip(days, [1, 1, 2, 2, 2, 1, 1, 1], strict=True))
    assert column(reading, WEEK, "Customer") == list(zip(days, [0, 0, 0, 0, 0, 1, 1, 1], strict=True))
    shown = reading.get(WEEK).text
    assert "Contacts in each stage over 1 to 7 October 2025" in shown
    assert "1 from Aware to Customer" in re.sub(r"<[^>]*>", "", shown)


def test_every_number_opens_who_stood_there_then(reading: Client, aware: Stage, customer: Stage) -> None:
    moved = contact_in(aware, since=on(2), first_name="Ada", last_name="Test")
    contact_in(aware, since=on(1, 9), first_name="Bea", last_name="Test")
    status.change_status(contacts=[moved.pk], to=customer, cause=Cause.MANUAL, by=None, dates={moved.pk: on(5)})
    figures = reading.get(WEEK).text.split("The figures of every day")[1]
    there = re.findall(rf'href="([^"]*place={aware.pk}&amp;report=trend)">(\d)</a>', figures)
    opened = [reading.get(address.replace("&amp;", "&")).text for address, _ in there]
    names = [re.findall(r'<a class="name"[^>]*>(\w+) Test</a>', page) for page in opened]
    assert [len(found) for found in names] == [int(count) for _, count in there]
    assert names == [["Bea"], ["Bea"], *[["Ada", "Bea"]] * 3, ["Bea"], ["Bea"], ["Bea"]]


def test_days_are_those_of_the_organisation(reading: Client, aware: Stage) -> None:
    Organisation.objects.update(time_zone="Asia/Kathmandu")
    contact_in(aware, since=datetime(2025, 10, 2, 18, 20, tzinfo=UTC))  # on 3 October there
    assert dict(column(reading, WEEK, "Aware"))["2025-10-02"] == 0
    assert dict(column(reading, WEEK, "Aware"))["2025-10-03"] == 1


def test_lost_contacts_and_those_without_a_status_have_lines(reading: Client, aware: Stage) -> None:
    contact_in(aware, since=on(2), lost=True, lost_at=on(4))
    contact_in(None, since=on(3))
    assert [count for _, count in column(reading, WEEK, "Lost")] == [0, 0, 0, 0, 1, 1, 1, 1]
    assert [count for _, count in column(reading, WEEK, "No status yet")] == [0, 0, 0, 1, 1, 1, 1, 1]


def test_of_contacts_that_carry_a_label(reading: Client, aware: Stage) -> None:
    label = LabelFactory()
    carrier, _ = contact_in(aware, since=on(2)), contact_in(aware, since=on(2))
    CarriedLabel.objects.create(contact=carrier, label=label)
    found = column(reading, f"{WEEK}&label={label.pk}", "Aware")
    assert [count for _, count in found] == [0, 0, 1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("contacts", [1, 3])
def test_the_number_of_queries_does_not_grow(reading: Client, aware: Stage, contacts: int) -> None:
    for _ in range(contacts):
        contact_in(aware, since=on(2))
    with assertNumQueries(12):
        reading.get(WEEK)


# The moments


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (date(2025, 10, 7), date(2025, 10, 7), ["2025-10-06", "2025-10-07"]),
        (
            date(2025, 10, 1),
            date(2025, 10, 31),
            ["2025-09-30", *(f"2025-10-{day:02}" for day in range(1, 32, 2))],
        ),
        (
            date(2024, 11, 1),
            date(2025, 10, 31),
            [
                *("2024-10-31", "2024-11-30", "2024-12-31", "2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30"),
                *("2025-05-31", "2025-06-30", "2025-07-31", "2025-08-31", "2025-09-30", "2025-10-31"),
            ],
        ),
    ],
)
def test_moments_of_a_period(first: date, last: date, days: list[str]) -> None:
    period = Period(Span(first, last), ZoneInfo("UTC"), today=date(2025, 12, 1))
    assert [str(moment.day) for moment in moments(period)] == days


@given(
    first=st.dates(date(1970, 1, 1), date(2025, 12, 1)),
    days=st.integers(0, 20_000),
    zone=st.sampled_from(["UTC", "Asia/Kathmandu", "America/New_York"]),
)
def test_there_are_never_many_moments_and_they_ascend(first: date, days: int, zone: str) -> None:
    last = date.fromordinal(min(first.toordinal() + days, date(2025, 12, 1).toordinal()))
    period = Period(Span(first, last), ZoneInfo(zone), today=date(2025, 12, 1))
    found = moments(period)
    assert len(found) <= 60
    assert [one.day for one in found] == sorted({one.day for one in found})
    assert (found[0].at, found[-1].at, found[-1].day) == (period.start, period.end, last)
