"""Stages: the list by weight, for everybody who may read."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from journeys.rules.models import FunnelSettings, LabelRule
from stages.models import Category, Stage, StageRevision
from tests.factories import LabelFactory, TeamMemberFactory, contact_in

STAGES = "/stages"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def texts(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


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


def test_it_is_for_people_who_signed_in(client: Client, viewer: TeamMember) -> None:
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


def test_what_uses_a_stage_is_said_and_leads_there(
    client_of, viewer: TeamMember, marketer: TeamMember, customer: Stage, engaged: Stage
) -> None:
    FunnelSettings.objects.update(default_stage=engaged)
    for name in ("gamma", "Alpha", "beta"):
        LabelRule.objects.create(label=LabelFactory(name=name), stage=customer, created_by=marketer)

    response = client_of(viewer).get(STAGES)

    assert {row.stage.name: [str(use) for use in row.uses] for row in response.context["rows"]} == {
        "Aware": [],
        "Engaged": ["Default status"],
        "Customer": ["Label rule Alpha", "Label rule beta", "Label rule gamma"],
        "Loyal Customer": [],
        "Promoter": [],
    }
    assert "<li>Label rule beta</li>" in response.text
    for_marketers = client_of(marketer).get(STAGES).text
    assert '<li><a href="/manage-funnel">Label rule beta</a></li>' in for_marketers
    assert "Label rule gamma" not in response.text
    assert "and 1 more" in response.text


def test_contacts_left_in_a_retired_stage_are_said(client_of, viewer: TeamMember, loyal: Stage) -> None:
    assert "that were retired" not in client_of(viewer).get(STAGES).text
    contact_in(loyal)
    contact_in(loyal, lost=True)
    Stage.objects.filter(pk=loyal.pk).update(retired_at=timezone.now())

    response = client_of(viewer).get(STAGES)

    assert response.context["left_over"] == [(loyal, 2)]
    assert f'<a href="/stages/{loyal.pk}">2 in Loyal Customer</a>' in response.text


def test_a_description_is_shown_as_text(client_of, viewer: TeamMember, customer: Stage) -> None:
    Stage.objects.filter(pk=customer.pk).update(description="<p><b>Paid</b></p>")
    page = client_of(viewer).get(STAGES).text
    assert "&lt;p&gt;&lt;b&gt;Paid&lt;/b&gt;&lt;/p&gt;" in page
    assert "<b>Paid" not in page


# Moving a stage


def weights() -> dict[str, int]:
    return dict(Stage.objects.in_use().values_list("name", "weight"))


def test_a_move_gives_a_weight_between_the_new_neighbours(client_of, marketer: TeamMember, customer: Stage) -> None:
    response = client_of(marketer).post(f"/stages/{customer.pk}/up")

    assert (response.status_code, response["Location"]) == (302, STAGES)
    assert texts(response) == ["Customer is number 2 now, with weight 15."]
    assert list(weights().items()) == [
        ("Aware", 10),
        ("Customer", 15),
        ("Engaged", 20),
        ("Loyal Customer", 40),
        ("Promoter", 50),
    ]
    customer.refresh_from_db()
    assert customer.modified_by == marketer
    assert list(customer.revisions.values_list("weight", flat=True)) == [30, 15]
    assert StageRevision.objects.count() == 6
    assert Stage.objects.get(name="Engaged").modified_by is None


def test_without_room_all_weights_are_spaced_anew_and_each_change_is_written_down(
    client_of, marketer: TeamMember, customer: Stage
) -> None:
    Stage.objects.filter(name="Engaged").update(weight=11)
    response = client_of(marketer).post(f"/stages/{customer.pk}/up")

    assert texts(response) == [
        "Customer is number 2 now, with weight 20. "
        "There was no room between the others, so all weights are ten apart now."
    ]
    assert list(weights().items()) == [
        ("Aware", 10),
        ("Customer", 20),
        ("Engaged", 30),
        ("Loyal Customer", 40),
        ("Promoter", 50),
    ]
    revised = StageRevision.objects.order_by("-pk").values_list("name", "weight")
    assert set(revised[:2]) == {("Customer", 20), ("Engaged", 30)}
    assert StageRevision.objects.count() == 5 + 1 + 2


def test_at_the_end_of_the_list_it_stays(client_of, marketer: TeamMember, promoter: Stage) -> None:
    before = weights()
    assert texts(client_of(marketer).post(f"/stages/{promoter.pk}/down")) == ["Promoter stays number 5."]
    assert weights() == before
    promoter.refresh_from_db()
    assert promoter.modified_at is None


@pytest.mark.parametrize(
    ("before", "order"),
    [
        ("Aware", ["Customer", "Aware", "Engaged", "Loyal Customer", "Promoter"]),
        ("Promoter", ["Aware", "Engaged", "Loyal Customer", "Customer", "Promoter"]),
        ("last", ["Aware", "Engaged", "Loyal Customer", "Promoter", "Customer"]),
        ("Loyal Customer", ["Aware", "Engaged", "Customer", "Loyal Customer", "Promoter"]),
        ("Customer", ["Aware", "Engaged", "Customer", "Loyal Customer", "Promoter"]),
    ],
)
def test_it_is_dropped_before_another(client_of, marketer, customer: Stage, before: str, order: list[str]) -> None:
    keys = {name: str(pk) for pk, name in Stage.objects.values_list("pk", "name")}
    sent = {"before": keys.get(before, before)}
    response = client_of(marketer).post(
        f"/stages/{customer.pk}/move", sent, headers={"HX-Request": "true", "HX-Target": "stages-list"}
    )
    assert response.status_code == 200
    assert response.text.startswith('<section id="stages-list"')
    assert list(weights()) == order


@pytest.mark.parametrize("sent", [{}, {"before": ""}, {"before": "99"}, {"before": "9" * 40}, {"before": "x"}])
def test_a_place_that_is_not_there_moves_nothing(client_of, marketer: TeamMember, customer: Stage, sent: dict) -> None:
    before = weights()
    response = client_of(marketer).post(f"/stages/{customer.pk}/move", sent)
    assert response["Location"] == STAGES
    assert texts(response) == ["Customer stays where it is: the list has changed meanwhile."]
    assert weights() == before


@pytest.mark.parametrize("way", ["up", "down", "move"])
def test_moving_needs_a_marketer_and_a_stage_in_use(client_of, operator, marketer, loyal: Stage, way: str) -> None:
    before = weights()
    assert client_of(operator).post(f"/stages/{loyal.pk}/{way}", {"before": "last"}).status_code == 403
    Stage.objects.filter(pk=loyal.pk).update(retired_at=timezone.now())
    assert client_of(marketer).post(f"/stages/{loyal.pk}/{way}", {"before": "last"}).status_code == 404
    Stage.objects.filter(pk=loyal.pk).update(retired_at=None)
    assert weights() == before


def test_it_costs_twelve_queries_however_many_stages(client_of, viewer: TeamMember, customer: Stage) -> None:
    client = client_of(viewer)
    contact_in(customer)
    Stage.objects.exclude(pk=customer.pk).update(retired_at=timezone.now())
    client.get(STAGES)
    # session, person, organisation, role; mark, flows, stages, settings, rules, segments, web forms, campaigns
    with assertNumQueries(12):
        assert len(client.get(STAGES).context["rows"]) == 1
    Stage.objects.update(retired_at=None)
    contact_in(None)
    with assertNumQueries(12):
        assert len(client.get(STAGES).context["rows"]) == 5
