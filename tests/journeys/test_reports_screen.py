"""Reports: which there are, and what each of them can."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import CarriedLabel, Label
from journeys.reports.listing import REPORTS
from journeys.reports.shown import reports_there_are
from journeys.segments.actions import create_segment
from journeys.segments.conditions import Condition, Conditions, Operator
from journeys.status import actions as status
from stages.models import Stage
from tests.factories import LabelFactory, contact_in

EVERY_REPORT = pytest.mark.parametrize("view", [report.view for report in REPORTS])


@pytest.fixture
def reading(client_of, viewer: TeamMember) -> Client:
    return client_of(viewer)


@pytest.fixture
def label(db: None) -> Label:
    return LabelFactory(name="newsletter")


def lived_through(aware: Stage, customer: Stage, label: Label | None) -> None:
    """Somebody who moved on, somebody who is lost, and somebody who is over target."""
    Stage.objects.filter(pk=aware.pk).update(target_days=5)
    now = timezone.now()
    moved, lost, late = (contact_in(aware, since=now - timedelta(days=days)) for days in (9, 8, 7))
    signed = {"cause": Cause.MANUAL, "by": None}
    for contact, act in ((moved, status.change_status), (lost, status.mark_lost)):
        what = {"to": customer} if contact is moved else {"reason": None}
        act(contacts=[contact.pk], dates={contact.pk: now - timedelta(days=2)}, **what, **signed)
    if label:
        CarriedLabel.objects.bulk_create(CarriedLabel(contact=one, label=label) for one in (moved, lost, late))


def address_of(view: str) -> str:
    today = timezone.localdate()
    return f"{reverse(f'journeys:{view}')}?since={today - timedelta(days=20)}&until={today}"


def file_of(client: Client, address: str) -> str:
    return client.get(f"{address}{'&' if '?' in address else '?'}format=csv").content.decode()


def test_every_report_is_there_with_its_question(reading: Client) -> None:
    response = reading.get("/reports")
    assert response.status_code == 200
    for link in reports_there_are():
        assert f'href="{link.address}"' in response.text
        assert link.report.question in response.text
        assert reading.get(link.address).status_code == 200


@EVERY_REPORT
def test_of_a_segment_and_of_a_label_it_counts_those_alone(
    reading: Client, marketer: TeamMember, aware: Stage, customer: Stage, label: Label, view: str
) -> None:
    lived_through(aware, customer, label)
    conditions = Conditions(((Condition("label", Operator.CARRIED, label=label.pk),),))
    segment = create_segment(name="Readers", conditions=conditions, is_for_all=True, by=marketer)
    address = address_of(view)
    alone = file_of(reading, address)
    lived_through(aware, customer, None)
    assert file_of(reading, address) != alone
    for narrowed, words in (
        (f"segment={segment.pk}", "matching Readers"),
        (f"label={label.pk}", "carrying newsletter"),
    ):
        assert file_of(reading, f"{address}&{narrowed}") == alone
        shown = reading.get(f"{address}&{narrowed}").text
        assert f", of contacts {words}" in shown
        assert "Members as they are today; their stages as they were then." in shown
    assert "Members as they are today" not in reading.get(address).text


@EVERY_REPORT
def test_undone_changes_are_left_out_and_offered(reading: Client, view: str) -> None:
    address = address_of(view)
    left_out, counted = reading.get(address).text, reading.get(f"{address}&changes=recorded").text
    assert "Changes that were undone are left out, and so are their undos." in left_out
    assert re.search(r'<a href="\?[^"]*changes=recorded[^"]*">Count them</a>', left_out)
    assert "Changes that were undone are counted, as they were recorded, and so are their undos." in counted
    assert re.search(r'<a href="\?(?![^"]*changes=)[^"]*">Leave them out</a>', counted)


@EVERY_REPORT
def test_its_link_shows_the_same_to_whoever_opens_it(
    reading: Client, client_of, operator: TeamMember, aware: Stage, customer: Stage, view: str
) -> None:
    lived_through(aware, customer, None)
    shown = reading.get(f"{reverse(f'journeys:{view}')}?period=this-month").text
    (address,) = re.findall(r'<a href="http://testserver([^"]*)">http', shown)
    operator.time_zone = "Pacific/Auckland"
    operator.save()
    address = address.replace("&amp;", "&")
    assert file_of(client_of(operator), address) == file_of(reading, address)
    assert "Days begin at midnight in" in shown or view == "stuck"
