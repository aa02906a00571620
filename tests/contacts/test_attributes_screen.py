"""Settings, attributes: the list, its order, and removing what nobody uses."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.models import Attribute
from journeys.segments.actions import create_segment
from journeys.segments.conditions import Condition, Conditions, Operator
from tests.factories import ContactFactory, TeamMemberFactory

ATTRIBUTES = "/settings/attributes"
ClientOf = Callable[[TeamMember], Client]


@pytest.fixture
def three(db: None) -> list[Attribute]:
    return [
        Attribute.objects.create(name=name, key=name.lower(), position=position)
        for position, name in enumerate(["Plan", "Seats", "Renewal"])
    ]


@pytest.fixture
def max_(client_of: ClientOf, marketer: TeamMember) -> Client:
    return client_of(marketer)


def names() -> list[str]:
    return [attribute.name for attribute in Attribute.objects.all()]


@pytest.mark.parametrize("act", ["", "new", "edit", "up", "down", "remove"])
def test_it_is_for_marketers(
    client: Client, client_of: ClientOf, viewer: TeamMember, operator: TeamMember, three: list[Attribute], act: str
) -> None:
    path = {"": ATTRIBUTES, "new": f"{ATTRIBUTES}/new"}.get(act, f"{ATTRIBUTES}/{three[1].pk}/{act}")
    assert client.post(path)["Location"].startswith("/sign-in?next=/settings/attributes")
    for member in (TeamMemberFactory(), viewer, operator):
        for refused in (client_of(member).get(path), client_of(member).post(path, {"name": "X", "type": "text"})):
            assert refused.status_code == 403
            assert "This needs the role Marketer." in refused.text
    assert names() == ["Plan", "Seats", "Renewal"]


def test_the_list_in_its_order(max_: Client, three: list[Attribute]) -> None:
    Attribute.objects.filter(name="Plan").update(type="choice", choices=[f"P{number}" for number in range(8)])
    page = max_.get(ATTRIBUTES)
    assert [attribute.name for attribute in page.context["attributes"]] == ["Plan", "Seats", "Renewal"]
    assert "P0, P1, P2, P3, P4, P5 and 2 more" in page.text
    assert '<a href="/settings/attributes" aria-current="page">Attributes</a>' in page.text


def test_no_attributes_yet(max_: Client) -> None:
    assert "No attributes yet" in max_.get(ATTRIBUTES).text


@pytest.mark.parametrize(
    ("moved", "way", "order"),
    [
        (0, "down", ["Seats", "Plan", "Renewal"]),
        (2, "up", ["Plan", "Renewal", "Seats"]),
        (0, "up", ["Plan", "Seats", "Renewal"]),
        (2, "down", ["Plan", "Seats", "Renewal"]),
    ],
)
def test_one_place_up_or_down(max_: Client, three: list[Attribute], moved: int, way: str, order: list[str]) -> None:
    response = max_.post(f"{ATTRIBUTES}/{three[moved].pk}/{way}")
    assert response["Location"] == ATTRIBUTES
    assert names() == order


def test_htmx_gets_the_list_alone(max_: Client, three: list[Attribute]) -> None:
    headers = {"HX-Request": "true", "HX-Target": "attributes-list"}
    part = max_.post(f"{ATTRIBUTES}/{three[0].pk}/down", headers=headers).text
    assert part.startswith('<div id="attributes-list"')
    assert part.index("Seats") < part.index("Plan")


def test_an_attribute_nobody_has_a_value_for_is_removed(max_: Client, three: list[Attribute]) -> None:
    ContactFactory(attributes={"seats": 3})
    max_.post(f"{ATTRIBUTES}/{three[0].pk}/remove")
    assert names() == ["Seats", "Renewal"]
    assert "Plan was removed." in max_.get(ATTRIBUTES).text


@pytest.mark.parametrize(("count", "said"), [(1, "1 contact has a value"), (3, "3 contacts have a value")])
def test_an_attribute_somebody_has_a_value_for_stays(
    max_: Client, three: list[Attribute], count: int, said: str
) -> None:
    ContactFactory.create_batch(count, attributes={"seats": 3})
    max_.post(f"{ATTRIBUTES}/{three[1].pk}/remove")
    assert names() == ["Plan", "Seats", "Renewal"]
    assert f"Seats stays: {said} for it." in max_.get(ATTRIBUTES).text


def test_an_attribute_that_a_segment_asks_for_stays(max_: Client, three: list[Attribute], marketer, viewer) -> None:
    asked = Conditions(((Condition(f"attribute:{three[0].pk}", Operator.IS_EMPTY),),))
    create_segment(name="Unknown", conditions=asked, is_for_all=True, by=marketer)
    create_segment(name="Secret", conditions=asked, is_for_all=False, by=viewer)
    page = max_.post(f"{ATTRIBUTES}/{three[0].pk}/remove", follow=True).text
    assert f"{three[0]} stays: it is used in Segment of Vera Novak, Segment Unknown." in page
    assert names() == ["Plan", "Seats", "Renewal"]


@pytest.mark.parametrize("act", ["edit", "up", "down", "remove"])
@pytest.mark.parametrize("pk", ["0", "99999999999999999999999"])
def test_no_such_attribute(max_: Client, act: str, pk: str) -> None:
    assert max_.post(f"{ATTRIBUTES}/{pk}/{act}").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_for_one_row_and_for_three(max_: Client, three: list[Attribute], count: int) -> None:
    Attribute.objects.filter(pk__in=[attribute.pk for attribute in three[count:]]).delete()
    max_.get(ATTRIBUTES)
    with assertNumQueries(6):
        # Session, person, organisation, role; attributes.
        max_.get(ATTRIBUTES)


def test_only_a_post_changes_anything(max_: Client, three: list[Attribute]) -> None:
    for act in ("up", "down", "remove"):
        assert max_.get(f"{ATTRIBUTES}/{three[0].pk}/{act}").status_code == 405
