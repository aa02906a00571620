"""When steps of a campaign are due, in which order they stand, and who comes in."""

import calendar
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.campaigns.models import CampaignMember, CampaignStep
from journeys.campaigns.plan import MOST, TOP, Before, Plan, due_at, enters

Kind, Unit, When = CampaignStep.Kind, CampaignStep.Unit, CampaignStep.When
How, Left = CampaignMember.How, CampaignMember.Left

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")]
)
MOMENTS = st.integers(631152000, 5680281600).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
"""From 1990 to 2150."""


def after(amount: int, unit: str) -> CampaignStep:
    return CampaignStep(when=When.AFTER, amount=amount, unit=unit)


def local(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


# When


@pytest.mark.parametrize(
    ("since", "amount", "unit", "due"),
    [
        ("2026-01-10 09:00", 90, Unit.MINUTES, "2026-01-10 10:30"),
        ("2026-01-10 09:00", 20, Unit.HOURS, "2026-01-11 05:00"),
        ("2026-01-10 09:00", 3, Unit.DAYS, "2026-01-13 09:00"),
        # The night of 28 to 29 March 2026 leaves out 02:00 to 03:00: a day keeps its time, 24 hours do not.
        ("2026-03-28 12:00", 1, Unit.DAYS, "2026-03-29 12:00"),
        ("2026-03-28 12:00", 24, Unit.HOURS, "2026-03-29 13:00"),
        ("2026-03-28 02:30", 1, Unit.DAYS, "2026-03-29 03:30"),
        # The night of 24 to 25 October 2026 has 02:00 to 03:00 twice: the first counts.
        ("2026-10-24 12:00", 1, Unit.DAYS, "2026-10-25 12:00"),
        ("2026-10-24 12:00", 24, Unit.HOURS, "2026-10-25 11:00"),
        ("2026-10-24 02:30", 1, Unit.DAYS, "2026-10-25 02:30"),
        # Days that a month does not have.
        ("2026-01-31 09:00", 1, Unit.MONTHS, "2026-02-28 09:00"),
        ("2028-01-31 09:00", 1, Unit.MONTHS, "2028-02-29 09:00"),
        ("2026-08-31 09:00", 1, Unit.MONTHS, "2026-09-30 09:00"),
        ("2026-11-30 09:00", 3, Unit.MONTHS, "2027-02-28 09:00"),
        ("2026-12-15 09:00", 1, Unit.MONTHS, "2027-01-15 09:00"),
        ("2028-02-29 09:00", 1, Unit.YEARS, "2029-02-28 09:00"),
        ("2028-02-29 09:00", 4, Unit.YEARS, "2032-02-29 09:00"),
    ],
)
def test_a_relative_time_period_goes_by_the_calendar_of_the_organisation(
    since: str, amount: int, unit: str, due: str
) -> None:
    assert due_at(after(amount, unit), local(since), BERLIN) == local(due)


def test_a_day_after_the_second_of_two_times_of_night_is_a_day_later() -> None:
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert second.astimezone(BERLIN).isoformat() == "2026-10-25T02:30:00+01:00"
    assert due_at(after(1, Unit.DAYS), second, BERLIN) == local("2026-10-26 02:30")


def test_the_zone_decides_which_day_it_is() -> None:
    late = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    assert due_at(after(1, Unit.MONTHS), late, ZoneInfo("UTC")) == datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    assert due_at(after(1, Unit.MONTHS), late, BERLIN) == datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    assert due_at(after(1, Unit.MONTHS), late, ZoneInfo("Asia/Tokyo")) == datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    in_march = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    assert due_at(after(1, Unit.MONTHS), in_march, ZoneInfo("UTC")) == datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    assert due_at(after(1, Unit.MONTHS), in_march, ZoneInfo("Asia/Tokyo")) == datetime(2026, 3, 31, 23, 30, tzinfo=UTC)


def test_immediately_is_at_once_and_a_date_that_has_passed_too() -> None:
    since = datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert due_at(CampaignStep(when=When.IMMEDIATELY), since, BERLIN) == since
    assert due_at(CampaignStep(when=When.AT, at=since - timedelta(days=3)), since, BERLIN) == since
    assert due_at(CampaignStep(when=When.AT, at=since + timedelta(days=3)), since, BERLIN) == since + timedelta(days=3)


@given(MOMENTS, ZONES, st.integers(1, 3_650))
def test_days_keep_the_time_of_day_unless_the_night_leaves_it_out(since: datetime, zone: ZoneInfo, days: int) -> None:
    due = due_at(after(days, Unit.DAYS), since, zone)
    before, then = since.astimezone(zone), due.astimezone(zone)
    wanted = before.replace(tzinfo=None) + timedelta(days=days)
    later = then.replace(tzinfo=None) - wanted
    exists = wanted.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wanted
    assert later == timedelta(0) if exists else timedelta(0) < later <= timedelta(hours=1)
    assert since < due


@given(MOMENTS, ZONES, st.integers(1, 120))
def test_months_keep_the_day_or_take_the_last_one(since: datetime, zone: ZoneInfo, months: int) -> None:
    before, then = since.astimezone(zone), due_at(after(months, Unit.MONTHS), since, zone).astimezone(zone)
    assert (then.year * 12 + then.month) - (before.year * 12 + before.month) == months
    assert then.day == min(before.day, calendar.monthrange(then.year, then.month)[1])


@given(MOMENTS, ZONES, st.integers(1, 10))
def test_a_year_is_twelve_months(since: datetime, zone: ZoneInfo, years: int) -> None:
    assert due_at(after(years, Unit.YEARS), since, zone) == due_at(after(12 * years, Unit.MONTHS), since, zone)


@given(MOMENTS, ZONES, st.integers(1, 10_000))
def test_hours_are_elapsed_time(since: datetime, zone: ZoneInfo, hours: int) -> None:
    assert due_at(after(hours, Unit.HOURS), since, zone) - since == timedelta(hours=hours)


@given(ZONES, st.sampled_from(list(MOST)))
def test_the_longest_periods_can_be_written_down(zone: ZoneInfo, unit: CampaignStep.Unit) -> None:
    since = datetime(2200, 12, 31, 23, 59, tzinfo=UTC)
    assert since < due_at(after(MOST[unit], unit), since, zone) < datetime(2222, 1, 2, tzinfo=UTC)


# In which order


def step(
    pk: int, position: int = 0, *, parent: int | None = None, branch: str = "", gone: bool = False
) -> CampaignStep:
    removed = datetime(2026, 1, 1, tzinfo=UTC) if gone else None
    return CampaignStep(pk=pk, position=position, parent_id=parent, branch=branch, removed_at=removed)


def test_a_condition_is_followed_by_its_yes_then_its_no_then_what_stands_below_it() -> None:
    plan = Plan(
        [
            step(5, 1),
            step(4, parent=1, branch="no"),
            step(3, 1, parent=1, branch="yes"),
            step(2, 0, parent=1, branch="yes"),
            step(6, parent=2, branch="no"),
            step(1, 0),
        ]
    )
    assert [one.pk for one in plan.steps] == [1, 2, 6, 3, 4, 5]
    assert [one.pk for one in plan.branch(TOP)] == [1, 5]
    assert [one.pk for one in plan.branch((1, "yes"))] == [2, 3]
    assert plan.branch((3, "yes")) == []
    assert [one.pk for one in plan.below(plan.steps[0])] == [2, 6, 3, 4]
    assert [plan.position(pk) for pk in (1, 2, 6, 3, 4, 5)] == [0, 1, 2, 3, 4, 5]


def test_removed_steps_and_all_below_them_are_not_part_of_it() -> None:
    plan = Plan([step(1, gone=True), step(2, parent=1, branch="yes"), step(3, 1)])
    assert [one.pk for one in plan.steps] == [3]
    assert (1 in plan, 2 in plan, 3 in plan) == (False, False, True)


# Who comes in


@pytest.mark.parametrize(
    ("before", "from_segment", "from_form", "by_hand"),
    [
        (None, "yes", "yes", "yes"),
        (Before(1, is_in=True), "no", "if it may restart", "if it may restart"),
        (Before(1, is_in=True, waits=True), "no", "no", "no"),
        (Before(1, is_in=False, left_because=Left.SEGMENTS), *["if it may restart"] * 3),
        (Before(2, is_in=False, left_because=Left.BY_HAND), "no", "no", "yes"),
    ],
)
def test_who_was_in_a_campaign_comes_in_again_only_where_that_is_allowed(
    before: Before | None, from_segment: str, from_form: str, by_hand: str
) -> None:
    answers = {(False, False): "no", (False, True): "if it may restart", (True, True): "yes"}
    for how, answer in ((How.SEGMENT, from_segment), (How.WEB_FORM, from_form), (How.BY_HAND, by_hand)):
        entered = (enters(how, before, may_restart=False), enters(how, before, may_restart=True))
        assert answers[entered] == answer
