"""Ins and outs: the ledger of each stage, in days of the organisation's zone."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import Organisation, TeamMember
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact
from journeys.segments.actions import create_segment
from journeys.segments.conditions import Condition, Conditions, Operator, Place
from journeys.status import actions as status
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.heart import last_change

OCTOBER = "/reports/ins-and-outs?since=2025-10-01&until=2025-10-31"


@pytest.fixture
def reading(client_of, viewer: TeamMember) -> Client:
    return client_of(viewer)


def on(day: int, month: int = 10, hour: int = 12) -> datetime:
    return datetime(2025, month, day, hour, tzinfo=UTC)


def moved(contact: Contact, to: Stage | None, at: datetime) -> None:
    status.change_status(
        contacts=[contact.pk], to=to, cause=Cause.MANUAL, by=None, dates={contact.pk: at}, back_allowed=True
    )


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def row(client: Client, address: str, stage: str) -> dict[str, str]:
    """A row of the file."""
    response = client.get(f"{address}&format=csv")
    assert response.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    return next(row for row in rows if row["stage"] == stage)


def test_every_term_of_a_stage(reading: Client, aware: Stage, customer: Stage, loyal: Stage) -> None:
    _, forward, back, level, to_none, lost, recovered = (contact_in(customer, since=on(1, 9)) for _ in range(7))
    moved(forward, loyal, on(3))
    moved(back, aware, on(3))
    Stage.objects.filter(pk=loyal.pk).update(weight=customer.weight)
    moved(level, loyal, on(4))
    moved(to_none, None, on(5))
    for contact, at in ((lost, on(6)), (recovered, on(20, 9))):
        status.mark_lost(contacts=[contact.pk], reason=None, cause=Cause.MANUAL, by=None, dates={contact.pk: at})
    status.recover(contacts=[recovered.pk], cause=Cause.MANUAL, by=None, dates={recovered.pk: on(7)})
    contact_in(customer, since=on(8))
    contact_in(customer, since=on(1, 11))

    assert row(reading, OCTOBER, "Customer") == {
        "stage": "Customer",
        "at the start": "6",
        "in": "1",
        "forward": "1",
        "back": "1",
        "level": "1",
        "to no stage": "1",
        "lost": "1",
        "recovered": "1",
        "erased": "0",
        "at the end": "3",
        "does not add up by": "0",
    }
    shown = reading.get(OCTOBER).text
    assert "Ins and outs in October 2025, against September 2025" in shown
    assert "It adds up: every row, the lost, and the whole book." in shown
    assert "does not add up" not in shown


def test_days_are_those_of_the_organisation(reading: Client, aware: Stage) -> None:
    Organisation.objects.update(time_zone="Asia/Kathmandu")
    contact_in(aware, since=datetime(2025, 9, 30, 18, 20, tzinfo=UTC))  # 0:05 on 1 October there
    contact_in(aware, since=datetime(2025, 9, 30, 18, 10, tzinfo=UTC))  # 23:55 on 30 September
    found = row(reading, OCTOBER, "Aware")
    assert (found["at the start"], found["in"], found["at the end"]) == ("1", "1", "2")


def test_every_number_opens_who_is_behind_it(reading: Client, aware: Stage, customer: Stage) -> None:
    contact = contact_in(aware, since=on(1, 9), first_name="Nadia")
    moved(contact, customer, on(3))
    shown = reading.get(OCTOBER).text
    names = [address.replace("&amp;", "&") for address in re.findall(r'href="(/reports/contacts[^"]*)"', shown)]
    for said in (f"place={aware.pk}&term=forward", f"place={customer.pk}&term=came", f"place={customer.pk}&report"):
        (address,) = {name for name in names if said in name and "since=2025-10-01" in name}
        assert "Nadia" in reading.get(address).text
    (moved_address,) = {name for name in names if "term=moved" in name}
    assert "From Aware to Customer in October 2025" in reading.get(moved_address).text


def test_the_three_largest_movements(reading: Client, aware: Stage, customer: Stage, loyal: Stage) -> None:
    for number in range(4):
        moved(contact_in(aware, since=on(1, 9)), customer, on(3))
        if number < 2:
            moved(contact_in(customer, since=on(1, 9)), loyal, on(3))
    moved(contact_in(loyal, since=on(1, 9)), aware, on(3))
    moved(contact_in(loyal, since=on(1, 9)), aware, on(3))
    moved(contact_in(loyal, since=on(1, 9)), aware, on(3))
    moved(contact_in(loyal, since=on(1, 9)), None, on(3))
    shown = words(reading.get(OCTOBER).text)
    assert "4 from Aware to Customer 3 from Loyal Customer to Aware 2 from Customer to Loyal Customer" in shown
    assert "to no stage How" not in shown


def test_undone_changes_are_left_out_until_they_are_asked_for(reading: Client, aware: Stage, customer: Stage) -> None:
    contact = contact_in(aware, since=on(1, 9))
    moved(contact, customer, on(3))
    status.put_back(changes=[last_change(contact).pk], cause=Cause.UNDO, by=None)
    assert row(reading, OCTOBER, "Aware")["forward"] == "0"
    recorded = row(reading, f"{OCTOBER}&changes=recorded", "Aware")
    assert (recorded["forward"], recorded["at the end"]) == ("1", "0")


def test_of_contacts_that_carry_a_label(reading: Client, aware: Stage, customer: Stage) -> None:
    label = LabelFactory(name="newsletter")
    carrier, other = contact_in(aware, since=on(1, 9)), contact_in(aware, since=on(1, 9))
    CarriedLabel.objects.create(contact=carrier, label=label)
    for contact in (carrier, other):
        moved(contact, customer, on(3))
    address = f"{OCTOBER}&label={label.pk}"
    found = row(reading, address, "Aware")
    assert (found["at the start"], found["forward"], found["at the end"]) == ("1", "1", "0")
    shown = reading.get(address).text
    assert "of contacts carrying newsletter" in shown
    assert "Members as they are today; their stages as they were then." in shown


def test_of_a_segment_its_members_as_they_are_today(
    reading: Client, client_of, viewer: TeamMember, operator: TeamMember, aware: Stage, customer: Stage
) -> None:
    """Their stages as they were then: whoever is in Customer today came from Aware."""
    now_in_customer = Conditions(((Condition("status", Operator.IS, place=Place(str(customer.pk))),),))
    segment = create_segment(name="Buyers", conditions=now_in_customer, is_for_all=False, by=viewer)
    moved(contact_in(aware, since=on(1, 9)), customer, on(3))
    contact_in(aware, since=on(1, 9))
    address = f"{OCTOBER}&segment={segment.pk}"
    found = row(reading, address, "Aware")
    assert (found["at the start"], found["forward"], found["at the end"]) == ("1", "1", "0")
    assert "of contacts matching Buyers" in reading.get(address).text
    for_somebody_else = client_of(operator).get(address).text
    assert "You see no such segment: this is about everybody." in for_somebody_else
    assert "Buyers" not in for_somebody_else


def test_the_link_shows_the_same_to_everybody(reading: Client, client_of, operator: TeamMember, aware: Stage) -> None:
    """Whatever was asked for, the address at the foot names the days."""
    contact_in(aware)
    shown = reading.get("/reports/ins-and-outs?period=last-quarter").text
    (address,) = re.findall(r'href="http://testserver(/reports/ins-and-outs\?since=[^"]*)"', shown)
    operator.time_zone = "America/New_York"
    operator.save()
    title = re.search(r"<h1>([^<]*)", shown)
    again = re.search(r"<h1>([^<]*)", client_of(operator).get(address.replace("&amp;", "&")).text)
    assert title and again and title[1] == again[1]


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("since=2025-13-01", "Give a date such as 2026-05-03."),
        ("since=2999-01-01", "That day is still to come."),
        ("since=1900-01-01", "Give a day after 1970."),
        ("since=2025-10-05&until=2025-10-01", "This is before the first day."),
        ("label=999", "There is no such label any more: this is about everybody."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(reading: Client, said: str, problem: str) -> None:
    response = reading.get(f"/reports/ins-and-outs?{said}")
    assert response.status_code == 200
    assert problem in response.text


def test_a_wrong_day_stays_as_it_was_typed_and_the_other_is_kept(reading: Client) -> None:
    shown = reading.get("/reports/ins-and-outs?since=2025-10-05&until=2025-10-01").text
    assert 'value="2025-10-01"' in shown


def test_an_empty_book_reads_well(reading: Client) -> None:
    shown = words(reading.get(OCTOBER).text)
    assert "Nobody was moved in October 2025." in shown
    assert "It adds up" in shown


@pytest.mark.parametrize("contacts", [1, 3])
def test_the_number_of_queries_does_not_grow(reading: Client, aware: Stage, customer: Stage, contacts: int) -> None:
    for _ in range(contacts):
        moved(contact_in(aware, since=on(1, 9)), customer, on(3))
    with assertNumQueries(16):
        reading.get(OCTOBER)
