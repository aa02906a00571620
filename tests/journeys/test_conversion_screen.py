"""Conversion: of the people who entered a stage in a period, how many reached each later stage in time."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import Organisation, TeamMember
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact
from journeys.retiring.actions import merge_stages
from journeys.status import actions as status
from stages.actions import change_stage
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.heart import last_change
from tests.journeys.running import done

MARCH = "/reports/conversion?since=2025-03-01&until=2025-03-31"


@pytest.fixture
def reading(client_of, viewer: TeamMember) -> Client:
    return client_of(viewer)


def on(day: int, month: int = 3) -> datetime:
    return datetime(2025, month, day, 12, tzinfo=UTC)


def moved(contact: Contact, to: Stage, at: datetime) -> None:
    status.change_status(
        contacts=[contact.pk], to=to, cause=Cause.MANUAL, by=None, dates={contact.pk: at}, back_allowed=True
    )


def lost(contact: Contact, at: datetime) -> None:
    status.mark_lost(contacts=[contact.pk], reason=None, cause=Cause.MANUAL, by=None, dates={contact.pk: at})


def rows(client: Client, address: str = MARCH) -> list[list[str]]:
    """The table of the file: the day of entry, people, and how many reached each later stage."""
    lines = list(csv.reader(io.StringIO(client.get(f"{address}&format=csv").content.decode())))
    return lines[1:]


def test_a_skipped_stage_counts_as_reached_and_the_lost_stay_counted(
    reading: Client, aware: Stage, engaged: Stage, customer: Stage
) -> None:
    skips, goes_on, is_lost, stays = (contact_in(aware, since=on(3)) for _ in range(4))
    moved(skips, customer, on(5))
    moved(goes_on, engaged, on(5))
    lost(is_lost, on(4))
    assert stays
    assert rows(reading) == [["March 2025", "4", "2", "1", "0", "0", "no"]]


def test_a_contact_counts_once_by_its_first_entry(reading: Client, aware: Stage, engaged: Stage) -> None:
    contact = contact_in(aware, since=on(3))
    moved(contact, engaged, on(4))
    moved(contact, aware, on(10))
    moved(contact, engaged, on(28))
    assert rows(reading)[0][:3] == ["March 2025", "1", "1"]
    from_the_ninth = "/reports/conversion?since=2025-03-09&until=2025-03-31"
    assert rows(reading, from_the_ninth)[0][1:3] == ["1", "1"]
    assert rows(reading, f"{from_the_ninth}&days=7")[0][1:3] == ["1", "0"]


def test_to_come_back_from_being_lost_is_no_entry(reading: Client, aware: Stage) -> None:
    contact = contact_in(aware, since=on(1, 2), lost=True, lost_at=on(2, 2))
    status.recover(contacts=[contact.pk], cause=Cause.MANUAL, by=None, dates={contact.pk: on(5)})
    assert rows(reading)[0][1] == "0"


def test_what_came_too_late_does_not_count(reading: Client, aware: Stage, engaged: Stage) -> None:
    in_time, too_late = (contact_in(aware, since=on(3)) for _ in range(2))
    moved(in_time, engaged, on(3) + timedelta(days=14))
    moved(too_late, engaged, on(3) + timedelta(days=14, seconds=1))
    assert rows(reading, f"{MARCH}&days=14")[0][1:3] == ["2", "1"]
    assert rows(reading, f"{MARCH}&days=30")[0][1:3] == ["2", "2"]


def test_later_is_by_the_weights_of_then(reading: Client, aware: Stage, engaged: Stage, customer: Stage) -> None:
    before = contact_in(aware, since=on(3))
    moved(before, customer, on(4))
    change_stage(
        stage=engaged, fields={"weight": customer.weight + 5}, by=None
    )  # it was skipped before, and is not now
    after = contact_in(aware, since=on(3))
    moved(after, customer, on(4))
    shown = csv.DictReader(io.StringIO(reading.get(f"{MARCH}&format=csv").content.decode()))
    (row,) = list(shown)
    assert (row["reached Customer within 30 days"], row["reached Engaged within 30 days"]) == ("2", "1")


def test_a_merged_stage_takes_nobody_further(reading: Client, aware: Stage, engaged: Stage, customer: Stage) -> None:
    contact_in(aware, since=on(3))
    done(merge_stages(stage=aware, into=customer, by=None))
    assert rows(reading, f"{MARCH}&stage={aware.pk}&days=365")[0][:4] == ["March 2025", "1", "0", "0"]
    today = datetime.now(UTC).date()
    assert rows(reading, f"/reports/conversion?since={today}&until={today}&stage={customer.pk}")[0][1] == "0"


def test_what_was_undone_is_left_out_and_offered(reading: Client, aware: Stage, engaged: Stage) -> None:
    contact = contact_in(aware, since=on(3))
    moved(contact, engaged, on(4))
    status.put_back(changes=[last_change(contact).pk], cause=Cause.UNDO, by=None)
    assert rows(reading)[0][1:3] == ["1", "0"]
    assert rows(reading, f"{MARCH}&changes=recorded")[0][1:3] == ["1", "1"]
    assert "Changes that were undone are left out" in reading.get(MARCH).text


def test_groups_are_by_the_days_of_the_organisation(reading: Client, aware: Stage) -> None:
    Organisation.objects.update(time_zone="Asia/Kathmandu")
    contact_in(aware, since=datetime(2025, 3, 31, 18, 20, tzinfo=UTC))  # five past midnight there
    contact_in(aware, since=datetime(2025, 3, 31, 18, 10, tzinfo=UTC))
    spring = "/reports/conversion?since=2025-03-01&until=2025-04-30"
    assert [row[:2] for row in rows(reading, f"{spring}&by=month")] == [
        ["March 2025", "1"],
        ["April 2025", "1"],
        ["1 March to 30 April 2025", "2"],
    ]


def test_weeks_begin_on_the_day_of_the_organisation(reading: Client, aware: Stage) -> None:
    Organisation.objects.update(first_day_of_week=Organisation.WeekDay.SUNDAY)
    for day in (1, 2, 8, 9):  # 2 March 2025 was a Sunday
        contact_in(aware, since=on(day))
    found = rows(reading, "/reports/conversion?since=2025-03-01&until=2025-03-10&by=week")
    assert [row[:2] for row in found] == [
        ["Week of 1 March 2025", "1"],
        ["Week of 2 March 2025", "2"],
        ["Week of 9 March 2025", "1"],
        ["1 to 10 March 2025", "4"],
    ]


def test_groups_that_are_too_young_are_marked(reading: Client, aware: Stage) -> None:
    today = datetime.now(UTC).date()
    contact_in(aware)
    address = f"/reports/conversion?since={today - timedelta(days=70)}&until={today}&by=month"
    young = [row[-1] for row in rows(reading, address)]
    assert (young[0], young[-2:]) == ("no", ["yes", "yes"])
    shown = reading.get(address).text
    assert shown.count('<tr class="is-young">') == young.count("yes") - 1
    assert "Not everybody has had 30 days yet." in shown


def test_every_number_opens_who_is_behind_it(reading: Client, aware: Stage, engaged: Stage) -> None:
    moved(contact_in(aware, since=on(3), first_name="Nadia"), engaged, on(4))
    contact_in(aware, since=on(20), first_name="Omar")
    shown = reading.get(f"{MARCH}&by=week").text
    addresses = [found.replace("&amp;", "&") for found in re.findall(r'href="(/reports/contacts[^"]*)">\d', shown)]
    people = [set(re.findall(r"Nadia|Omar", reading.get(address).text)) for address in addresses]
    # Both tables: all together, reached Engaged; the two weeks; and their sum.
    assert people == [{"Nadia", "Omar"}, {"Nadia"}, {"Nadia"}, {"Nadia"}, {"Omar"}, {"Nadia", "Omar"}, {"Nadia"}]
    title = re.search(r"<h1[^>]*>(.*?)</h1>", reading.get(addresses[1]).text, re.DOTALL)
    assert title
    assert "Entered Aware in March 2025 and reached Engaged within 30 days" in title[1]
    back = re.search(r'href="(/reports/conversion[^"]*)"', reading.get(addresses[1]).text)
    assert back
    assert reading.get(back[1].replace("&amp;", "&")).status_code == 200


def test_of_contacts_that_carry_a_label(reading: Client, aware: Stage, engaged: Stage) -> None:
    label = LabelFactory(name="newsletter")
    carrier, other = contact_in(aware, since=on(3)), contact_in(aware, since=on(3))
    CarriedLabel.objects.create(contact=carrier, label=label)
    moved(other, engaged, on(4))
    assert rows(reading, f"{MARCH}&label={label.pk}")[0][1:3] == ["1", "0"]


def test_an_empty_period_and_the_heaviest_stage_read_well(reading: Client, promoter: Stage) -> None:
    assert "No contact came into Aware in March 2025." in reading.get(MARCH).text
    contact_in(promoter, since=on(3))
    shown = reading.get(f"{MARCH}&stage={promoter.pk}").text
    assert "No stage is heavier than Promoter, so there is nothing further to reach." in shown


def test_a_long_period_shows_the_page_first_and_counts_then(reading: Client, aware: Stage) -> None:
    contact_in(aware, since=on(3))
    address = "/reports/conversion?since=2024-04-01&until=2025-03-31&by=month"
    page = reading.get(address).text
    assert "takes a few seconds" in page
    assert "conversion-steps" not in page
    part = reading.get(address, headers={"HX-Request": "true", "HX-Target": "conversion-figures"}).text
    assert part.startswith('<section id="conversion-figures"')
    assert "<html" not in part
    without_scripts = re.search(r'class="without-js" href="([^"]*)"', page)
    assert without_scripts
    assert "conversion-steps" in reading.get("/reports/conversion" + without_scripts[1].replace("&amp;", "&")).text


@pytest.mark.parametrize("of", ["stage=999999", "days=8", "by=year", "stage=none&days=²"])
def test_what_means_nothing_stands_for_the_usual(reading: Client, aware: Stage, of: str) -> None:
    contact_in(aware, since=on(3))
    assert reading.get(f"{MARCH}&{of}").status_code == 200
    assert rows(reading, f"{MARCH}&{of}")[0][1] == "1"


@pytest.mark.parametrize("contacts", [1, 3])
def test_the_number_of_queries_does_not_grow(reading: Client, aware: Stage, engaged: Stage, contacts: int) -> None:
    for _ in range(contacts):
        moved(contact_in(aware, since=on(3)), engaged, on(4))
    with assertNumQueries(12):
        reading.get(MARCH)
