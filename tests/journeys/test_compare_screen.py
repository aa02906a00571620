"""As of and compare: the funnel at the end of a day, beside another day."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact
from journeys.reports.queries import funnel_at
from journeys.status import actions as status
from stages.models import Stage
from tests.factories import LabelFactory, contact_in

BOTH = "/reports/compare?until=2025-10-31&beside_until=2025-09-30"


@pytest.fixture
def reading(client_of, viewer: TeamMember) -> Client:
    return client_of(viewer)


def on(day: int, month: int = 10) -> datetime:
    return datetime(2025, month, day, 12, tzinfo=UTC)


def moved(contact: Contact, to: Stage | None, at: datetime) -> None:
    status.change_status(contacts=[contact.pk], to=to, cause=Cause.MANUAL, by=None, dates={contact.pk: at})


def figures(client: Client, address: str) -> dict[str, list[int]]:
    """For each stage: in it then, beside, difference; lost from it then, beside, difference."""
    rows = list(csv.reader(io.StringIO(client.get(f"{address}&format=csv").content.decode())))
    return {row[0]: [int(cell) for cell in row[1:]] for row in rows[1:]}


def test_both_moments_and_the_difference(reading: Client, aware: Stage, customer: Stage) -> None:
    contact_in(aware, since=on(1, 9))
    moved(contact_in(aware, since=on(1, 9)), customer, on(3))
    contact_in(customer, since=on(1, 9), lost=True, lost_at=on(4))
    contact_in(None, since=on(5))
    contact_in(aware, since=on(1, 11))
    found = figures(reading, BOTH)
    assert found["Aware"] == [1, 2, -1, 0, 0, 0]
    assert found["Customer"] == [1, 1, 0, 1, 0, 1]
    assert found["No status yet"] == [1, 0, 1, 0, 0, 0]
    shown = reading.get(BOTH).text
    assert "The funnel at the end of 31 October 2025 and at the end of 30 September 2025" in shown
    assert "1 from Aware to Customer" in re.sub(r"<[^>]*>", "", shown)


def test_the_later_day_may_stand_on_either_side(reading: Client, aware: Stage) -> None:
    contact_in(aware, since=on(1))
    other_way = "/reports/compare?until=2025-09-30&beside_until=2025-10-31"
    assert (figures(reading, BOTH)["Aware"][:3], figures(reading, other_way)["Aware"][:3]) == ([1, 0, 1], [0, 1, -1])
    assert "largest movements" not in reading.get(other_way).text
    same = "/reports/compare?until=2025-10-31&beside_until=2025-10-31"
    assert figures(reading, same)["Aware"][:3] == [1, 1, 0]


def test_as_of_now_equals_now(reading: Client, aware: Stage) -> None:
    contact_in(aware, since=on(1))
    contact_in(aware)
    today = timezone.localdate()
    found = figures(reading, f"/reports/compare?until={today}&beside_until={today}")
    assert found["Aware"][:2] == [2, 2]
    assert funnel_at().in_stage(aware.pk) == 2
    yesterday = today - timedelta(days=1)
    shown = reading.get(f"/reports/compare?until={today}&beside_until={yesterday}").text
    assert "The funnel now and at the end of" in shown


def test_every_number_opens_the_names_of_then(reading: Client, aware: Stage, customer: Stage) -> None:
    moved(contact_in(aware, since=on(1, 9), first_name="Nadia"), customer, on(3))
    addresses = [
        address.replace("&amp;", "&")
        for address in re.findall(r'href="(/reports/contacts[^"]*)"', reading.get(BOTH).text)
    ]
    for said in (f"beside_until=2025-09-30&place={customer.pk}&report", f"last=2025-09-30&place={aware.pk}&report"):
        (address,) = {one for one in addresses if said in one}
        opened = reading.get(address)
        assert "Nadia" in opened.text
        assert re.search(r"^/reports/compare\?.*until=2025-10-31&.*beside_until=2025-09-30$", opened.context["back"])
    assert all("Nadia" in reading.get(one).text for one in addresses)


def test_stages_are_called_what_they_were_called_then(reading: Client, aware: Stage) -> None:
    contact_in(aware, since=on(1))
    aware.name = "Known"
    aware.save()
    assert "Aware" in figures(reading, BOTH)
    today = timezone.localdate()
    assert "Known" in figures(reading, f"/reports/compare?until={today}")


def test_of_contacts_that_carry_a_label(reading: Client, aware: Stage) -> None:
    label = LabelFactory(name="newsletter")
    carrier, _ = contact_in(aware, since=on(1)), contact_in(aware, since=on(1))
    CarriedLabel.objects.create(contact=carrier, label=label)
    assert figures(reading, f"{BOTH}&label={label.pk}")["Aware"][:3] == [1, 0, 1]
    page = reading.get(f"{BOTH}&label={label.pk}").text
    assert 'hx-trigger="load"' in page


def test_an_empty_book_reads_well(reading: Client) -> None:
    shown = reading.get(BOTH).text
    assert "Nobody was moved between the two." in shown
    assert set(map(tuple, figures(reading, BOTH).values())) == {(0,) * 6}


@pytest.mark.parametrize("contacts", [1, 3])
def test_the_number_of_queries_does_not_grow(reading: Client, aware: Stage, customer: Stage, contacts: int) -> None:
    for _ in range(contacts):
        moved(contact_in(aware, since=on(1, 9)), customer, on(3))
    with assertNumQueries(12):
        reading.get(BOTH)
