"""Stuck: who has been in a stage for longer than its target, and what was measured of the stages."""

import csv
import io
import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact
from journeys.runs.models import RunPreview
from journeys.status import actions as status
from journeys.status.models import FunnelStatus
from journeys.stuck import queries
from journeys.stuck.actions import measure_stages
from journeys.stuck.models import StageMeasure
from stages.models import Stage
from tests.factories import LabelFactory, contact_in

STUCK = "/reports/stuck"


@pytest.fixture
def reading(client_of, viewer: TeamMember) -> Client:
    return client_of(viewer)


@pytest.fixture(autouse=True)
def targets(aware: Stage, engaged: Stage) -> None:
    Stage.objects.filter(pk=aware.pk).update(target_days=10)
    Stage.objects.filter(pk=engaged.pk).update(target_days=20)


def ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def stayed(stage: Stage, days: float, to: Stage) -> Contact:
    """A contact that has completed a stay."""
    contact = contact_in(stage, since=ago(days + 1))
    dates = {contact.pk: ago(1)}
    status.change_status(contacts=[contact.pk], to=to, cause=Cause.MANUAL, by=None, dates=dates, back_allowed=True)
    return contact


def names(client: Client, address: str = STUCK) -> list[str]:
    """Whom the page lists, in order."""
    return re.findall(r'<a class="name" href="[^"]*">(\w+)', client.get(address).text)


def counts(client: Client, address: str = STUCK) -> dict[str, tuple[str, str]]:
    """The target of each stage, and how many are over it, from the file."""
    lines = list(
        csv.reader(io.StringIO(client.get(f"{address}{'&' if '?' in address else '?'}format=csv").content.decode()))
    )
    return {stage: (days, over) for stage, days, over in lines[1:]}


# Who is listed


def test_the_furthest_over_first(reading: Client, aware: Stage, engaged: Stage, customer: Stage) -> None:
    contact_in(aware, since=ago(15), first_name="Five")
    contact_in(engaged, since=ago(27), first_name="Seven")
    contact_in(aware, since=ago(11), first_name="One")
    contact_in(aware, since=ago(9), first_name="Intime")
    contact_in(customer, since=ago(900), first_name="Notarget")
    contact_in(aware, since=ago(90), first_name="Lost", lost=True)
    contact_in(None, since=ago(90), first_name="Nowhere")
    assert names(reading) == ["Seven", "Five", "One"]
    assert names(reading, f"{STUCK}?stage={aware.pk}") == ["Five", "One"]
    shown = reading.get(STUCK).text
    assert re.findall(r'<td class="number wide">([^<]*)</td>\s*<td class="number stuck-over">([^<]*)</td>', shown) == [
        ("27 days", "7 days"),
        ("15 days", "5 days"),
        ("11 days", "1 day"),
    ]
    assert counts(reading)["Aware"] == ("10", "2")
    assert counts(reading)["Customer"] == ("", "0")


def test_days_that_a_contact_was_lost_are_not_counted(reading: Client, aware: Stage) -> None:
    for name, back in (("Over", 24), ("Intime", 1)):
        contact = contact_in(aware, since=ago(30), lost=True, lost_at=ago(25), first_name=name)
        status.recover(contacts=[contact.pk], cause=Cause.MANUAL, by=None, dates={contact.pk: ago(back)})
    assert names(reading) == ["Over"]
    assert "29 days" in reading.get(STUCK).text


