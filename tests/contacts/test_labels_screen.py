"""Labels: the list with counts; and putting them on a contact and taking them off."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact, Label, LabelChange
from journeys.labels.actions import merge_label
from journeys.status.models import StatusChange
from tests.factories import ContactFactory, LabelFactory, TeamMemberFactory

LABELS = "/labels"
ClientOf = Callable[[TeamMember], Client]


@pytest.mark.parametrize(
    ("role", "manages"), [("viewer", False), ("operator", False), ("marketer", True), ("administrator", True)]
)
def test_marketers_manage_and_the_rest_read(request: Any, client_of: ClientOf, role: str, manages: bool) -> None:
    member = request.getfixturevalue(role)
    label = LabelFactory()
    page = client_of(member).get(LABELS).text
    assert label.name in page
    assert ('href="/labels/new"' in page) is manages
    assert (f'href="/labels/{label.pk}/edit"' in page) is manages


def test_it_is_for_people_with_a_role(client: Client, client_of: ClientOf, db: None) -> None:
    refused = client_of(TeamMemberFactory()).get(LABELS)
    assert client.get(LABELS)["Location"] == "/sign-in?next=/labels"
    assert refused.status_code == 403
    assert "This needs the role Viewer." in refused.text


def test_labels_by_name_with_how_many_carry_them(client_of: ClientOf, viewer: TeamMember) -> None:
    vip, fair, none = LabelFactory(name="vip"), LabelFactory(name="Fair"), LabelFactory(name="zero")
    for number in range(3):
        contact = ContactFactory()
        put_on_label(contacts=[contact.pk], label=fair, by=None, cause=Cause.MANUAL)
        if number == 0:
            put_on_label(contacts=[contact.pk], label=vip, by=None, cause=Cause.MANUAL)
    response = client_of(viewer).get(LABELS)
    assert [(label.name, label.contacts) for label in response.context["labels"]] == [
        ("Fair", 3),
        ("vip", 1),
        ("zero", 0),
    ]
    assert f'href="/contacts?label={fair.pk}"' in response.text
    assert f'href="/contacts?label={none.pk}"' not in response.text


def test_no_labels_yet(client_of: ClientOf, viewer: TeamMember, marketer: TeamMember) -> None:
    page = client_of(viewer).get(LABELS).text
    assert "No labels yet" in page
    assert 'href="/labels/new"' not in page
    assert client_of(marketer).get(LABELS).text.count('href="/labels/new"') == 2


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_for_one_row_and_for_three(client_of: ClientOf, viewer: TeamMember, count: int) -> None:
    for label in LabelFactory.create_batch(count):
        put_on_label(contacts=[ContactFactory().pk], label=label, by=None, cause=Cause.MANUAL)
    client = client_of(viewer)
    client.get(LABELS)
    with assertNumQueries(5):
        # Session, person, organisation, role; labels.
        client.get(LABELS)


def test_a_label_that_is_becoming_part_of_another_says_so(client_of: ClientOf, marketer: TeamMember) -> None:
    merge_label(label=LabelFactory(name="webinar"), into=LabelFactory(name="fair"), by=marketer)
    page = client_of(marketer).get(LABELS).text
    assert page.count("is becoming part of fair") == 1


# Put on a contact, and taken off


@pytest.fixture
def contact(db: None) -> Contact:
    return ContactFactory(first_name="Ida", last_name="Berg")


@pytest.fixture
def vip(db: None) -> Label:
    return LabelFactory(name="vip")


def put_on(client: Client, contact: Contact, label: Any, **options: Any) -> Any:
    return client.post(f"/contacts/{contact.pk}/labels/put-on", {"label": label}, **options)


def take_off(client: Client, contact: Contact, label: Any, **options: Any) -> Any:
    return client.post(f"/contacts/{contact.pk}/labels/take-off", {"label": label}, **options)


def test_an_operator_puts_a_label_on(client_of: ClientOf, operator: TeamMember, contact: Contact, vip: Label) -> None:
    client = client_of(operator)
    response = put_on(client, contact, vip.pk)
    assert response["Location"] == f"/contacts/{contact.pk}"
    carried = CarriedLabel.objects.get()
    assert (carried.contact, carried.label, carried.by, carried.cause) == (contact, vip, operator, Cause.MANUAL)
    (change,) = LabelChange.objects.all()
    assert (change.contact_id, change.label_id, change.put_on, change.changed_by) == (
        contact.pk,
        vip.pk,
        True,
        operator,
    )
    assert "Ida Berg carries vip now." in client.get(response["Location"]).text
    assert StatusChange.objects.count() == 1


def test_once_is_enough(client_of: ClientOf, operator: TeamMember, contact: Contact, vip: Label) -> None:
    put_on_label(contacts=[contact.pk], label=vip, by=None, cause=Cause.IMPORT)
    client = client_of(operator)
    response = put_on(client, contact, vip.pk)
    assert CarriedLabel.objects.get().by is None
    assert LabelChange.objects.count() == 1
    assert "Ida Berg carries vip already." in client.get(response["Location"]).text


def test_an_operator_takes_it_off(client_of: ClientOf, operator: TeamMember, contact: Contact, vip: Label) -> None:
    put_on_label(contacts=[contact.pk], label=vip, by=None, cause=Cause.IMPORT)
    client = client_of(operator)
    response = take_off(client, contact, vip.pk)
    assert not CarriedLabel.objects.exists()
    change = LabelChange.objects.latest("pk")
    assert (change.put_on, change.changed_by, change.cause) == (False, operator, Cause.MANUAL)
    assert "Ida Berg carries vip no longer." in client.get(response["Location"]).text
    assert "does not carry vip." in client.get(take_off(client, contact, vip.pk)["Location"]).text
    assert LabelChange.objects.count() == 2


@pytest.mark.parametrize("act", [put_on, take_off])
def test_it_takes_an_operator(
    client: Client, client_of: ClientOf, viewer: TeamMember, contact: Contact, vip: Label, act: Any
) -> None:
    assert act(client, contact, vip.pk)["Location"].startswith("/sign-in")
    for member in (viewer, TeamMemberFactory()):
        refused = act(client_of(member), contact, vip.pk)
        assert refused.status_code == 403
        assert "This needs the role Operator." in refused.text
    assert not LabelChange.objects.exists()


@pytest.mark.parametrize("act", [put_on, take_off])
@pytest.mark.parametrize("label", ["", "abc", "-1", "0", "99999999999999999999999", "1.5"])
def test_no_such_label(client_of: ClientOf, operator: TeamMember, contact: Contact, act: Any, label: str) -> None:
    client = client_of(operator)
    page = client.get(act(client, contact, label)["Location"]).text
    assert ("Choose a label." if not label else "There is no such label any more.") in page
    assert not LabelChange.objects.exists()


@pytest.mark.parametrize("act", ["put-on", "take-off"])
@pytest.mark.parametrize("pk", ["0", "99999999999999999999999"])
def test_no_such_contact(client_of: ClientOf, operator: TeamMember, vip: Label, act: str, pk: str) -> None:
    client = client_of(operator)
    assert client.post(f"/contacts/{pk}/labels/{act}", {"label": vip.pk}).status_code == 404
    assert client.get(f"/contacts/1/labels/{act}").status_code == 405


def test_htmx_gets_the_labels_with_the_message(
    client_of: ClientOf, operator: TeamMember, contact: Contact, vip: Label
) -> None:
    part = put_on(client_of(operator), contact, vip.pk, headers={"HX-Request": "true"}).text
    assert part.startswith('<section id="contact-labels"')
    assert f'id="take-off-{vip.pk}"' in part
    assert "Ida Berg carries vip now." in part
    assert "<html" not in part
