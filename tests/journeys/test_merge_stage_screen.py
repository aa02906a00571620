"""Merge stage: it says what the stage holds and what follows, asks which stage takes it over, and starts the run."""

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from config.team.models import TeamMember
from journeys.rules.models import FunnelSettings, LabelRule
from journeys.runs.models import Run
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.heart import assert_explained, status_of


def page_of(stage: Stage) -> str:
    return f"/stages/{stage.pk}/merge"


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_it_needs_a_marketer(request, client_of, loyal: Stage, customer: Stage, role: str) -> None:
    client = client_of(request.getfixturevalue(role))
    assert client.get(page_of(loyal)).status_code == 403
    assert client.post(page_of(loyal), {"into": str(customer.pk)}).status_code == 403
    assert Stage.objects.get(pk=loyal.pk).retired_at is None


def test_it_says_first_who_is_in_it_and_what_follows(client_of, marketer: TeamMember, loyal: Stage) -> None:
    assert "Nothing uses it." in client_of(marketer).get(page_of(loyal)).text
    FunnelSettings.objects.update(default_stage=loyal)
    LabelRule.objects.create(label=LabelFactory(name="Bought"), stage=loyal, created_by=marketer)
    contact_in(loyal)
    contact_in(loyal, lost=True)

    response = client_of(marketer).get(page_of(loyal))

    assert (response.context["contacts"], response.context["lost"]) == (1, 1)
    assert "What uses it follows: Default status, Label rule Bought." in response.text
    offered = [label for _, label in response.context["form"].fields["into"].choices]
    assert offered == ["Choose a stage", "Aware", "Engaged", "Customer", "Promoter"]
    assert not Run.objects.exists()


def test_contacts_and_uses_go_over(client_of, marketer: TeamMember, loyal: Stage, customer: Stage) -> None:
    FunnelSettings.objects.update(default_stage=loyal)
    rule = LabelRule.objects.create(label=LabelFactory(), stage=loyal, created_by=marketer)
    contact, lost = contact_in(loyal), contact_in(loyal, lost=True)

    response = client_of(marketer).post(page_of(loyal), {"into": str(customer.pk), "note": "One is enough"})

    run = Run.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/runs/{run.pk}")
    said = [str(message) for message in get_messages(response.wsgi_request)]
    assert said == ["Loyal Customer was merged into Customer."]
    assert (run.kind, run.state, run.note, run.updated) == ("merge", "finished", "One is enough", 2)
    rule.refresh_from_db()
    assert (rule.stage, FunnelSettings.objects.get().default_stage) == (customer, customer)
    assert (status_of(contact).stage, status_of(lost).stage, status_of(lost).is_lost) == (customer, customer, True)
    assert_explained()


@pytest.mark.parametrize(
    ("into", "says"),
    [
        ("", "Choose a stage."),
        ("none", "This stage is closed by now."),
        ("99", "This stage is closed by now."),
        ("9" * 40, "This stage is closed by now."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(client_of, marketer, loyal: Stage, into: str, says: str) -> None:
    response = client_of(marketer).post(page_of(loyal), {"into": into, "note": "Kept"})
    assert response.status_code == 422
    assert response.context["form"].errors == {"into": [says]}
    assert "Kept" in response.text
    assert Stage.objects.get(pk=loyal.pk).retired_at is None
    assert not Run.objects.exists()


def test_for_many_contacts_the_name_has_to_be_typed(client_of, marketer, loyal: Stage, customer, monkeypatch) -> None:
    monkeypatch.setattr("journeys.retiring.forms.TYPED_FROM", 1)
    contact_in(loyal)
    client = client_of(marketer)
    refused = client.post(page_of(loyal), {"into": str(customer.pk), "typed": "Customer"})
    assert refused.context["form"].errors == {"typed": ["That is not Loyal Customer. Nothing was done."]}
    merged = client.post(page_of(loyal), {"into": str(customer.pk), "typed": "Loyal Customer"})
    assert merged.status_code == 302


def test_a_retired_stage_is_not_merged(client_of, marketer: TeamMember, loyal: Stage, customer: Stage) -> None:
    Stage.objects.filter(pk=loyal.pk).update(retired_at=timezone.now())
    assert client_of(marketer).post(page_of(loyal), {"into": str(customer.pk)}).status_code == 404
    assert not Run.objects.exists()
