"""Who is behind a number of a report: contacts that stood somewhere, or the changes of a period."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact
from journeys.book.actions import erase_contacts
from journeys.reports import people
from journeys.runs.models import RunPreview
from journeys.runs.operations import Selection
from journeys.runs.selections import selected
from journeys.status import actions as status
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.heart import run_sql

DAYS = "since=2025-10-01&until=2025-10-31"


@pytest.fixture
def reading(client_of, viewer: TeamMember) -> Client:
    return client_of(viewer)


def on(day: int, month: int = 10) -> datetime:
    return datetime(2025, month, day, 12, tzinfo=UTC)


def moved(contact: Contact, to: Stage | None, at: datetime) -> None:
    status.change_status(contacts=[contact.pk], to=to, cause=Cause.MANUAL, by=None, dates={contact.pk: at})


def address(said: str) -> str:
    return f"/reports/contacts?{DAYS}&{said}"


def names(client: Client, said: str) -> list[str]:
    response = client.get(address(said))
    assert response.status_code == 200
    return re.findall(r'<a class="name"[^>]*>([^<]*)</a>', response.text)


def title(client: Client, said: str) -> str:
    found = re.search(r"<h1>([^<]*)", client.get(address(said)).text)
    assert found
    return found[1].strip()


def test_who_stood_in_a_stage_at_the_end_with_its_name_of_then(reading: Client, aware: Stage, customer: Stage) -> None:
    for first_name, since in (("Ada", on(1)), ("Bea", on(31)), ("Cem", on(1, 11))):
        contact_in(aware, since=since, first_name=first_name, last_name="Test")
    left = contact_in(aware, since=on(1), first_name="Dan", last_name="Test")
    moved(left, customer, on(2))
    came_back = contact_in(customer, since=on(1), first_name="Eve", last_name="Test")
    moved(came_back, aware, on(30))
    assert names(reading, f"place={aware.pk}") == ["Ada Test", "Bea Test", "Eve Test"]
    assert title(reading, f"place={aware.pk}") == "In Aware at the end of 31 October 2025"


def test_who_stood_in_one_place_before_and_in_another_at_the_end(
    reading: Client, aware: Stage, customer: Stage
) -> None:
    before, during = contact_in(aware, since=on(1, 9)), contact_in(aware, since=on(2))
    for contact in (before, during):
        moved(contact, customer, on(3))
    said = f"was={aware.pk}&place={customer.pk}"
    assert names(reading, said) == [str(before)]
    assert title(reading, said) == "In Aware before 1 October 2025, in Customer at the end of 31 October 2025"
    assert names(reading, f"was=outside&place={customer.pk}") == [str(during)]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("place={aware}&term=forward", "Forward from Aware in October 2025"),
        ("place=none&term=came", "Came into no stage in October 2025"),
        ("place=lost&term=recovered", "Recovered in October 2025"),
        ("place=all&term=came", "New in the book in October 2025"),
        ("place={aware}&term=moved&was=none", "From no stage to Aware in October 2025"),
        ("place=none-lost", "Lost, without a stage at the end of 31 October 2025"),
        ("place=any", "In any stage at the end of 31 October 2025"),
    ],
)
def test_the_title_says_who_they_are_and_nobody_reads_well(
    reading: Client, aware: Stage, said: str, words: str
) -> None:
    said = said.format(aware=aware.pk)
    assert title(reading, said) == words
    assert f"{words}: no contact." in reading.get(address(said)).text


@pytest.mark.parametrize(
    "said",
    ["", "place=", "place=x", "place=0", "place=3-lost-lost", "place=3&term=x", "place=3&term=moved", "term=came"],
)
def test_an_address_that_names_no_number_is_not_there(reading: Client, said: str) -> None:
    assert reading.get(address(said)).status_code == 404


def test_pages_of_contacts_and_of_changes(
    monkeypatch: pytest.MonkeyPatch, reading: Client, aware: Stage, customer: Stage
) -> None:
    contacts = [contact_in(aware, since=on(1, 9)) for _ in range(5)]
    for number, contact in enumerate(contacts):
        moved(contact, customer, on(number + 1))
    monkeypatch.setattr(people.page_behind, "__kwdefaults__", {"before": "", "after": "", "size": 2})
    ordered = [str(contact) for contact in contacts]
    for said, expected in ((f"place={customer.pk}", ordered), (f"place={customer.pk}&term=came", ordered[::-1])):
        seen, here = [], address(said)
        for _ in range(3):
            shown = reading.get(here).text
            seen.append(re.findall(r'<a class="name"[^>]*>([^<]*)</a>', shown))
            following = re.search(r'rel="next" href="([^"]*)"', shown)
            here = "/reports/contacts" + following[1].replace("&amp;", "&") if following else ""
        assert (seen, here) == ([expected[0:2], expected[2:4], expected[4:]], "")
        previous = re.search(r'rel="prev" href="([^"]*)"', shown)
        assert previous
        back = reading.get("/reports/contacts" + previous[1].replace("&amp;", "&")).text
        assert re.findall(r'<a class="name"[^>]*>([^<]*)</a>', back) == expected[2:4]


def test_who_was_erased_is_there_without_a_name(reading: Client, aware: Stage) -> None:
    contact = contact_in(aware, since=on(1))
    erase_contacts(contacts=[contact.pk], by=None)
    response = reading.get(address(f"place={aware.pk}"))
    assert f"Erased contact {contact.pk}" in response.text


def test_label_these_contacts_goes_through_the_preview(client_of, marketer: TeamMember, aware: Stage) -> None:
    label = LabelFactory(name="win back")
    there, _ = contact_in(aware, since=on(1)), contact_in(aware, since=on(1, 11))
    client = client_of(marketer)
    shown = client.get(address(f"place={aware.pk}"))
    link = re.search(r'href="(/contacts/bulk[^"]*behind=[^"]*)"', shown.text)
    assert link
    bulk = link[1].replace("&amp;", "&")
    assert "The 1 contact that matches" in client.get(bulk).text
    response = client.post(bulk, {"act": "put_on_label", "label": label.pk, "note": ""})
    assert response.status_code == 302
    preview = RunPreview.objects.get()
    assert (preview.contacts, preview.records) == ([there.pk], 1)
    assert not CarriedLabel.objects.exists()
    again = selected(Selection.read(preview.selection))
    assert contacts_of(again.sql, again.values) == [there.pk]


def contacts_of(sql: str, values: dict) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.parametrize("said", ["", "x", "{}", '{"place":"3"}', "eyJwbGFjZSI6IjMifQ:1vO:x", "é", "a:b:c"])
def test_a_bulk_change_of_a_number_that_is_none_selects_nobody(client_of, marketer: TeamMember, said: str) -> None:
    response = client_of(marketer).get("/contacts/bulk", {"behind": said})
    assert response.status_code == 200
    assert "The address names no number of a report, so nobody is selected." in response.text


def test_the_file_has_everybody_and_is_for_marketers(
    client_of, viewer: TeamMember, marketer: TeamMember, aware: Stage
) -> None:
    contact_in(aware, since=on(1), first_name="=1+1", last_name="Test", email="ada@example.com")
    there = address(f"place={aware.pk}&format=csv")
    assert client_of(viewer).get(there).status_code == 403
    response = client_of(marketer).get(there)
    (found,) = csv.DictReader(io.StringIO(response.getvalue().decode()))
    assert (found["name"], found["e-mail"], found["to"], found["stands in now"]) == (
        "'=1+1 Test",
        "ada@example.com",
        "Aware",
        "Aware",
    )


def test_viewers_may_not_label(reading: Client, aware: Stage) -> None:
    contact_in(aware, since=on(1))
    shown = reading.get(address(f"place={aware.pk}")).text
    assert "Label these contacts" not in shown
    assert "format=csv" not in shown


@pytest.mark.parametrize("contacts", [1, 3])
@pytest.mark.parametrize("term", ["", "&term=came"])
def test_the_number_of_queries_does_not_grow(reading: Client, aware: Stage, contacts: int, term: str) -> None:
    for _ in range(contacts):
        contact_in(aware, since=on(1))
    with assertNumQueries(12 if term else 13):
        reading.get(address(f"place={aware.pk}{term}"))


def test_members_are_those_of_today(reading: Client, aware: Stage) -> None:
    label = LabelFactory()
    carrier, _ = contact_in(aware, since=on(1)), contact_in(aware, since=on(1))
    CarriedLabel.objects.create(contact=carrier, label=label)
    assert names(reading, f"place={aware.pk}&label={label.pk}") == [str(carrier)]
    run_sql("UPDATE contacts_carriedlabel SET taken_off = true")
    run_sql("DELETE FROM contacts_carriedlabel")
    assert names(reading, f"place={aware.pk}&label={label.pk}") == []
