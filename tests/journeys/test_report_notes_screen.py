"""What a report leaves out, and what it counts though it was recorded later."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import CarriedLabel
from journeys.reports import left_out
from journeys.status import actions as status
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.heart import last_change
from tests.journeys.running import moved, undone


@pytest.fixture
def reading(client_of, viewer: TeamMember) -> Client:
    return client_of(viewer)


def notes(client: Client, said: str) -> list[str]:
    response = client.get(f"/reports/notes?{said}", headers={"HX-Request": "true", "HX-Target": "report-notes-list"})
    assert response.status_code == 200
    assert response.text.startswith('<div id="report-notes-list"')
    found = re.findall(r"<(?:li|p)>(.*?)</(?:li|p)>", response.text, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", "", one).split()) for one in found]


def test_what_a_run_did_and_was_undone(reading: Client, marketer: TeamMember, aware: Stage, customer: Stage) -> None:
    contacts = [contact_in(aware) for _ in range(3)]
    run = moved(contacts, customer, marketer)
    undone(run, marketer)
    shown = timezone.localdate()
    day = f"{shown.day} {shown:%b %Y}"
    said = f"since={shown}&report=ins_and_outs"
    assert notes(reading, said) == [f"3 changes of run {run.pk}, undone on {day}, are left out · show them"]
    counted = f"3 changes of run {run.pk}, undone on {day}, are counted, as they were recorded"
    assert notes(reading, f"{said}&changes=recorded") == [counted]
    page = reading.get(f"/reports/notes?{said}").text
    assert f'<a href="/reports/ins-and-outs?since={shown}&amp;until={shown}' in page
    assert "&amp;changes=recorded" in page
    before = shown - timedelta(days=1)
    nothing = ["Nothing dated in these days was undone, and nothing was recorded later."]
    assert notes(reading, f"until={before}&report=ins_and_outs") == nothing


def test_an_undo_that_was_undone_is_no_longer_left_out(reading: Client, aware: Stage, customer: Stage) -> None:
    contact = contact_in(aware)
    status.change_status(contacts=[contact.pk], to=customer, cause=Cause.MANUAL, by=None)
    status.put_back(changes=[last_change(contact).pk], cause=Cause.UNDO, by=None)
    said = f"since={timezone.localdate()}&report=flows"
    assert notes(reading, said)[0].startswith("1 change undone one by one on ")
    status.put_back(changes=[last_change(contact).pk], cause=Cause.UNDO, by=None)
    assert notes(reading, said) == ["Nothing dated in these days was undone, and nothing was recorded later."]


def test_as_of_a_day_leaves_out_what_was_undone_after_it_alone(reading: Client, aware: Stage, customer: Stage) -> None:
    contact = contact_in(aware, since=datetime(2025, 9, 1, tzinfo=UTC))
    dated = {contact.pk: datetime(2025, 10, 5, tzinfo=UTC)}
    status.change_status(contacts=[contact.pk], to=customer, cause=Cause.MANUAL, by=None, dates=dated)
    status.put_back(changes=[last_change(contact).pk], cause=Cause.UNDO, by=None)
    said = "until=2025-10-31&beside_until=2025-09-30&report=compare"
    left, *later = notes(reading, said)
    assert left.startswith("1 change undone one by one on ")
    assert later == [
        "2 changes dated before the end of 31 October 2025 were recorded after it, and are counted.",
        "1 change dated before the end of 30 September 2025 was recorded after it, and is counted.",
    ]
    today = timezone.localdate()
    assert notes(reading, f"until={today}&beside_until={today}&report=compare") == [
        "Nothing dated in these days was undone, and nothing was recorded later."
    ]


def test_of_some_of_the_contacts_and_of_very_many(
    monkeypatch: pytest.MonkeyPatch, reading: Client, aware: Stage
) -> None:
    label = LabelFactory()
    carrier, *_ = (contact_in(aware, since=datetime(2025, 9, 1, tzinfo=UTC)) for _ in range(3))
    CarriedLabel.objects.create(contact=carrier, label=label)
    said = "until=2025-10-31&report=flows"
    assert notes(reading, f"{said}&label={label.pk}") == [
        "1 change dated before the end of 31 October 2025 was recorded after it, and is counted."
    ]
    monkeypatch.setattr(left_out, "COUNTED", 2)
    assert notes(reading, said) == [
        "more than 2 changes dated before the end of 31 October 2025 were recorded after it, and are counted."
    ]


def test_every_report_asks_for_its_own_notes(reading: Client) -> None:
    for view, address in (("flows", "/reports/flows"), ("compare", "/reports/compare")):
        shown = reading.get(address).text
        assert re.search(rf'hx-get="/reports/notes\?[^"]*report={view}" hx-trigger="load"', shown)
