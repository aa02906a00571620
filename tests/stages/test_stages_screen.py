"""Stages: the list by weight, for everybody who may read."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from journeys.rules.models import FunnelSettings
from stages.models import Category, Stage
from tests.factories import TeamMemberFactory, contact_in

STAGES = "/stages"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("role", "edits"), [("administrator", True), ("marketer", True), ("operator", False)])
def test_marketers_may_edit_and_the_rest_read(request, client_of, role: str, edits: bool) -> None:
    response = client_of(request.getfixturevalue(role)).get(STAGES)

    assert response.status_code == 200
    assert ('href="/stages/new"' in response.text) is edits
    assert ("/edit" in response.text) is edits


def test_a_viewer_reads_it_and_somebody_without_a_role_does_not(client_of, viewer: TeamMember) -> None:
    assert client_of(viewer).get(STAGES).status_code == 200
    refused = client_of(TeamMemberFactory()).get(STAGES)
    assert refused.status_code == 403
    assert "This needs the role Viewer." in refused.text


def test_it_is_for_people_who_signed_in(client: Client, db: None) -> None:
    assert client.get(STAGES)["Location"] == "/sign-in?next=/stages"


def test_the_lightest_is_first_and_retired_ones_are_gone(client_of, viewer: TeamMember, loyal: Stage) -> None:
    Stage.objects.filter(name="Aware").update(weight=99)
    Stage.objects.filter(pk=loyal.pk).update(retired_at=timezone.now())

    rows = client_of(viewer).get(STAGES).context["rows"]

    assert [(row.stage.name, row.stage.weight) for row in rows] == [
        ("Engaged", 20),
        ("Customer", 30),
        ("Promoter", 50),
        ("Aware", 99),
    ]


def test_in_a_stage_and_lost_from_it_are_counted_apart_and_lead_to_the_contacts(
    client_of, viewer: TeamMember, customer: Stage, aware: Stage
) -> None:
    for _ in range(3):
        contact_in(customer)
    contact_in(customer, lost=True)
    contact_in(aware, lost=True)
    contact_in(None)

    response = client_of(viewer).get(STAGES)

    assert {row.stage.name: (row.contacts, row.lost) for row in response.context["rows"]} == {
        "Aware": (0, 1),
        "Engaged": (0, 0),
        "Customer": (3, 1),
        "Loyal Customer": (0, 0),
        "Promoter": (0, 0),
    }
    assert (response.context["total"], response.context["lost"]) == (3, 2)
    assert f'href="/contacts?stage={customer.pk}"' in response.text
    assert f'href="/contacts?stage={customer.pk}&amp;lost=yes"' in response.text
    assert f'href="/contacts?stage={aware.pk}&amp;lost=yes"' in response.text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "Published"),
        ({"is_published": False}, "Unpublished"),
        ({"publish_up": timedelta(days=2)}, "Pending"),
        ({"publish_up": -timedelta(days=2), "publish_down": timedelta(days=2)}, "Published"),
        ({"publish_down": -timedelta(days=2)}, "Expired"),
        ({"publish_down": -timedelta(days=2), "is_published": False}, "Unpublished"),
    ],
)
def test_the_window_is_said(client_of, viewer: TeamMember, customer: Stage, fields: dict, says: str) -> None:
    now = timezone.now()
    values = {name: now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    Stage.objects.filter(pk=customer.pk).update(**values)

    rows = client_of(viewer).get(STAGES).context["rows"]

    assert {row.stage.name: row.window.label for row in rows}["Customer"] == says
    assert {row.window.label for row in rows if row.stage.name != "Customer"} == {"Published"}


def test_the_default_the_category_and_equal_weights_are_marked(
    client_of, viewer: TeamMember, customer: Stage, engaged: Stage
) -> None:
    FunnelSettings.objects.update(default_stage=engaged)
    Stage.objects.filter(pk=customer.pk).update(weight=20, category=Category.objects.create(title="Sales", alias="s"))

    response = client_of(viewer).get(STAGES)

    rows = {row.stage.name: row for row in response.context["rows"]}
    assert [name for name, row in rows.items() if row.is_default] == ["Engaged"]
    assert {name for name, row in rows.items() if row.shares_weight} == {"Engaged", "Customer"}
    assert '<td class="medium">Sales</td>' in response.text


def test_without_stages_it_says_why_and_offers_one_action(client_of, viewer, marketer: TeamMember) -> None:
    Stage.objects.update(retired_at=timezone.now())

    for_marketers = client_of(marketer).get(STAGES)
    assert "The funnel has no stages" in for_marketers.text
    assert for_marketers.text.count('href="/stages/new"') == 2
    assert 'href="/stages/new"' not in client_of(viewer).get(STAGES).text


def test_it_costs_eight_queries_however_many_stages(client_of, viewer: TeamMember, customer: Stage) -> None:
    client = client_of(viewer)
    contact_in(customer)
    Stage.objects.exclude(pk=customer.pk).update(retired_at=timezone.now())
    client.get(STAGES)
    with assertNumQueries(8):  # session, person, organisation, role; stages, mark, flows, settings
        assert len(client.get(STAGES).context["rows"]) == 1
    Stage.objects.update(retired_at=None)
    contact_in(None)
    with assertNumQueries(8):
        assert len(client.get(STAGES).context["rows"]) == 5
