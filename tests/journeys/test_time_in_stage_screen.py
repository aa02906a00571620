"""Time in stage: how long people stay, completed and still running told apart."""

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
from journeys.reports.stays import Stays
from journeys.status import actions as status
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.heart import last_change

MARCH = "/reports/time-in-stage?since=2025-03-01&until=2025-03-31"


@pytest.fixture
def reading(client_of, viewer: TeamMember) -> Client:
    return client_of(viewer)


def on(day: int, month: int = 3) -> datetime:
    return datetime(2025, month, day, 12, tzinfo=UTC)


def moved(contact: Contact, to: Stage | None, at: datetime) -> None:
    status.change_status(
        contacts=[contact.pk], to=to, cause=Cause.MANUAL, by=None, dates={contact.pk: at}, back_allowed=True
    )


def row_of(client: Client, stage: Stage, address: str = MARCH) -> list[str]:
    """Moved on: people, median, three of four, nine of ten; in it now: the same."""
    lines = csv.reader(io.StringIO(client.get(f"{address}&format=csv").content.decode()))
    return next(line[1:] for line in lines if line[0] == stage.name)


def test_the_parts_within_which_stays_were_over() -> None:
    stays = Stays({24: 1, 48: 1, 72: 1, 240: 1})
    assert (stays.count, stays.median, stays.three_of_four, stays.nine_of_ten) == (4, 2, 3, 10)
    assert Stays({}).median is None
    assert (Stays({5: 1}).median, Stays({5: 1}).nine_of_ten) == (5 / 24, 5 / 24)
    assert Stays({0: 2, 23: 1, 24: 1, 71: 1, 72: 1, 9000: 1}).classes == [3, 2, 1, 0, 0, 0, 0, 0, 0, 1]


def test_stays_that_were_completed_in_the_days(reading: Client, aware: Stage, engaged: Stage) -> None:
    for days in (2, 4, 10):
        moved(contact_in(aware, since=on(20) - timedelta(days=days)), engaged, on(20))
    moved(contact_in(aware, since=on(1)), engaged, on(1, 4))  # another month
    moved(contact_in(aware, since=on(1)), None, on(9))  # left the funnel
    contact_in(aware, since=on(1), lost=True, lost_at=on(3))
    assert row_of(reading, aware)[:4] == ["3", "4.0", "10.0", "10.0"]


def test_days_that_a_contact_was_lost_are_not_counted(reading: Client, aware: Stage, engaged: Stage) -> None:
    came_back = contact_in(aware, since=on(1), lost=True, lost_at=on(3))
    status.recover(contacts=[came_back.pk], cause=Cause.MANUAL, by=None, dates={came_back.pk: on(9)})
    moved(came_back, engaged, on(10))
    assert row_of(reading, aware)[:2] == ["1", "3.0"]
    straight_on = contact_in(engaged, since=on(1), lost=True, lost_at=on(6))
    status.change_status(
        contacts=[straight_on.pk],
        to=aware,
        cause=Cause.MANUAL,
        by=None,
        dates={straight_on.pk: on(20)},
        back_allowed=True,
    )
    assert row_of(reading, engaged)[:2] == ["1", "5.0"]


def test_who_is_there_now_is_told_apart(reading: Client, aware: Stage) -> None:
    now = timezone.now()
    contact_in(aware, since=now - timedelta(days=6, minutes=1))
    came_back = contact_in(aware, since=now - timedelta(days=30), lost=True, lost_at=now - timedelta(days=28))
    status.recover(
        contacts=[came_back.pk], cause=Cause.MANUAL, by=None, dates={came_back.pk: now - timedelta(days=2, minutes=1)}
    )
    contact_in(aware, since=now - timedelta(days=90), lost=True)
    assert row_of(reading, aware) == ["0", "", "", "", "2", "4.0", "6.0", "6.0"]


def test_what_was_undone_completes_no_stay(reading: Client, aware: Stage, engaged: Stage) -> None:
    contact = contact_in(aware, since=on(1))
    moved(contact, engaged, on(9))
    status.put_back(changes=[last_change(contact).pk], cause=Cause.UNDO, by=None)
    assert row_of(reading, aware)[0] == "0"
    assert row_of(reading, aware, f"{MARCH}&changes=recorded")[:2] == ["1", "8.0"]


