"""Edit a label: another name or colour; whoever carries it carries it on."""

from collections.abc import Callable

import pytest
from django.test import Client

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import CarriedLabel, Label, LabelChange
from tests.factories import ContactFactory, LabelFactory, TeamMemberFactory

ClientOf = Callable[[TeamMember], Client]


@pytest.fixture
def vip(db: None) -> Label:
    return LabelFactory(name="vip", colour="#112233")


def address(label: Label) -> str:
    return f"/labels/{label.pk}/edit"


def test_it_is_for_marketers(
    client: Client, client_of: ClientOf, viewer: TeamMember, operator: TeamMember, vip: Label
) -> None:
    assert client.get(address(vip))["Location"].startswith("/sign-in?next=/labels/")
    for member in (TeamMemberFactory(), viewer, operator):
        for refused in (
            client_of(member).get(address(vip)),
            client_of(member).post(address(vip), {"name": "x", "colour": "#112233"}),
        ):
            assert refused.status_code == 403
            assert "This needs the role Marketer." in refused.text
    assert Label.objects.get().name == "vip"


def test_another_name_and_colour(client_of: ClientOf, marketer: TeamMember, vip: Label) -> None:
    contact = ContactFactory()
    put_on_label(contacts=[contact.pk], label=vip, by=None, cause=Cause.MANUAL)
    client = client_of(marketer)
    response = client.post(address(vip), {"name": "friends", "colour": "#445566"})
    assert response["Location"] == "/labels"
    stored = Label.objects.get()
    assert (stored.pk, stored.name, stored.colour) == (vip.pk, "friends", "#445566")
    assert CarriedLabel.objects.get().label == stored
    assert LabelChange.objects.count() == 1
    assert "vip is friends now." in client.get("/labels").text


def test_its_own_name_in_other_letters(client_of: ClientOf, marketer: TeamMember, vip: Label) -> None:
    assert client_of(marketer).post(address(vip), {"name": "VIP", "colour": "#112233"}).status_code == 302
    assert Label.objects.get().name == "VIP"


def test_a_name_that_is_taken(client_of: ClientOf, marketer: TeamMember, vip: Label) -> None:
    LabelFactory(name="Fair")
    response = client_of(marketer).post(address(vip), {"name": "fair", "colour": "#112233"})
    assert response.status_code == 422
    assert response.context["form"].errors == {"name": ["There is a label of this name already."]}
    assert "Edit vip</h1>" in response.text
    assert 'value="fair"' in response.text


@pytest.mark.parametrize("pk", ["0", "99999999999999999999999"])
def test_no_such_label(client_of: ClientOf, marketer: TeamMember, pk: str) -> None:
    assert client_of(marketer).get(f"/labels/{pk}/edit").status_code == 404
