"""Categories: the list, and deleting one that no stage is of."""

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from stages.models import Category, Stage

CATEGORIES = "/settings/categories"


@pytest.fixture
def sales(db: None) -> Category:
    return Category.objects.create(title="Sales", alias="sales", description="<b>Ours</b>")


def texts(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_it_needs_a_marketer(client_of, operator: TeamMember, marketer: TeamMember, sales: Category) -> None:
    assert client_of(operator).get(CATEGORIES).status_code == 403
    assert client_of(operator).post(f"{CATEGORIES}/{sales.pk}/delete").status_code == 403
    assert Category.objects.get() == sales
    assert client_of(marketer).get(CATEGORIES).status_code == 200


def test_each_has_its_stages_in_use_counted(client_of, marketer, sales: Category, customer, loyal: Stage) -> None:
    Category.objects.create(title="Partners", alias="partners", is_published=False)
    Stage.objects.filter(pk__in=[customer.pk, loyal.pk]).update(category=sales)
    Stage.objects.filter(pk=loyal.pk).update(retired_at=timezone.now())

    response = client_of(marketer).get(CATEGORIES)

    assert [(one.title, one.stages) for one in response.context["categories"]] == [("Partners", 0), ("Sales", 1)]
    assert "Unpublished" in response.text
    assert "&lt;b&gt;Ours&lt;/b&gt;" in response.text
    assert response.text.count(f'action="{CATEGORIES}/{sales.pk}/delete"') == 0


def test_without_any_it_says_why_and_offers_one_action(client_of, marketer: TeamMember) -> None:
    page = client_of(marketer).get(CATEGORIES).text
    assert "No categories yet" in page
    assert page.count(f'href="{CATEGORIES}/new"') == 2


def test_a_category_in_use_is_not_deleted(client_of, marketer: TeamMember, sales: Category, customer: Stage) -> None:
    Stage.objects.filter(pk=customer.pk).update(category=sales)
    response = client_of(marketer).post(f"{CATEGORIES}/{sales.pk}/delete")
    assert response["Location"] == CATEGORIES
    assert texts(response) == ["Sales stays: 1 stage is of this category."]
    assert Category.objects.get() == sales


def test_an_unused_one_is_deleted_and_retired_stages_give_it_up(client_of, marketer, sales, loyal: Stage) -> None:
    Stage.objects.filter(pk=loyal.pk).update(category=sales, retired_at=timezone.now())
    response = client_of(marketer).post(f"{CATEGORIES}/{sales.pk}/delete")
    assert texts(response) == ["Sales was deleted."]
    assert not Category.objects.exists()
    assert Stage.objects.get(pk=loyal.pk).category is None
    assert client_of(marketer).post(f"{CATEGORIES}/{sales.pk}/delete").status_code == 404


def test_it_costs_six_queries_however_many_there_are(client_of, marketer: TeamMember, sales: Category) -> None:
    client = client_of(marketer)
    client.get(CATEGORIES)
    with assertNumQueries(6):  # session, person, organisation, role; categories
        client.get(CATEGORIES)
    for number in range(2):
        Category.objects.create(title=f"More {number}", alias=f"more-{number}")
    with assertNumQueries(6):
        client.get(CATEGORIES)