def test_pages_go_on_where_the_last_one_ended(reading: Client, aware: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    for days, name in ((50, "A"), (40, "B"), (30, "C"), (30, "D"), (20, "E")):
        contact_in(aware, since=ago(days), first_name=name)
    first = reading.get(STUCK)
    assert names(reading) == ["A", "B"]
    second = f"{STUCK}{first.context['next']}"
    assert names(reading, second) == ["C", "D"]
    third = f"{STUCK}{reading.get(second).context['next']}"
    assert names(reading, third) == ["E"]
    assert reading.get(third).context["next"] is None
    assert names(reading, f"{STUCK}{reading.get(third).context['previous']}") == ["C", "D"]


def test_for_longer_than_somebody_asks(reading: Client, aware: Stage, customer: Stage) -> None:
    contact_in(aware, since=ago(5), first_name="Five")
    contact_in(customer, since=ago(50), first_name="Fifty")
    assert names(reading, f"{STUCK}?longer=3") == ["Fifty", "Five"]
    assert names(reading, f"{STUCK}?longer=3&up_to=7") == ["Five"]
    assert names(reading, f"{STUCK}?longer=3&stage={customer.pk}") == ["Fifty"]
    assert "In Customer for more than 3 days now" in reading.get(f"{STUCK}?longer=3&stage={customer.pk}").text


@pytest.mark.parametrize("wrong", ["stage=999999", "longer=-1", "longer=x", "up_to=²", "before=x", "after=9.9.9"])
def test_what_means_nothing_stands_for_nothing(reading: Client, aware: Stage, wrong: str) -> None:
    contact_in(aware, since=ago(15), first_name="Five")
    assert names(reading, f"{STUCK}?{wrong}") == ["Five"]


def test_a_wrong_stage_is_said(reading: Client) -> None:
    assert "There is no such stage in use: this is about all of them." in reading.get(f"{STUCK}?stage=999999").text


def test_of_contacts_that_carry_a_label(reading: Client, aware: Stage) -> None:
    label = LabelFactory(name="newsletter")
    contact_in(aware, since=ago(15), first_name="Other")
    CarriedLabel.objects.create(contact=contact_in(aware, since=ago(15), first_name="Carrier"), label=label)
    part = {"HX-Request": "true", "HX-Target": "stuck-figures"}
    shown = reading.get(f"{STUCK}?label={label.pk}", headers=part).text
    assert re.findall(r'class="name" href="[^"]*">(\w+)', shown) == ["Carrier"]
    assert counts(reading, f"{STUCK}?label={label.pk}")["Aware"] == ("10", "1")


def test_nobody_over_target_reads_well(client_of, reading: Client, marketer: TeamMember, customer: Stage) -> None:
    assert "Nobody is over target." in reading.get(STUCK).text
    in_customer = client_of(marketer).get(f"{STUCK}?stage={customer.pk}").text
    assert "Nobody is over target in Customer." in in_customer
    assert "Set target days" in in_customer


def test_operators_go_through_them_and_viewers_read(
    client_of, reading: Client, operator: TeamMember, aware: Stage
) -> None:
    contact = contact_in(aware, since=ago(15))
    menu = f'href="/contacts/{contact.pk}/mark-lost?next='
    assert menu in client_of(operator).get(STUCK).text
    assert menu not in reading.get(STUCK).text
    assert "Label these contacts" not in client_of(operator).get(STUCK).text


def test_they_are_labelled_through_the_preview(client_of, marketer: TeamMember, aware: Stage) -> None:
    late, _ = contact_in(aware, since=ago(15)), contact_in(aware, since=ago(5))
    label = LabelFactory(name="call them")
    client = client_of(marketer)
    address = re.search(r'href="(/contacts/bulk[^"]*)"', client.get(STUCK).text) or pytest.fail("no such link")
    form = client.get(address[1].replace("&amp;", "&"))
    assert form.status_code == 200
    client.post(address[1].replace("&amp;", "&"), {"act": "put_on_label", "label": label.pk})
    (preview,) = RunPreview.objects.all()
    assert (preview.contacts, preview.records) == ([late.pk], 1)


@pytest.mark.parametrize("contacts", [1, 3])
def test_the_number_of_queries_does_not_grow(reading: Client, aware: Stage, contacts: int) -> None:
    for _ in range(contacts):
        contact_in(aware, since=ago(15))
    with assertNumQueries(13):
        reading.get(STUCK)


# What is measured


def test_without_a_target_it_is_the_time_of_three_of_four(reading: Client, customer: Stage, loyal: Stage) -> None:
    for days in range(1, 13):
        stayed(customer, days, loyal)
    contact_in(customer, since=ago(10), first_name="Ten")
    contact_in(customer, since=ago(8), first_name="Eight")
    assert names(reading) == []
    measure_stages()
    measure = StageMeasure.objects.get(stage=customer)
    assert (measure.usual_days, measure.limit_days, measure.over) == (9, 9, 1)
    assert names(reading) == ["Ten"]
    assert "three of four" in reading.get(STUCK).text


def test_of_few_stays_nothing_is_concluded(customer: Stage, loyal: Stage) -> None:
    for days in range(1, 10):
        stayed(customer, days, loyal)
    measure_stages()
    measure = StageMeasure.objects.get(stage=customer)
    assert (measure.usual_days, measure.limit_days, measure.over) == (None, None, 0)


def test_a_target_that_is_set_counts_before_the_usual_time(aware: Stage, engaged: Stage) -> None:
    for days in range(30, 42):
        stayed(aware, days, engaged)
    contact_in(aware, since=ago(15))
    measure_stages()
    measure = StageMeasure.objects.get(stage=aware)
    assert (measure.usual_days, measure.limit_days, measure.over) == (38, 10, 1)


def test_stages_that_were_retired_are_measured_no_more(aware: Stage) -> None:
    measure_stages()
    Stage.objects.filter(pk=aware.pk).update(retired_at=timezone.now())
    measure_stages()
    assert not StageMeasure.objects.filter(stage=aware).exists()


def test_measuring_changes_no_status(aware: Stage) -> None:
    contact_in(aware, since=ago(15))
    before = list(FunnelStatus.objects.values())
    measure_stages()
    assert list(FunnelStatus.objects.values()) == before


def test_the_customer_journey_says_how_many_are_over(reading: Client, aware: Stage, engaged: Stage) -> None:
    contact_in(aware, since=ago(15))
    contact_in(engaged, since=ago(15))
    assert "over target" not in reading.get("/").text
    measure_stages()
    shown = reading.get("/").text
    assert re.findall(r'<a class="funnel-over" href="([^"]*)" title="([^"]*)">([^<]*)</a>', shown) == [
        (
            f"{STUCK}?stage={aware.pk}",
            f"For more than 10 days, counted at {timezone.localtime():%H:%M}",
            "1 over target",
        )
    ]
    yesterday = timezone.localdate() - timedelta(days=1)
    assert "over target" not in reading.get(f"/?at={yesterday}").text
