"""New category: what may be kept, and an alias made from the title."""

from typing import Any

import pytest
from django.contrib.messages import get_messages

from config.team.models import TeamMember
from stages.models import Category

NEW = "/settings/categories/new"
GIVEN: dict[str, Any] = {
    "title": "Big sales",
    "alias": "",
    "colour": "#AA11bb",
    "is_published": "yes",
    "description": "From 1,000 on.",
}


def test_it_needs_a_marketer(client_of, operator: TeamMember) -> None:
    assert client_of(operator).get(NEW).status_code == 403
    assert client_of(operator).post(NEW, GIVEN).status_code == 403
    assert not Category.objects.exists()


@pytest.mark.parametrize(
    ("sent", "alias"),
    [
        ({}, "big-sales"),
        ({"alias": "mine"}, "mine"),
        ({"title": "Ärger & Co"}, "arger-co"),
        ({"title": "销售"}, "category"),
        ({"title": "x" * 100}, "x" * 90),
    ],
)
def test_a_category_is_created_and_its_alias_made_from_the_title(client_of, marketer, sent: dict, alias: str) -> None:
    response = client_of(marketer).post(NEW, GIVEN | sent)
    category = Category.objects.get()
    assert (response.status_code, response["Location"]) == (302, "/settings/categories")
    assert [str(message) for message in get_messages(response.wsgi_request)] == [f"{category} was created."]
    assert (category.alias, category.colour, category.is_published) == (alias, "#aa11bb", True)
    assert category.description == "From 1,000 on."


def test_an_alias_that_is_taken_gets_a_number(client_of, marketer: TeamMember) -> None:
    client = client_of(marketer)
    for _ in range(3):
        client.post(NEW, GIVEN)
    assert set(Category.objects.values_list("alias", flat=True)) == {"big-sales", "big-sales-2", "big-sales-3"}


@pytest.mark.parametrize(
    ("sent", "field", "says"),
    [
        ({"title": " "}, "title", "Give the category a title."),
        ({"title": "x" * 101}, "title", "Ensure this value has at most 100 characters (it has 101)."),
        ({"alias": "two words"}, "alias", "Enter a valid “slug”"),
        ({"alias": "taken"}, "alias", "There is a category of this alias already."),
        ({"colour": "red"}, "colour", "Give a colour as # and six hexadecimal digits."),
        ({"is_published": ""}, "is_published", "This field is required."),
    ],
)
def test_bad_input_has_its_error_beside_its_field_and_nothing_is_lost(
    client_of, marketer: TeamMember, sent: dict, field: str, says: str
) -> None:
    Category.objects.create(title="Taken", alias="taken")
    response = client_of(marketer).post(NEW, GIVEN | sent)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert says in response.context["form"].errors[field][0]
    assert f'id="id_{field}_error"' in response.text
    assert "From 1,000 on." in response.text
    assert Category.objects.count() == 1
