"""Edit stage: what may be kept, who may, and that nothing typed is lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from config.team.models import TeamMember
from journeys.status.models import FunnelStatus, StatusChange
from stages.models import Category, Stage, StageRevision
from tests.factories import contact_in, standing

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


def edit(stage: Stage) -> str:
    return f"/stages/{stage.pk}/edit"


def seen(stage: Stage, **changes: Any) -> dict[str, Any]:
    """What the form of a stage sends, with what somebody changed in it."""
    return {
        "name": stage.name,
        "description": stage.description,
        "colour": stage.colour,
        "weight": str(stage.weight),
        "category": "",
        "is_published": "yes" if stage.is_published else "no",
        "publish_up": "",
        "publish_down": "",
        "target_days": "",
        "last_changed_at": stage.last_changed_at.isoformat(),
        "then": "stay",
        **changes,
    }


def texts(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_it_needs_a_marketer(request, client_of, customer: Stage, role: str) -> None:
    client = client_of(request.getfixturevalue(role))
    assert client.get(edit(customer)).status_code == 403
    refused = client.post(edit(customer), seen(customer, name="Client"))
    assert refused.status_code == 403
    assert "This needs the role Marketer." in refused.text
    assert Stage.objects.get(pk=customer.pk).name == "Customer"
    assert StageRevision.objects.count() == 5


def test_times_are_read_in_the_zone_of_the_person(client_of, marketer: TeamMember, customer: Stage) -> None:
    TeamMember.objects.filter(pk=marketer.pk).update(time_zone="Asia/Tokyo")
    client = client_of(marketer)

    client.post(edit(customer), seen(customer, publish_up="2026-05-01T09:00"))

    assert Stage.objects.get(pk=customer.pk).publish_up == datetime(2026, 5, 1, 0, tzinfo=UTC)
    page = client.get(edit(customer)).text
    assert 'value="2026-05-01T09:00"' in page
    assert "Your time zone: Asia/Tokyo." in page


def test_save_stays_and_save_and_close_goes_to_the_list(client_of, marketer: TeamMember, customer: Stage) -> None:
    client = client_of(marketer)
    assert client.post(edit(customer), seen(customer, name="Client"))["Location"] == edit(customer)
    customer.refresh_from_db()
    assert client.post(edit(customer), seen(customer, name="Buyer", then="close"))["Location"] == "/stages"
    page = client.get(edit(customer)).text
    assert ">Save</button>" in page
    assert ">Save &amp; Close</button>" in page
    assert '<a class="button quiet" href="/stages">Cancel</a>' in page


def test_only_what_differs_is_changed_and_signed(client_of, marketer: TeamMember, customer: Stage) -> None:
    contact = contact_in(customer)
    changes = StatusChange.objects.count()
    client = client_of(marketer)

    response = client.post(edit(customer), seen(customer, name="Client"))

    after = Stage.objects.get(pk=customer.pk)
    assert texts(response) == ["Client was saved."]
    assert (after.name, after.weight, after.modified_by) == ("Client", 30, marketer)
    assert after.modified_at is not None
    assert list(after.revisions.values_list("name", flat=True)) == ["Customer", "Client"]
    assert FunnelStatus.objects.get(pk=contact.pk).stage == customer
    assert StatusChange.objects.count() == changes

    assert texts(client.post(edit(after), seen(after)))[-1] == "Client stays as it was."
    again = Stage.objects.get(pk=customer.pk)
    assert again.modified_at == after.modified_at
    assert again.revisions.count() == 2


def test_seconds_that_the_form_does_not_show_stay(client_of, marketer: TeamMember, customer: Stage) -> None:
    exact = datetime(2026, 5, 1, 9, 30, 15, 123456, tzinfo=UTC)
    Stage.objects.filter(pk=customer.pk).update(publish_up=exact)
    client = client_of(marketer)
    assert 'value="2026-05-01T09:30:15"' in client.get(edit(customer)).text

    client.post(edit(customer), seen(customer, publish_up="2026-05-01T09:30:15", description="Other"))

    after = Stage.objects.get(pk=customer.pk)
    assert (after.description, after.publish_up) == ("Other", exact)


def test_a_refused_edit_keeps_the_title_and_writes_nothing(client_of, marketer: TeamMember, customer: Stage) -> None:
    response = client_of(marketer).post(edit(customer), seen(customer, name="Aware", weight="31"))

    assert response.status_code == 422
    assert "<h1>Customer</h1>" in response.text
    assert 'value="Aware"' in response.text
    assert 'value="31"' in response.text
    assert Stage.objects.get(pk=customer.pk).weight == 30


@pytest.mark.parametrize("pk", ["0", "99", "9" * 25])
def test_a_stage_that_is_not_there_is_not_found(client_of, marketer: TeamMember, pk: str) -> None:
    client = client_of(marketer)
    assert client.get(f"/stages/{pk}/edit").status_code == 404
    assert client.post(f"/stages/{pk}/edit", {"name": "Client"}).status_code == 404


def test_a_retired_stage_is_not_edited(client_of, marketer: TeamMember, loyal: Stage) -> None:
    Stage.objects.filter(pk=loyal.pk).update(retired_at=timezone.now())
    assert client_of(marketer).post(edit(loyal), seen(loyal, name="Other")).status_code == 404
    assert Stage.objects.get(pk=loyal.pk).name == "Loyal Customer"


def test_equal_weights_are_warned_about_and_kept(client_of, marketer: TeamMember, customer: Stage) -> None:
    response = client_of(marketer).post(edit(customer), seen(customer, weight="20"))

    assert texts(response) == [
        "Customer was saved.",
        "Customer weighs as much as Engaged: 20. A move between them is neither forward nor back.",
    ]
    assert Stage.objects.get(pk=customer.pk).weight == 20


def test_closing_the_default_status_is_warned_about(client_of, marketer: TeamMember, aware: Stage) -> None:
    response = client_of(marketer).post(edit(aware), seen(aware, is_published="no"))

    assert texts(response) == [
        "Aware was saved.",
        "Aware is the default status and is closed now: new contacts get no status meanwhile.",
    ]


def test_the_second_of_two_is_told_who_was_first_and_loses_nothing(
    client_of, marketer: TeamMember, administrator: TeamMember, customer: Stage
) -> None:
    form = seen(customer, name="Patron", description="Mine")
    client_of(administrator).post(edit(customer), seen(customer, weight="35"))

    late = client_of(marketer).post(edit(customer), form)

    assert late.status_code == 409
    assert "Ana Silva changed this stage" in late.text
    assert 'value="Patron"' in late.text
    after = Stage.objects.get(pk=customer.pk)
    assert (after.name, after.weight, after.modified_by) == ("Customer", 35, administrator)

    saved_over = client_of(marketer).post(edit(customer), seen(after, name="Patron", weight="30"))
    assert saved_over.status_code == 302
    assert Stage.objects.get(pk=customer.pk).name == "Patron"


def test_an_empty_description_asks_the_questions(client_of, marketer: TeamMember, customer: Stage) -> None:
    client = client_of(marketer)
    assert "Shown as help wherever the stage is named." in client.get(edit(customer)).text
    Stage.objects.filter(pk=customer.pk).update(description="")
    assert "What makes somebody a Customer? Who decides it, from what?" in client.get(edit(customer)).text
    Stage.objects.filter(pk=customer.pk).update(name="Advocate")
    assert "What makes somebody an Advocate? Who decides it, from what?" in client.get(edit(customer)).text


def test_markup_in_a_description_is_kept_and_shown_as_text(client_of, marketer: TeamMember, customer: Stage) -> None:
    markup = "<p>Paid <b>once</b> &amp; more</p>"
    Stage.objects.filter(pk=customer.pk).update(description=markup)
    client = client_of(marketer)
    page = client.get(edit(customer)).text
    assert "&lt;p&gt;Paid &lt;b&gt;once&lt;/b&gt; &amp;amp; more&lt;/p&gt;" in page
    customer.refresh_from_db()
    client.post(edit(customer), seen(customer, weight="31"))
    assert Stage.objects.get(pk=customer.pk).description == markup


def test_the_median_time_stands_beside_the_target(client_of, marketer: TeamMember, customer: Stage, loyal) -> None:
    client = client_of(marketer)
    assert "Nobody has moved on from it yet" in client.get(edit(customer)).text
    for days in (10, 20, 90):
        standing(contact_in(customer, since=timezone.now() - timedelta(days=days)), loyal)
    page = client.get(edit(customer)).text
    assert "Median time in it: <strong>20 days</strong>, of the last 3 to move on." in page


def test_its_own_category_stays_offered_when_it_is_not_published(client_of, marketer, customer: Stage) -> None:
    old = Category.objects.create(title="Old", alias="old", is_published=False)
    Stage.objects.filter(pk=customer.pk).update(category=old)
    response = client_of(marketer).post(edit(customer), seen(customer, category=str(old.pk), weight="31"))
    assert response.status_code == 302
    assert Stage.objects.get(pk=customer.pk).category == old
