"""The contacts behind each number of a preview."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import Contact, Label
from journeys.book.queries import ContactQuery
from journeys.runs import actions, views
from journeys.runs.models import RunPreview
from journeys.runs.operations import Act, Operation, Selection
from journeys.status import actions as status
from stages.models import Stage
from tests.factories import LabelFactory, contact_in

ClientOf = Callable[[TeamMember], Client]


@pytest.fixture
def label(db: None) -> Label:
    return LabelFactory(name="purchased-q2")


@pytest.fixture
def crowd(label: Label, aware: Stage, customer: Stage) -> dict[str, Contact]:
    """Three people who carry the label: two in Aware, one of them lost, and one in Customer."""
    people = {
        "Ana": contact_in(aware, first_name="Ana", last_name="Lee"),
        "Bo": contact_in(aware, lost=True, first_name="Bo", last_name="Lee"),
        "Carla": contact_in(customer, first_name="Carla", last_name="Lee"),
    }
    put_on_label(contacts=[person.pk for person in people.values()], label=label, by=None, cause=Cause.MANUAL)
    return people


@pytest.fixture
def preview(label: Label, crowd: dict[str, Contact], customer: Stage, marketer: TeamMember) -> RunPreview:
    return previewed(Operation(Act.CHANGE_STATUS, Cause.LABEL_RULE, stage=customer.pk), label, marketer)


def previewed(operation: Operation, label: Label, by: TeamMember) -> RunPreview:
    return actions.make_preview(operation=operation, selection=Selection(query=ContactQuery(labels=(label.pk,))), by=by)


def behind(client: Client, preview: RunPreview, place: str, outcome: str, **query: str) -> set[str]:
    """The first names of those behind a number."""
    address = reverse("journeys:preview_contacts", args=[preview.pk])
    page = client.get(address, {"place": place, "outcome": outcome, **query})
    assert page.status_code == 200
    return {name for name in ("Ana", "Bo", "Carla", "Dora") if f">{name} Lee</a>" in page.text}


def test_each_number_opens_who_is_behind_it(client_of: ClientOf, marketer, preview, aware, customer) -> None:
    client = client_of(marketer)
    page = client.get(reverse("journeys:preview", args=[preview.pk])).text
    for place, outcome, names in (
        (f"{aware.pk}", "forward", {"Ana"}),
        (f"{aware.pk}-lost", "forward", {"Bo"}),
        (f"{customer.pk}", "unchanged", {"Carla"}),
    ):
        address = reverse("journeys:preview_contacts", args=[preview.pk])
        assert f'<a href="{address}?place={place}&amp;outcome={outcome}">1</a>' in page
        assert behind(client, preview, place, outcome) == names


def test_those_who_moved_since_are_not_there_any_more(
    client_of: ClientOf, marketer, preview, crowd, aware, promoter, operator
) -> None:
    status.change_status(contacts=[crowd["Ana"].pk], to=promoter, cause=Cause.MANUAL, by=operator)
    client = client_of(marketer)
    assert behind(client, preview, str(aware.pk), "forward") == set()
    assert behind(client, preview, str(promoter.pk), "back") == set()  # that number was not shown


def test_a_label_an_account_and_an_undo_have_them_too(
    client_of: ClientOf, marketer, label, crowd, aware, customer
) -> None:
    client = client_of(marketer)
    other = LabelFactory()
    put_on_label(contacts=[crowd["Ana"].pk], label=other, by=None, cause=Cause.MANUAL)
    put_on = previewed(Operation(Act.PUT_ON_LABEL, Cause.BULK, label=other.pk), label, marketer)
    assert behind(client, put_on, str(aware.pk), "unchanged") == {"Ana"}
    assert behind(client, put_on, str(customer.pk), "changed") == {"Carla"}
    off = previewed(Operation(Act.DEACTIVATE, Cause.BULK), label, marketer)
    assert behind(client, off, f"{aware.pk}-lost", "changed") == {"Bo"}
    move = previewed(Operation(Act.CHANGE_STATUS, Cause.LABEL_RULE, stage=customer.pk), label, marketer)
    run = actions.start_run(preview=move, by=marketer)
    actions.work_on_run(run=run.pk, seconds=60)
    undo = actions.preview_undo(run=run, by=marketer)
    assert behind(client, undo, str(customer.pk), "changed") == {"Ana", "Bo"}


def test_a_page_leads_to_the_next(client_of: ClientOf, marketer, label, aware, customer, monkeypatch) -> None:
    monkeypatch.setattr(views.previews, "PAGE", 2)
    people = [contact_in(aware, first_name=name, last_name="Lee") for name in ("Ana", "Bo", "Carla")]
    put_on_label(contacts=[person.pk for person in people], label=label, by=None, cause=Cause.MANUAL)
    preview = previewed(Operation(Act.CHANGE_STATUS, Cause.LABEL_RULE, stage=customer.pk), label, marketer)
    client = client_of(marketer)
    assert behind(client, preview, str(aware.pk), "forward") == {"Ana", "Bo"}
    page = client.get(
        reverse("journeys:preview_contacts", args=[preview.pk]), {"place": aware.pk, "outcome": "forward"}
    ).text
    assert f"place={aware.pk}&amp;outcome=forward&amp;after={people[1].pk}" in page
    assert behind(client, preview, str(aware.pk), "forward", after=str(people[1].pk)) == {"Carla"}


@pytest.mark.parametrize("query", ["", "?place=x", "?place=none&outcome=x", "?place=0&outcome=back", "?place=1-lost"])
def test_a_number_that_is_none_is_not_found(client_of: ClientOf, marketer, preview, query) -> None:
    address = reverse("journeys:preview_contacts", args=[preview.pk])
    assert client_of(marketer).get(address + query).status_code == 404
