"""New stage: what may be kept, who may, and that nothing typed is lost."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from config.team.models import TeamMember
from stages.models import Category, Stage, StageRevision

NEW = "/stages/new"
GIVEN: dict[str, Any] = {
    "name": "Trial",
    "description": "Somebody who tries it for thirty days.",
    "colour": "#AA11bb",
    "weight": "25",
    "category": "",
    "is_published": "yes",
    "publish_up": "2026-05-01T09:00",
    "publish_down": "2030-05-01T09:00",
    "target_days": "30",
    "then": "stay",
}


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_it_needs_a_marketer(request, client_of, role: str) -> None:
    client = client_of(request.getfixturevalue(role))
    assert client.get(NEW).status_code == 403
    refused = client.post(NEW, GIVEN)
    assert refused.status_code == 403
    assert "This needs the role Marketer." in refused.text
    assert Stage.objects.count() == 5
    assert StageRevision.objects.count() == 5


def test_a_stage_is_created_with_all_that_was_given(client_of, marketer: TeamMember) -> None:
    category = Category.objects.create(title="Sales", alias="sales")
    before = timezone.now()

    response = client_of(marketer).post(NEW, GIVEN | {"category": str(category.pk)})

    stage = Stage.objects.get(name="Trial")
    assert (response.status_code, response["Location"]) == (302, f"/stages/{stage.pk}/edit")
    assert [str(message) for message in get_messages(response.wsgi_request)] == ["Trial was created."]
    assert (stage.description, stage.colour, stage.weight) == ("Somebody who tries it for thirty days.", "#aa11bb", 25)
    assert (stage.category, stage.is_published, stage.target_days) == (category, True, 30)
    assert stage.publish_up == datetime(2026, 5, 1, 9, tzinfo=UTC)
    assert stage.publish_down == datetime(2030, 5, 1, 9, tzinfo=UTC)
    assert (stage.created_by, stage.modified_by, stage.modified_at) == (marketer, None, None)
    assert stage.created_at >= before
    assert [(r.name, r.weight, r.colour) for r in stage.revisions.all()] == [("Trial", 25, "#aa11bb")]


@pytest.mark.parametrize(
    ("sent", "field", "says"),
    [
        ({"name": ""}, "name", "Give the stage a name."),
        ({"name": " "}, "name", "Give the stage a name."),
        ({"name": "x" * 101}, "name", "Ensure this value has at most 100 characters (it has 101)."),
        ({"name": "aWARE"}, "name", "There is a stage of this name already."),
        ({"weight": ""}, "weight", "Give a weight"),
        ({"weight": "heavy"}, "weight", "Enter a whole number."),
        ({"weight": "1.5"}, "weight", "Enter a whole number."),
        ({"weight": "2147483648"}, "weight", "Ensure this value is less than or equal to 2147483647."),
        ({"weight": "-2147483649"}, "weight", "Ensure this value is greater than or equal to -2147483648."),
        ({"weight": "9" * 5000}, "weight", "Enter a whole number."),
        ({"colour": "red"}, "colour", "Give a colour as # and six hexadecimal digits."),
        ({"colour": "#12345\n"}, "colour", "Give a colour as # and six hexadecimal digits."),
        ({"category": "99"}, "category", "Select a valid choice."),
        ({"category": "9" * 30}, "category", "Select a valid choice."),
        ({"is_published": ""}, "is_published", "This field is required."),
        ({"is_published": "perhaps"}, "is_published", "Select a valid choice."),
        ({"publish_up": "soon"}, "publish_up", "Enter a valid date/time."),
        ({"publish_up": "2026-02-30T09:00"}, "publish_up", "Enter a valid date/time."),
        ({"publish_up": "0001-01-01T00:00"}, "publish_up", "Give a date between 1970 and 2200."),
        ({"publish_down": "9999-12-31T23:59"}, "publish_down", "Give a date between 1970 and 2200."),
        ({"publish_down": "2026-05-01T09:00"}, "publish_down", "Unpublish at has to be later than publish at."),
        ({"target_days": "0"}, "target_days", "Ensure this value is greater than or equal to 1."),
        ({"target_days": "3651"}, "target_days", "Ensure this value is less than or equal to 3650."),
        ({"target_days": "9" * 40}, "target_days", "Ensure this value is less than or equal to 3650."),
    ],
)
def test_bad_input_has_its_error_beside_its_field_and_nothing_is_lost(
    client_of, marketer: TeamMember, sent: dict, field: str, says: str
) -> None:
    response = client_of(marketer).post(NEW, GIVEN | sent)

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert says in response.context["form"].errors[field][0]
    assert f'id="id_{field}_error"' in response.text
    assert "Somebody who tries it for thirty days." in response.text
    if field != "name":
        assert 'value="Trial"' in response.text
    assert Stage.objects.count() == 5


def test_a_name_is_free_again_once_its_stage_is_retired(client_of, marketer: TeamMember, loyal: Stage) -> None:
    Stage.objects.filter(pk=loyal.pk).update(retired_at=timezone.now())
    assert client_of(marketer).post(NEW, GIVEN | {"name": "Loyal Customer"}).status_code == 302


def test_a_new_stage_is_heavier_than_the_rest_until_somebody_says_otherwise(client_of, marketer) -> None:
    assert client_of(marketer).get(NEW).context["form"]["weight"].value() == 60
    Stage.objects.filter(name="Promoter").update(weight=2**31 - 1)
    assert client_of(marketer).get(NEW).context["form"]["weight"].value() == 2**31 - 1


def test_a_clone_begins_with_all_of_its_original_but_is_not_published(client_of, marketer, customer: Stage) -> None:
    category = Category.objects.create(title="Sales", alias="sales")
    Stage.objects.filter(pk=customer.pk).update(category=category, target_days=60, colour="#112233")
    client = client_of(marketer)

    form = client.get(f"{NEW}?like={customer.pk}").context["form"]

    assert {name: form[name].value() for name in form.Meta.fields} == {
        "name": "Customer (copy)",
        "description": customer.description,
        "colour": "#112233",
        "weight": 35,
        "category": category.pk,
        "is_published": "no",
        "publish_up": None,
        "publish_down": None,
        "target_days": 60,
    }
    assert Stage.objects.count() == 5
    client.post(f"{NEW}?like={customer.pk}", GIVEN | {"name": "Customer (copy)", "is_published": "no"})
    clone = Stage.objects.get(name="Customer (copy)")
    assert (clone.is_published, clone.weight, clone.created_by) == (False, 25, marketer)
    assert client.get(f"{NEW}?like={customer.pk}").context["form"]["name"].value() == "Customer (copy 2)"


@pytest.mark.parametrize("like", ["", "0", "99", "x", "9" * 40, "-1"])
def test_a_clone_of_no_stage_is_a_new_stage(client_of, marketer: TeamMember, like: str) -> None:
    form = client_of(marketer).get(f"{NEW}?like={like}").context["form"]
    assert (form["name"].value(), form["weight"].value(), form["is_published"].value()) == (None, 60, "yes")


def test_categories_that_are_not_published_are_not_offered(client_of, marketer: TeamMember) -> None:
    Category.objects.create(title="Sales", alias="sales")
    old = Category.objects.create(title="Old", alias="old", is_published=False)
    client = client_of(marketer)
    assert list(client.get(NEW).context["form"].fields["category"].queryset.values_list("title", flat=True)) == [
        "Sales"
    ]
    assert client.post(NEW, GIVEN | {"category": str(old.pk)}).status_code == 422
