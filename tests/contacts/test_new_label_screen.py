"""New label: a name and a colour, for Marketers."""

from collections.abc import Callable

import pytest
from django.test import Client

from config.team.models import TeamMember
from contacts.models import Label
from tests.factories import LabelFactory, TeamMemberFactory

NEW = "/labels/new"
ClientOf = Callable[[TeamMember], Client]


def test_it_is_for_marketers(client: Client, client_of: ClientOf, viewer: TeamMember, operator: TeamMember) -> None:
    assert client.get(NEW)["Location"] == "/sign-in?next=/labels/new"
    for member in (TeamMemberFactory(), viewer, operator):
        for refused in (client_of(member).get(NEW), client_of(member).post(NEW, {"name": "vip", "colour": "#112233"})):
            assert refused.status_code == 403
            assert "This needs the role Marketer." in refused.text
    assert not Label.objects.exists()


def test_a_label_is_created(client_of: ClientOf, marketer: TeamMember) -> None:
    client = client_of(marketer)
    assert 'type="color"' in client.get(NEW).text
    response = client.post(NEW, {"name": "  trade   fair ", "colour": "#112233"})
    assert response["Location"] == "/labels"
    label = Label.objects.get()
    assert (label.name, label.colour, label.created_by) == ("trade fair", "#112233", marketer)
    assert "The label trade fair is there." in client.get("/labels").text


@pytest.mark.parametrize(
    ("name", "colour", "field", "said"),
    [
        ("", "#112233", "name", "Give the label a name."),
        ("   ", "#112233", "name", "Give the label a name."),
        ("x" * 101, "#112233", "name", "Ensure this value has at most 100 characters (it has 101)."),
        ("VIP", "#112233", "name", "There is a label of this name already."),
        ("fair", "red", "colour", "Give a colour as # and six hexadecimal digits."),
        ("fair", "", "colour", "This field is required."),
        ("fair", "#11223", "colour", "Give a colour as # and six hexadecimal digits."),
    ],
)
def test_an_error_stands_beside_its_field(
    client_of: ClientOf, marketer: TeamMember, name: str, colour: str, field: str, said: str
) -> None:
    LabelFactory(name="vip")
    response = client_of(marketer).post(NEW, {"name": name, "colour": colour})
    assert response.status_code == 422
    assert response.context["form"].errors == {field: [said]}
    assert f'id="id_{field}_error"' in response.text
    assert Label.objects.count() == 1


def test_a_capital_colour_is_the_same_colour(client_of: ClientOf, marketer: TeamMember) -> None:
    client_of(marketer).post(NEW, {"name": "fair", "colour": "#AABBCC"})
    assert Label.objects.get().colour == "#aabbcc"


def test_as_a_dialog(client_of: ClientOf, marketer: TeamMember) -> None:
    client = client_of(marketer)
    part = client.get(NEW, headers={"HX-Request": "true", "HX-Target": "dialog"}).text
    assert part.startswith('<section id="edit-label-form"')
    headers = {"HX-Request": "true", "HX-Target": "edit-label-form"}
    assert client.post(NEW, {"name": ""}, headers=headers).text.startswith('<section id="edit-label-form"')
    assert client.post(NEW, {"name": "a", "colour": "#112233"}, headers=headers)["HX-Redirect"] == "/labels"
