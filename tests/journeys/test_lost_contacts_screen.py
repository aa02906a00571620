"""Lost: from which stage, why and when contacts were lost, and who came back after how long."""

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
from journeys.book.actions import erase_contacts
from journeys.status import actions as status
from journeys.status.models import LostReason
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.heart import last_change

SPRING = "/reports/lost?since=2025-03-01&until=2025-04-30"


@pytest.fixture
def reading(client_of, viewer: TeamMember) -> Client:
    return client_of(viewer)


@pytest.fixture
def reasons(db: None) -> list[LostReason]:
    return list(LostReason.objects.all()[:2])


def on(day: int, month: int = 3) -> datetime:
    return datetime(2025, month, day, 12, tzinfo=UTC)


def lost(stage: Stage | None, at: datetime, reason: LostReason | None = None, **fields: str) -> Contact:
    return contact_in(stage, since=on(1, 2), lost=True, lost_at=at, reason=reason, **fields)


def recovered(contact: Contact, at: datetime) -> None:
    status.recover(contacts=[contact.pk], cause=Cause.MANUAL, by=None, dates={contact.pk: at})


def figures(client: Client, address: str = SPRING) -> dict[tuple[str, str], list[str]]:
    """Lost, came back and the median days until then, by how they are divided."""
    lines = list(csv.reader(io.StringIO(client.get(f"{address}&format=csv").content.decode())))
    return {(by, name): numbers for by, name, *numbers in lines[1:]}


def test_by_stage_reason_and_month(reading: Client, aware: Stage, customer: Stage, reasons: list[LostReason]) -> None:
    for day, back in ((3, 5), (4, 10)):
        recovered(lost(aware, on(day), reasons[0]), on(back))
    lost(aware, on(9, 4), reasons[1])
    lost(customer, on(9, 4))
    lost(None, on(9, 4), reasons[0])
    lost(aware, on(9, 5))
    assert figures(reading) == {
        ("stage", "Aware"): ["3", "2", "4.0"],
        ("stage", "Customer"): ["1", "0", ""],
        ("stage", "Without a stage"): ["1", "0", ""],
        ("reason", reasons[0].name): ["3", "2", "4.0"],
        ("reason", reasons[1].name): ["1", "0", ""],
        ("reason", "Without a reason"): ["1", "0", ""],
        ("month", "March 2025"): ["2", "2", "4.0"],
        ("month", "April 2025"): ["3", "0", ""],
    }


def test_who_was_lost_twice_counts_twice(reading: Client, aware: Stage) -> None:
    contact = lost(aware, on(3))
    recovered(contact, on(4))
    status.mark_lost(contacts=[contact.pk], reason=None, cause=Cause.MANUAL, by=None, dates={contact.pk: on(5)})
    assert figures(reading)["stage", "Aware"] == ["2", "1", "1.0"]


def test_the_reason_is_the_one_given_last(reading: Client, aware: Stage, reasons: list[LostReason]) -> None:
    still_lost, came_back, erased = (lost(aware, on(3), reasons[0]) for _ in range(3))
    for contact in (still_lost, came_back, erased):
        status.mark_lost(contacts=[contact.pk], reason=reasons[1], cause=Cause.MANUAL, by=None)
    status.recover(contacts=[came_back.pk], cause=Cause.MANUAL, by=None)
    erase_contacts(contacts=[erased.pk], by=None)
    found = figures(reading)
    assert ("reason", reasons[0].name) not in found
    assert found["reason", reasons[1].name][:2] == ["3", "1"]


def test_what_was_undone_is_left_out_and_offered(reading: Client, aware: Stage, customer: Stage) -> None:
    contact = lost(aware, on(3))
    status.put_back(changes=[last_change(contact).pk], cause=Cause.UNDO, by=None)
    assert "No contact became lost during 1 March to 30 April 2025." in reading.get(SPRING).text
    assert figures(reading, f"{SPRING}&changes=recorded")["stage", "Aware"][:2] == ["1", "1"]
    back_again = lost(customer, on(3))
    status.recover(contacts=[back_again.pk], cause=Cause.MANUAL, by=None)
    status.put_back(changes=[last_change(back_again).pk], cause=Cause.UNDO, by=None)
    assert figures(reading)["stage", "Customer"] == ["1", "0", ""]


def test_months_are_those_of_the_organisation(reading: Client, aware: Stage) -> None:
    Organisation.objects.update(time_zone="America/New_York")
    lost(aware, datetime(2025, 4, 1, 3, 59, tzinfo=UTC))
    lost(aware, datetime(2025, 4, 1, 4, 1, tzinfo=UTC))
    found = figures(reading)
    assert (found["month", "March 2025"][0], found["month", "April 2025"][0]) == ("1", "1")


def test_every_number_opens_who_is_behind_it(reading: Client, aware: Stage, reasons: list[LostReason]) -> None:
    recovered(lost(aware, on(3), reasons[0], first_name="Nadia"), on(4))
    lost(None, on(3, 4), first_name="Omar")
    shown = reading.get(SPRING).text
    addresses = [found.replace("&amp;", "&") for found in re.findall(r'href="(/reports/contacts[^"]*)"', shown)]
    people = [set(re.findall(r"Nadia|Omar", reading.get(address).text)) for address in addresses]
    nadia, omar = {"Nadia"}, {"Omar"}
    of_stages = [nadia, nadia, omar]
    of_reasons = (
        [nadia, nadia, omar] if f">{reasons[0].name}<" in shown.split("Without a reason")[0] else [omar, nadia, nadia]
    )
    assert people == [nadia | omar, nadia, *of_stages, *of_reasons, nadia, nadia, omar]
    titles = [re.search(r"<h1[^>]*>\s*([^<]*)", reading.get(address).text) for address in addresses]
    assert [title and title[1].strip() for title in titles][:5] == [
        "Lost during 1 March to 30 April 2025",
        "Lost during 1 March to 30 April 2025 and came back",
        "Lost from Aware during 1 March to 30 April 2025",
        "Lost from Aware during 1 March to 30 April 2025 and came back",
        "Lost, without a stage, during 1 March to 30 April 2025",
    ]


def test_of_contacts_that_carry_a_label(reading: Client, aware: Stage) -> None:
    label = LabelFactory(name="newsletter")
    CarriedLabel.objects.create(contact=lost(aware, on(3)), label=label)
    lost(aware, on(3))
    assert figures(reading, f"{SPRING}&label={label.pk}")["stage", "Aware"][0] == "1"


def test_a_single_contact_reads_well(reading: Client, aware: Stage) -> None:
    lost(aware, on(3))
    shown = reading.get(SPRING).text
    assert "Half of them within" not in shown.split("<table")[0]
    assert "is-few" in shown


def test_a_long_period_shows_the_page_first_and_counts_then(reading: Client, aware: Stage) -> None:
    lost(aware, on(3))
    address = "/reports/lost?since=2024-05-01&until=2025-04-30"
    page = reading.get(address).text
    assert "takes a few seconds" in page
    assert "From which stage" not in page
    part = reading.get(address, headers={"HX-Request": "true", "HX-Target": "lost-contacts-figures"}).text
    assert part.startswith('<section id="lost-contacts-figures"')
    assert "From which stage" in part


@pytest.mark.parametrize("contacts", [1, 3])
def test_the_number_of_queries_does_not_grow(reading: Client, aware: Stage, contacts: int) -> None:
    for _ in range(contacts):
        lost(aware, on(3))
    with assertNumQueries(10):
        reading.get(SPRING)
