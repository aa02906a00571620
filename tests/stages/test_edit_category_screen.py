"""Edit category: what may be kept, and that stages keep it."""

from typing import Any

import pytest
from django.contrib.messages import get_messages

from config.team.models import TeamMember
from stages.models import Category, Stage

GIVEN: dict[str, Any] = {
    "title": "Deals",
    "alias": "sales",
    "colour": "#aa11bb",
    "is_published": "no",
    "description": "",
}


@pytest.fixture
def sales(db: None) -> Category:
    return Category.objects.create(title="Sales", alias="sales")


def edit(category: Category) -> str:
    return f"/settings/categories/{category.pk}/edit"


def test_it_needs_a_marketer(client_of, operator: TeamMember, sales: Category) -> None:
    assert client_of(operator).post(edit(sales), GIVEN).status_code == 403
    assert Category.objects.get().title == "Sales"


def test_it_is_changed_and_stages_keep_it(client_of, marketer: TeamMember, sales: Category, customer: Stage) -> None:
    Stage.objects.filter(pk=customer.pk).update(category=sales)
    client = client_of(marketer)
    assert 'value="Sales"' in client.get(edit(sales)).text

    response = client.post(edit(sales), GIVEN)

    assert [str(message) for message in get_messages(response.wsgi_request)] == ["Deals was saved."]
    stored = Category.objects.get()
    assert (stored.title, stored.alias, stored.colour, stored.is_published) == ("Deals", "sales", "#aa11bb", False)
    assert Stage.objects.get(pk=customer.pk).category == sales


def test_an_alias_taken_away_is_made_from_the_title(client_of, marketer: TeamMember, sales: Category) -> None:
    client_of(marketer).post(edit(sales), GIVEN | {"alias": ""})
    assert Category.objects.get().alias == "deals"


def test_a_refused_edit_keeps_the_heading_and_writes_nothing(client_of, marketer, sales: Category) -> None:
    Category.objects.create(title="Other", alias="other")
    response = client_of(marketer).post(edit(sales), GIVEN | {"alias": "other"})
    assert response.status_code == 422
    assert "Edit Sales" in response.text
    assert 'value="Deals"' in response.text
    sales.refresh_from_db()
    assert (sales.title, sales.alias) == ("Sales", "sales")


@pytest.mark.parametrize("pk", ["0", "99", "9" * 25])
def test_a_category_that_is_not_there_is_not_found(client_of, marketer: TeamMember, pk: str) -> None:
    assert client_of(marketer).post(f"/settings/categories/{pk}/edit", GIVEN).status_code == 404
