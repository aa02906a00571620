"""One stage over time: who stood in it, who came and went, how long they stayed, and the drawing of it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.book.actions import erase_contacts
from journeys.funnel.queries import FunnelDay
from journeys.reports.queries import Place, funnel_at
from journeys.stage import queries
from journeys.stage.chart import Dot, chart, round_top
from journeys.stage.queries import MedianStay, Point, ins_and_outs, median_stay, trend
from journeys.status import actions as status
from journeys.status.models import StatusChange
from stages.models import Stage
from tests.factories import contact_in, standing

UTC_ZONE = ZoneInfo("UTC")


def ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def undo_last() -> None:
    last = StatusChange.objects.latest("pk")
    status.put_back(changes=[last.pk], cause=Cause.UNDO, by=None)


# How long contacts stay


def test_the_median_is_of_completed_stays_alone(customer: Stage, loyal: Stage) -> None:
    for days in (10, 20, 90, 100):
        standing(contact_in(customer, since=ago(days)), loyal)
    contact_in(customer, since=ago(900))  # is still there
    standing(contact_in(customer, since=ago(900)), None)  # left the funnel
    standing(contact_in(loyal, since=ago(900)), customer)  # came
    contact_in(customer, since=ago(900), lost=True)  # lost: the stay goes on
    erase_contacts(contacts=[contact_in(customer, since=ago(900)).pk], by=None)

    with assertNumQueries(1):
        found = median_stay(customer)

    assert found and found.stays == 4
    assert found.days == pytest.approx(55, abs=0.01)


def test_being_lost_and_recovered_is_part_of_the_stay(customer: Stage, loyal: Stage) -> None:
    contact = contact_in(customer, since=ago(40), lost=True, lost_at=ago(30))
    standing(contact, loyal)
    found = median_stay(customer)
    assert found and found.days == pytest.approx(40, abs=0.01)


def test_what_was_undone_ends_no_stay(customer: Stage, loyal: Stage) -> None:
    standing(contact_in(customer, since=ago(10)), loyal)
    standing(contact_in(customer, since=ago(50)), loyal)
    undo_last()
    found = median_stay(customer)
    assert found and (found.stays, round(found.days)) == (1, 10)
    assert median_stay(loyal) is None  # the undo leaves it, and nobody else did
    undo_last()
    found = median_stay(customer)
    assert found and (found.stays, round(found.days)) == (2, 30)


@pytest.mark.parametrize("cause", [Cause.STAGE_RETIRED, Cause.STAGE_MERGED])
def test_the_end_of_a_stage_ends_no_stay(customer: Stage, loyal: Stage, cause: Cause) -> None:
    contact = contact_in(customer, since=ago(50))
    status.change_status(contacts=[contact.pk], to=loyal, cause=cause, by=None)
    assert median_stay(customer) is None


def test_only_the_last_stays_count(customer: Stage, loyal: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_MEDIAN", queries._MEDIAN.replace("LIMIT 1000", "LIMIT 2"))
    for days in (500, 30, 20):
        standing(contact_in(customer, since=ago(days)), loyal)
    assert median_stay(customer) == MedianStay(pytest.approx(25, abs=0.01), 2)  # type: ignore[arg-type]


# Its trend


def test_the_trend_is_the_funnel_at_the_end_of_each_month(customer: Stage, loyal: Stage) -> None:
    zone = ZoneInfo("America/New_York")
    contact_in(customer, since=datetime(2025, 2, 1, 4, 59, tzinfo=UTC))  # 31 January in New York
    contact_in(customer, since=datetime(2025, 2, 1, 5, 1, tzinfo=UTC))
    contact_in(customer, since=datetime(2025, 3, 5, tzinfo=UTC), lost=True, lost_at=datetime(2025, 6, 5, tzinfo=UTC))
    now = funnel_at()
    with assertNumQueries(2):
        points = trend(customer, now=now, today=date(2025, 6, 20), zone=zone)

    assert points == [
        Point(date(2024, 6, 30), 0, 0),
        Point(date(2024, 7, 31), 0, 0),
        Point(date(2024, 8, 31), 0, 0),
        Point(date(2024, 9, 30), 0, 0),
        Point(date(2024, 10, 31), 0, 0),
        Point(date(2024, 11, 30), 0, 0),
        Point(date(2024, 12, 31), 0, 0),
        Point(date(2025, 1, 31), 1, 0),
        Point(date(2025, 2, 28), 2, 0),
        Point(date(2025, 3, 31), 3, 0),
        Point(date(2025, 4, 30), 3, 0),
        Point(date(2025, 5, 31), 3, 0),
        Point(date(2025, 6, 20), 2, 1, is_now=True),
    ]


# Ins and outs


def test_ins_and_outs_say_where_from_and_where_to_and_add_up(
    aware: Stage, customer: Stage, loyal: Stage, marketer: TeamMember
) -> None:
    was_there = [contact_in(customer, since=ago(60)) for _ in range(4)]
    lost_before = contact_in(customer, since=ago(60), lost=True, lost_at=ago(50))
    for _ in range(3):
        standing(contact_in(aware, since=ago(60)), customer)
    contact_in(customer, since=ago(5))
    status.recover(contacts=[lost_before.pk], cause=Cause.MANUAL, by=marketer)
    standing(was_there[0], loyal)
    standing(was_there[1], loyal)
    status.mark_lost(contacts=[was_there[2].pk], reason=None, cause=Cause.MANUAL, by=marketer)
    erase_contacts(contacts=[was_there[3].pk], by=marketer)
    standing(contact_in(aware, since=ago(60)), customer)
    undo_last()
    of = FunnelDay(timezone.localdate(timezone=UTC_ZONE), UTC_ZONE, is_today=True)
    now = funnel_at()

    with assertNumQueries(5):
        found = ins_and_outs(customer, now=now, of=of)

    assert (found.before, found.entered, found.left, found.now, found.missing) == (4, 5, 4, 5, 0)
    assert {flow.place: flow.count for flow in found.came} == {
        Place(aware.pk): 3,
        Place(outside=True): 1,
        Place(customer.pk, lost=True): 1,
    }
    assert {flow.place: flow.count for flow in found.went} == {
        Place(loyal.pk): 2,
        Place(customer.pk, lost=True): 1,
        Place(outside=True): 1,
    }
    assert found.came[0].named == aware


# The drawing


@pytest.mark.parametrize(("highest", "top"), [(0, 2), (1, 2), (3, 4), (9, 10), (10, 10), (11, 20), (690, 800)])
def test_the_scale_ends_at_a_round_number(highest: int, top: int) -> None:
    assert round_top(highest) == top


@given(st.integers(0, 10**9))
def test_nothing_exceeds_the_scale_and_half_of_it_is_whole(highest: int) -> None:
    top = round_top(highest)
    assert highest <= top < max(5 * highest, 3)
    assert top % 2 == 0


def test_lines_are_drawn_on_one_scale() -> None:
    drawn = chart([0, 5, 10], [0, 0, 1])
    assert drawn.lines == [
        [Dot(0, 100), Dot(50, 50), Dot(100, 0)],
        [Dot(0, 100), Dot(50, 100), Dot(100, 90)],
    ]
    assert drawn.marks == [(10, 0), (5, 50), (0, 100)]