def test_as_recorded_who_was_made_lost_again_by_an_undo_was_not_lost_in_between(
    reading: Client, aware: Stage, engaged: Stage
) -> None:
    now = timezone.now()
    contact = contact_in(aware, since=now - timedelta(days=20), lost=True, lost_at=now - timedelta(days=10))
    signed = {"contacts": [contact.pk], "cause": Cause.MANUAL, "by": None}
    status.recover(**signed, dates={contact.pk: now - timedelta(days=6)})
    status.put_back(changes=[last_change(contact).pk], cause=Cause.UNDO, by=None)
    status.recover(**signed)
    status.change_status(to=engaged, **signed)
    today = f"/reports/time-in-stage?since={timezone.localdate()}"
    assert row_of(reading, aware, today)[:2] == ["1", "10.0"]
    assert row_of(reading, aware, f"{today}&changes=recorded")[:2] == ["1", "16.0"]


def test_few_stays_are_grey(reading: Client, aware: Stage, engaged: Stage) -> None:
    for number in range(9):
        moved(contact_in(aware, since=on(1)), engaged, on(2 + number))
    assert reading.get(MARCH).text.count("is-few") == 6  # those of Aware, and of those who are in Engaged now
    moved(contact_in(aware, since=on(1)), engaged, on(12))
    assert "is-few" not in reading.get(MARCH).text


def test_the_drawing_has_its_figures_beside_it(reading: Client, aware: Stage, engaged: Stage) -> None:
    moved(contact_in(aware, since=on(1), first_name="Nadia"), engaged, on(2))
    moved(contact_in(aware, since=on(1), first_name="Omar"), engaged, on(20))
    shown = reading.get(MARCH).text
    assert "How long in Aware" in shown
    classes = dict(
        re.findall(
            r'<th scope="row">([^<]*)</th>\s*<td class="wide"><svg.*?</td>\s*<td class="number">(.*?)</td>', shown
        )
    )
    links = {words: cell for words, cell in classes.items() if "href" in cell}
    assert set(links) == {"1 to 3 days", "14 to 30 days"}
    for words, name in (("1 to 3 days", "Nadia"), ("14 to 30 days", "Omar")):
        address = re.search(r'href="([^"]*)"', links[words])
        assert address
        behind = reading.get(address[1].replace("&amp;", "&")).text
        assert re.findall("Nadia|Omar", behind) == [name]
        assert f"Moved on from Aware after {words} in March 2025" in behind
    assert "How long in Engaged" in reading.get(f"{MARCH}&stage={engaged.pk}").text


def test_who_is_there_now_opens_in_the_list_of_those_who_are(reading: Client, aware: Stage) -> None:
    contact_in(aware, since=timezone.now() - timedelta(days=5), first_name="Nadia")
    contact_in(aware, since=timezone.now() - timedelta(days=50), first_name="Omar")
    shown = reading.get(MARCH).text
    addresses = [found.replace("&amp;", "&") for found in re.findall(r'href="(/reports/stuck[^"]*)">\d', shown)]
    found = [set(re.findall("Nadia|Omar", reading.get(address).text)) for address in addresses]
    assert found == [{"Nadia", "Omar"}, {"Nadia"}, {"Omar"}]


def test_of_contacts_that_carry_a_label(reading: Client, aware: Stage, engaged: Stage) -> None:
    label = LabelFactory(name="newsletter")
    carrier, other = contact_in(aware, since=on(1)), contact_in(aware, since=on(1))
    CarriedLabel.objects.create(contact=carrier, label=label)
    moved(carrier, engaged, on(3))
    moved(other, engaged, on(20))
    assert row_of(reading, aware, f"{MARCH}&label={label.pk}")[:2] == ["1", "2.0"]


def test_an_empty_book_reads_well(reading: Client, aware: Stage) -> None:
    assert "Nobody moved on in March 2025, and nobody is in a stage now." in reading.get(MARCH).text


def test_a_long_period_shows_the_page_first_and_counts_then(reading: Client, aware: Stage) -> None:
    contact_in(aware, since=on(1))
    address = "/reports/time-in-stage?since=2024-04-01&until=2025-03-31"
    page = reading.get(address).text
    assert "takes a few seconds" in page
    assert "time-classes" not in page
    part = reading.get(address, headers={"HX-Request": "true", "HX-Target": "time-in-stage-figures"}).text
    assert part.startswith('<section id="time-in-stage-figures"')
    assert "time-classes" in part


@pytest.mark.parametrize("contacts", [1, 3])
def test_the_number_of_queries_does_not_grow(reading: Client, aware: Stage, engaged: Stage, contacts: int) -> None:
    for _ in range(contacts):
        moved(contact_in(aware, since=on(1)), engaged, on(4))
    with assertNumQueries(11):
        reading.get(MARCH)
