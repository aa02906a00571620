"""Flows: where contacts stood when the days began and when they ended."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact
from journeys.book.actions import erase_contacts
from journeys.status import actions as status
from stages.models import Stage
from tests.factories import LabelFactory, contact_in

OCTOBER = "/reports/flows?since=2025-10-01&until=2025-10-31"


@pytest.fixture
def reading(client_of, viewer: TeamMember) -> Client:
    return client_of(viewer)


def on(day: int, month: int = 10) -> datetime:
    return datetime(2025, month, day, 12, tzinfo=UTC)


def moved(contact: Contact, to: Stage | None, at: datetime) -> None:
    status.change_status(
        contacts=[contact.pk], to=to, cause=Cause.MANUAL, by=None, dates={contact.pk: at}, back_allowed=True
    )


def lost(contact: Contact, at: datetime) -> None:
    status.mark_lost(contacts=[contact.pk], reason=None, cause=Cause.MANUAL, by=None, dates={contact.pk: at})


def pairs(client: Client, address: str) -> set[tuple[str, str, int]]:
    rows = csv.DictReader(io.StringIO(client.get(f"{address}&format=csv").content.decode()))
    return {(row["from"], row["to"], int(row["contacts"])) for row in rows}


def test_each_contact_is_counted_once_whatever_lay_between(
    reading: Client, aware: Stage, customer: Stage, loyal: Stage
) -> None:
    _, forward, there_and_back, gets_lost = (contact_in(aware, since=on(1, 9)) for _ in range(4))
    moved(forward, customer, on(2))
    moved(forward, loyal, on(3))
    moved(there_and_back, customer, on(2))
    moved(there_and_back, aware, on(3))
    lost(gets_lost, on(4))
    new = contact_in(aware, since=on(5))
    moved(new, customer, on(6))
    came_back = contact_in(customer, since=on(1, 9), lost=True, lost_at=on(2, 9))
    status.recover(contacts=[came_back.pk], cause=Cause.MANUAL, by=None, dates={came_back.pk: on(7)})
    contact_in(aware, since=on(1, 11))

    assert pairs(reading, OCTOBER) == {
        ("Aware", "Aware", 2),
        ("Aware", "Loyal Customer", 1),
        ("Aware", "Lost", 1),
        ("New in the book", "Customer", 1),
        ("Lost", "Customer", 1),
    }
    shown = reading.get(OCTOBER).text
    figures = {words: int(count) for words, count in re.findall(r"<dt>([^<]*)</dt><dd>(\d+)</dd>", shown)}
    assert figures == {"Stayed": 2, "Forward": 1, "Lost": 1, "Recovered": 1, "New": 1}


def test_erased_since_is_a_place_of_its_own(reading: Client, aware: Stage) -> None:
    erase_contacts(contacts=[contact_in(aware, since=on(1, 9)).pk], by=None)
    assert pairs(reading, "/reports/flows?since=2025-10-01&counted=1") == {("Aware", "Erased", 1)}


def test_every_cell_opens_who_is_behind_it(reading: Client, aware: Stage, customer: Stage) -> None:
    moved(contact_in(aware, since=on(1, 9), first_name="Nadia"), customer, on(3))
    shown = reading.get(OCTOBER).text
    addresses = {address.replace("&amp;", "&") for address in re.findall(r'href="(/reports/contacts[^"]*)"', shown)}
    (address,) = addresses
    assert f"place={customer.pk}&was={aware.pk}" in address
    assert "Nadia" in reading.get(address).text


def test_a_long_period_shows_the_page_first_and_counts_then(reading: Client, aware: Stage) -> None:
    contact_in(aware, since=on(1, 9))
    page = reading.get("/reports/flows?since=2024-11-01&until=2025-10-31").text
    assert 'hx-trigger="load"' in page
    assert "flows-matrix" not in page
    assert "takes a few seconds" in page
    part = reading.get(
        "/reports/flows?since=2024-11-01&until=2025-10-31",
        headers={"HX-Request": "true", "HX-Target": "flows-figures"},
    ).text
    assert part.startswith('<section id="flows-figures"')
    assert "flows-matrix" in part
    assert "<html" not in part
    without_scripts = re.search(r'class="without-js" href="([^"]*)"', page)
    assert without_scripts
    assert "flows-matrix" in reading.get("/reports/flows" + without_scripts[1].replace("&amp;", "&")).text


def test_of_contacts_that_carry_a_label(reading: Client, aware: Stage, customer: Stage) -> None:
    label = LabelFactory(name="newsletter")
    carrier, other = contact_in(aware, since=on(1, 9)), contact_in(aware, since=on(1, 9))
    CarriedLabel.objects.create(contact=carrier, label=label)
    for contact in (carrier, other):
        moved(contact, customer, on(3))
    assert pairs(reading, f"{OCTOBER}&label={label.pk}") == {("Aware", "Customer", 1)}


def test_an_empty_period_and_a_single_contact_read_well(reading: Client, aware: Stage) -> None:
    assert "No contact was in the book when these days began or when they ended." in reading.get(OCTOBER).text
    contact_in(aware, since=on(1, 9))
    assert "Everybody stayed where they were." in reading.get(OCTOBER).text


@pytest.mark.parametrize("contacts", [1, 3])
def test_the_number_of_queries_does_not_grow(reading: Client, aware: Stage, customer: Stage, contacts: int) -> None:
    for _ in range(contacts):
        moved(contact_in(aware, since=on(1, 9)), customer, on(3))
    with assertNumQueries(15):
        reading.get(OCTOBER)
