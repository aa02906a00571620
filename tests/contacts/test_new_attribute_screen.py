"""New attribute: name, type, choices; its key is made from its name."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from config.team.models import TeamMember
from contacts.models import Attribute

NEW = "/settings/attributes/new"
ClientOf = Callable[[TeamMember], Client]


@pytest.fixture
def max_(client_of: ClientOf, marketer: TeamMember) -> Client:
    return client_of(marketer)


@pytest.mark.parametrize("kind", ["text", "number", "date", "yes_no"])
def test_an_attribute_of_each_type(max_: Client, kind: str) -> None:
    response = max_.post(NEW, {"name": " Number  of seats ", "type": kind, "choices": "Left\nover"})
    assert response["Location"] == "/settings/attributes"
    attribute = Attribute.objects.get()
    assert (attribute.name, attribute.key, attribute.type, attribute.choices) == (
        "Number of seats",
        "number-of-seats",
        kind,
        [],
    )
    assert "Number of seats is on the contact form now." in max_.get("/settings/attributes").text
    assert "Number of seats" in max_.get("/contacts/new").text


def test_choices_one_on_a_line(max_: Client) -> None:
    max_.post(NEW, {"name": "Plan", "type": "choice", "choices": " Free\r\n\r\nTeam  plan\nFree\n"})
    assert Attribute.objects.get().choices == ["Free", "Team plan"]


def test_the_last_in_the_list(max_: Client) -> None:
    Attribute.objects.create(name="Plan", key="plan", position=7)
    max_.post(NEW, {"name": "Seats", "type": "text"})
    assert [(one.name, one.position) for one in Attribute.objects.all()] == [("Plan", 7), ("Seats", 8)]


@pytest.mark.parametrize(
    ("name", "key"),
    [("Plan", "plan-2"), ("Größe", "groe"), ("予算", "attribute"), ("!!!", "attribute"), ("x" * 100, "x" * 90)],
)
def test_the_key_is_made_from_the_name_and_taken_once(max_: Client, name: str, key: str) -> None:
    Attribute.objects.create(name="Old plan", key="plan")
    max_.post(NEW, {"name": name, "type": "text"})
    assert Attribute.objects.latest("pk").key == key


@pytest.mark.parametrize(
    ("sent", "field", "said"),
    [
        ({"name": ""}, "name", "Give the attribute a name."),
        ({"name": "x" * 101}, "name", "Ensure this value has at most 100 characters (it has 101)."),
        ({"name": "PLAN"}, "name", "There is an attribute of this name already."),
        ({"type": ""}, "type", "This field is required."),
        ({"type": "colour"}, "type", "Select a valid choice. colour is not one of the available choices."),
        ({"type": "choice"}, "choices", "Give at least one choice."),
        ({"type": "choice", "choices": " \n "}, "choices", "Give at least one choice."),
        ({"type": "choice", "choices": "a\nA"}, "choices", "Two choices differ only in capital letters."),
        (
            {"type": "choice", "choices": "x" * 101},
            "choices",
            "“" + "x" * 40 + "…” is longer than 100 characters.",
        ),
        (
            {"type": "choice", "choices": "\n".join(str(number) for number in range(201))},
            "choices",
            "Give at most 200 choices.",
        ),
    ],
)
def test_an_error_stands_beside_its_field(max_: Client, sent: dict[str, Any], field: str, said: str) -> None:
    Attribute.objects.create(name="Plan", key="plan")
    response = max_.post(NEW, {"name": "Seats", "type": "text", **sent})
    assert response.status_code == 422
    assert response.context["form"].errors == {field: [said]}
    assert f'id="id_{field}_error"' in response.text
    assert Attribute.objects.count() == 1


def test_as_a_dialog(max_: Client) -> None:
    part = max_.get(NEW, headers={"HX-Request": "true", "HX-Target": "dialog"}).text
    assert part.startswith('<section id="edit-attribute-form"')
    headers = {"HX-Request": "true", "HX-Target": "edit-attribute-form"}
    assert max_.post(NEW, {"name": ""}, headers=headers).text.startswith('<section id="edit-attribute-form"')
    saved = max_.post(NEW, {"name": "Seats", "type": "number"}, headers=headers)
    assert saved["HX-Redirect"] == "/settings/attributes"
