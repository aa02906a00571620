"""Edit an attribute: another name, other choices; type and key stay, and so do the values contacts have."""

from collections.abc import Callable

import pytest
from django.test import Client

from config.team.models import TeamMember
from contacts.models import Attribute, Contact
from tests.factories import ContactFactory

ClientOf = Callable[[TeamMember], Client]


@pytest.fixture
def plan(db: None) -> Attribute:
    return Attribute.objects.create(name="Plan", key="plan", type="choice", choices=["Free", "Team"])


@pytest.fixture
def max_(client_of: ClientOf, marketer: TeamMember) -> Client:
    return client_of(marketer)


def address(attribute: Attribute) -> str:
    return f"/settings/attributes/{attribute.pk}/edit"


def test_another_name_and_other_choices(max_: Client, plan: Attribute) -> None:
    ContactFactory(attributes={"plan": "Free"})
    page = max_.get(address(plan)).text
    assert "Free\nTeam</textarea>" in page
    assert "Type: Choice." in page
    assert 'name="type"' not in page

    sent = {"name": "Tariff", "choices": "Team\nBusiness", "type": "text", "key": "other"}
    assert max_.post(address(plan), sent)["Location"] == "/settings/attributes"

    stored = Attribute.objects.get()
    assert (stored.name, stored.key, stored.type, stored.choices) == ("Tariff", "plan", "choice", ["Team", "Business"])
    assert Contact.objects.get().attributes == {"plan": "Free"}
    assert "Tariff was saved." in max_.get("/settings/attributes").text


def test_only_a_choice_has_choices(max_: Client) -> None:
    seats = Attribute.objects.create(name="Seats", key="seats", type="number")
    assert 'name="choices"' not in max_.get(address(seats)).text
    max_.post(address(seats), {"name": "Chairs", "choices": "a\nb"})
    stored = Attribute.objects.get()
    assert (stored.name, stored.type, stored.choices) == ("Chairs", "number", [])


@pytest.mark.parametrize(
    ("name", "choices", "field", "said"),
    [
        ("", "Free", "name", "Give the attribute a name."),
        ("SEATS", "Free", "name", "There is an attribute of this name already."),
        ("Plan", "", "choices", "Give at least one choice."),
    ],
)
def test_an_error_stands_beside_its_field(
    max_: Client, plan: Attribute, name: str, choices: str, field: str, said: str
) -> None:
    Attribute.objects.create(name="Seats", key="seats")
    response = max_.post(address(plan), {"name": name, "choices": choices})
    assert response.status_code == 422
    assert response.context["form"].errors == {field: [said]}
    assert "Edit Plan</h1>" in response.text
    stored = Attribute.objects.get(pk=plan.pk)
    assert (stored.name, stored.choices) == ("Plan", ["Free", "Team"])
