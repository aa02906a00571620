"""Retire stage: it says what the stage holds and what uses it, asks where the contacts go, and starts the run."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from config.team.models import TeamMember
from journeys.retiring.actions import retire_stage
from journeys.rules.models import FunnelSettings, LabelRule
from journeys.runs import actions
from journeys.runs.models import Run
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.heart import assert_explained, status_of


def page_of(stage: Stage) -> str:
    return f"/stages/{stage.pk}/retire"


def texts(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_it_needs_a_marketer(request, client_of, loyal: Stage, role: str) -> None:
    client = client_of(request.getfixturevalue(role))
    assert client.get(page_of(loyal)).status_code == 403
    assert client.post(page_of(loyal), {"to": "none"}).status_code == 403
    assert Stage.objects.get(pk=loyal.pk).retired_at is None


def test_it_says_first_who_is_in_it_and_what_uses_it(client_of, marketer: TeamMember, loyal: Stage) -> None:
    FunnelSettings.objects.update(default_stage=loyal)
    LabelRule.objects.create(label=LabelFactory(name="bought"), stage=loyal, created_by=marketer)
    for _ in range(3):
        contact_in(loyal)
    contact_in(loyal, lost=True)

    response = client_of(marketer).get(page_of(loyal))

    assert (response.context["contacts"], response.context["lost"]) == (3, 1)
    assert [str(use) for use in response.context["uses"]] == ["Default status", "Label rule bought"]
    assert "Label rule bought: it is kept, and moves nobody any more." in response.text
    assert f'href="/stages/{loyal.pk}/merge"' in response.text
    offered = [label for _, label in response.context["form"].fields["to"].choices]
    assert offered == ["Choose a stage", "No stage", "Aware", "Engaged", "Customer", "Promoter"]
    assert "There is no undo." in response.text
    assert not Run.objects.exists()


def test_closed_stages_are_not_offered(client_of, marketer: TeamMember, loyal: Stage, engaged: Stage) -> None:
    Stage.objects.filter(pk=engaged.pk).update(is_published=False)
    response = client_of(marketer).post(page_of(loyal), {"to": str(engaged.pk)})
    assert response.status_code == 422
    assert response.context["form"].errors == {"to": ["This stage is closed by now."]}


def test_a_small_one_is_finished_when_its_page_arrives(client_of, marketer, loyal: Stage, customer: Stage) -> None:
    contact = contact_in(loyal)
    response = client_of(marketer).post(page_of(loyal), {"to": str(customer.pk), "note": "Too few"})

    run = Run.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/runs/{run.pk}")
    assert texts(response) == ["Loyal Customer was retired."]
    assert (run.kind, run.state, run.note, run.updated) == ("retire", "finished", "Too few", 1)
    assert status_of(contact).stage == customer
    assert Stage.objects.get(pk=loyal.pk).retired_at is not None
    assert client_of(marketer).get(page_of(loyal)).status_code == 404
    assert_explained()


def test_a_large_one_goes_on_by_itself(client_of, marketer, loyal: Stage, customer, monkeypatch) -> None:
    monkeypatch.setattr(actions, "SMALL", 0)
    contact = contact_in(loyal)
    client_of(marketer).post(page_of(loyal), {"to": str(customer.pk)})
    assert Run.objects.get().state == "running"
    assert status_of(contact).stage == loyal


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        ({}, {"to": ["Say where its contacts go."]}),
        ({"to": ""}, {"to": ["Say where its contacts go."]}),
        ({"to": "99"}, {"to": ["This stage is closed by now."]}),
        ({"to": "9" * 40}, {"to": ["This stage is closed by now."]}),
        (
            {"to": "none", "note": "x" * 2001},
            {"note": ["Ensure this value has at most 2000 characters (it has 2001)."]},
        ),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(client_of, marketer, loyal: Stage, sent: dict, errors: dict) -> None:
    response = client_of(marketer).post(page_of(loyal), {"note": "Kept", **sent})
    assert response.status_code == 422
    assert response.context["form"].errors == errors
    assert sent.get("note", "Kept") in response.text
    assert Stage.objects.get(pk=loyal.pk).retired_at is None
    assert not Run.objects.exists()


def test_its_own_stage_is_no_place_to_go(client_of, marketer: TeamMember, loyal: Stage) -> None:
    assert client_of(marketer).post(page_of(loyal), {"to": str(loyal.pk)}).status_code == 422


@pytest.mark.parametrize(("chosen", "after"), [("none", None), ("Engaged", "Engaged")])
def test_for_the_default_it_asks_for_another_one(client_of, marketer, aware: Stage, chosen: str, after) -> None:
    FunnelSettings.objects.update(default_stage=aware)
    client = client_of(marketer)
    assert client.post(page_of(aware), {"to": "none"}).context["form"].errors == {
        "default": ["Say what new contacts get."]
    }
    keys = {name: str(pk) for pk, name in Stage.objects.values_list("pk", "name")}
    client.post(page_of(aware), {"to": "none", "default": keys.get(chosen, chosen)})
    default = FunnelSettings.objects.get().default_stage
    assert (default.name if default else None) == after
    assert Stage.objects.get(pk=aware.pk).retired_at is not None


def test_no_default_is_asked_for_where_it_is_none(client_of, marketer: TeamMember, loyal: Stage) -> None:
    assert "default" not in client_of(marketer).get(page_of(loyal)).context["form"].fields


@pytest.mark.parametrize(
    ("typed", "retired"), [("", False), ("Customer", False), ("loyal  customer ", True), ("Loyal Customer", True)]
)
def test_for_many_contacts_the_name_has_to_be_typed(
    client_of, marketer, loyal: Stage, monkeypatch: pytest.MonkeyPatch, typed: str, retired: bool
) -> None:
    monkeypatch.setattr("journeys.retiring.forms.TYPED_FROM", 2)
    contact_in(loyal)
    client = client_of(marketer)
    assert "typed" not in client.get(page_of(loyal)).context["form"].fields
    contact_in(loyal, lost=True)
    response = client.post(page_of(loyal), {"to": "none", "typed": typed})
    assert response.status_code == (302 if retired else 422)
    assert (Stage.objects.get(pk=loyal.pk).retired_at is not None) is retired


def test_a_stage_retired_meanwhile_is_said_and_nothing_is_lost(
    client_of, marketer: TeamMember, loyal: Stage, customer: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def retired_meanwhile(**_: Any) -> Run:
        raise Stage.DoesNotExist

    monkeypatch.setattr("journeys.retiring.views.actions.retire_stage", retired_meanwhile)
    response = client_of(marketer).post(page_of(loyal), {"to": str(customer.pk), "note": "Kept"})
    assert response.status_code == 422
    assert response.context["form"].errors == {"to": ["Somebody retired this stage meanwhile."]}
    assert "Kept" in response.text


def test_contacts_left_in_a_retired_stage_are_moved_out(client_of, marketer, loyal: Stage, customer: Stage) -> None:
    contact = contact_in(loyal, lost=True)
    Stage.objects.filter(pk=loyal.pk).update(retired_at=timezone.now())
    client = client_of(marketer)
    page = client.get(page_of(loyal)).text
    assert "<h1>Move contacts out of Loyal Customer</h1>" in page
    response = client.post(page_of(loyal), {"to": str(customer.pk)})
    assert response["Location"] == f"/runs/{Run.objects.get().pk}"
    assert texts(response) == []
    assert (status_of(contact).stage, status_of(contact).is_lost) == (customer, True)


def test_a_second_click_leads_to_the_run_under_way(client_of, marketer, loyal: Stage, customer: Stage) -> None:
    contact_in(loyal)
    run = retire_stage(stage=loyal, to=customer, by=marketer)
    response = client_of(marketer).post(page_of(loyal), {"to": "none"})
    assert response["Location"] == f"/runs/{run.pk}"
    assert Run.objects.get() == run


@pytest.mark.parametrize("pk", ["0", "99", "9" * 25])
def test_a_stage_that_is_not_there_is_not_found(client_of, marketer: TeamMember, pk: str) -> None:
    assert client_of(marketer).get(f"/stages/{pk}/retire").status_code == 404
