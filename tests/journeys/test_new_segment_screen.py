"""Building a segment: the three examples by clicking, every kind of field, nothing typed is lost, who may."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from config.team.models import TeamMember
from contacts.models import Attribute
from journeys.segments import views
from journeys.segments.conditions import OPERATORS, Conditions
from journeys.segments.models import Segment
from journeys.segments.queries import contacts_of, vocabulary
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.journeys.segmenting import in_stage, is_in, posted, segment_of

NEW = "/segments/new"


@pytest.fixture
def building(client_of, marketer: TeamMember) -> Client:
    return client_of(marketer)


def htmx(target: str) -> dict[str, str]:
    return {"HX-Request": "true", "HX-Target": target}


def begun(response: Any) -> list[list[dict[str, str]]]:
    return response.context["form"].typed


def saved(client: Client, *groups: list[dict[str, str]], **fields: str) -> Segment:
    response = client.post(NEW, posted(*groups, **fields))
    segment = Segment.objects.latest("pk")
    assert (response.status_code, response["Location"]) == (302, f"/segments/{segment.pk}")
    return segment


# The examples


def test_customers_who_opened_nothing_lately(building: Client, customer: Stage, aware: Stage) -> None:
    before = {"field": "last_open_at", "operator": "before", "day": "2026-04-08"}
    meant = contact_in(customer, last_open_at=datetime(2026, 4, 7, 23, 59, tzinfo=UTC))
    contact_in(customer, last_open_at=datetime(2026, 4, 8, tzinfo=UTC))
    contact_in(customer)
    contact_in(customer, lost=True, last_open_at=datetime(2026, 4, 1, tzinfo=UTC))
    contact_in(aware, last_open_at=datetime(2026, 4, 1, tzinfo=UTC))
    segment = saved(building, [is_in(customer), before], name="At risk")
    assert list(contacts_of(segment)) == [meant]


def test_promoters(building: Client, promoter: Stage, aware: Stage) -> None:
    meant = contact_in(promoter)
    contact_in(promoter, lost=True)
    contact_in(aware)
    assert list(contacts_of(saved(building, [is_in(promoter)], name="Advocacy"))) == [meant]


def test_new_subscribers(building: Client, aware: Stage, customer: Stage) -> None:
    after = {"field": "subscribed_at", "operator": "after", "day": "2026-05-01"}
    meant = contact_in(aware, subscribed_at=datetime(2026, 5, 2, tzinfo=UTC))
    contact_in(aware, subscribed_at=datetime(2026, 5, 1, 23, 59, tzinfo=UTC))
    contact_in(aware)
    contact_in(customer, subscribed_at=datetime(2026, 5, 2, tzinfo=UTC))
    assert list(contacts_of(saved(building, [is_in(aware), after], name="Welcome"))) == [meant]


# Saving


def test_what_is_saved_is_kept_and_said(building: Client, marketer: TeamMember, promoter: Stage) -> None:
    response = building.post(
        NEW, posted([is_in(promoter)], name="  Our   fans ", description="Ask.", is_for_all="on"), follow=True
    )
    segment = Segment.objects.get()
    assert (segment.name, segment.description, segment.is_for_all, segment.owner) == (
        "Our fans",
        "Ask.",
        True,
        marketer,
    )
    assert segment.asks == in_stage(promoter)
    assert "Our fans was saved." in response.text


@pytest.mark.parametrize("name", ["viewer", "operator"])
def test_whoever_may_not_share_keeps_it_to_themselves(request, client_of, promoter: Stage, name: str) -> None:
    client = client_of(request.getfixturevalue(name))
    assert 'name="is_for_all"' not in client.get(NEW).text
    assert saved(client, [is_in(promoter)], is_for_all="on").is_for_all is False


def test_what_is_wrong_is_said_beside_it_and_nothing_typed_is_lost(building: Client, customer: Stage) -> None:
    typed = [
        [is_in(customer), {"field": "last_open_at", "operator": "between", "day": "2026-05-03", "until": "2026-05-02"}],
        [{"field": "company", "operator": "contains", "text": ""}, {"field": ""}],
    ]
    response = building.post(NEW, posted(*typed, name="", description="Kept", is_for_all="on"))
    assert response.status_code == 422
    form = response.context["form"]
    assert form.errors == {
        "name": ["Give the segment a name."],
        "0-1-until": ["This day is before the first one."],
        "1-0-text": ["Say what to compare with."],
        "1-1-field": ["Choose what the condition is about."],
    }
    for kept in ('value="2026-05-03"', 'value="2026-05-02"', ">\nKept</textarea>", f'value="{customer.pk}" selected'):
        assert kept in response.text
    assert 'aria-describedby="id_0-1-until_error"' in response.text
    assert 'name="is_for_all" aria-describedby="id_is_for_all_help" id="id_is_for_all" checked' in response.text
    assert not Segment.objects.exists()


def test_a_name_that_is_taken_is_said_beside_it(building: Client, marketer: TeamMember, promoter: Stage) -> None:
    segment_of(promoter, marketer)
    response = building.post(NEW, posted([is_in(promoter)], name="FANS", is_for_all="on"))
    assert response.status_code == 422
    assert response.context["form"].errors == {"name": ["There is a segment of this name already."]}
    assert Segment.objects.count() == 1


def test_without_a_condition_nothing_is_saved(building: Client, db: None) -> None:
    response = building.post(NEW, {"name": "Everybody"})
    assert response.status_code == 422
    assert response.context["form"].errors == {"0-0-field": ["Choose what the condition is about."]}
    assert not Segment.objects.exists()


def test_too_many_conditions_are_said(building: Client, customer: Stage) -> None:
    response = building.post(NEW, posted([is_in(customer)] * 41))
    assert response.context["form"].errors == {"__all__": ["A segment has up to 40 conditions, and these are 41."]}


# The builder


def test_it_begins_with_a_condition_that_is_still_open(building: Client, db: None) -> None:
    response = building.get(NEW)
    assert begun(response) == [[{"field": ""}]]
    assert "How many match is shown once every condition is complete." in response.text
    assert response.context["form"].errors == {}


def test_every_field_offers_how_it_compares_and_what_that_needs(building: Client, promoter: Stage) -> None:
    label = LabelFactory(name="spring")
    for kind in Attribute.Type:
        Attribute.objects.create(name=kind.label, key=kind.value, type=kind, choices=["gold"])
    for about in vocabulary().fields.values():
        page = building.post(NEW, posted([{"field": about.key}], act="show")).text
        assert [f'value="{operator}"' in page for operator in about.operators] == [True] * len(about.operators)
        for operator in about.operators:
            response = building.post(NEW, posted([{"field": about.key, "operator": str(operator)}], act="show"))
            names = {name.removeprefix("0-0-") for name in response.context["form"].fields if name.startswith("0-0-")}
            assert names == {"field", "operator", *about.inputs(operator)}
            assert response.status_code == 200
    assert set(OPERATORS) == {about.kind for about in vocabulary().fields.values()}
    page = building.post(NEW, posted([{"field": "label"}], act="show")).text
    assert f'<option value="{label.pk}">spring</option>' in page


def test_a_field_that_was_just_chosen_comes_with_its_first_operator(building: Client, promoter: Stage) -> None:
    sent = posted([is_in(promoter), {"field": "company", "operator": "before", "day": "2026-05-01"}])
    response = building.post(NEW, sent, headers=htmx("edit-segment-condition-0-1"))
    assert response.text.count("<fieldset") == 1
    assert 'id="edit-segment-condition-0-1"' in response.text
    assert 'value="is" selected' in response.text
    assert 'name="0-1-text"' in response.text
    assert 'name="0-1-day"' not in response.text
    assert "segment:changed" in response["HX-Trigger-After-Settle"]


def test_a_condition_that_is_gone_is_not_answered(building: Client, promoter: Stage) -> None:
    sent = posted([is_in(promoter)])
    assert building.post(NEW, sent, headers=htmx("edit-segment-condition-0-7")).status_code == 204
    assert building.post(NEW, sent, headers=htmx("edit-segment-condition-7-0")).status_code == 204


@pytest.mark.parametrize(
    ("act", "shape", "focus"),
    [
        ("add-0", [["status", "label", ""], ["company"]], "0-2-field"),
        ("add-1", [["status", "label"], ["company", ""]], "1-1-field"),
        ("add-group", [["status", "label"], ["company"], [""]], "2-0-field"),
        ("remove-0-0", [["label"], ["company"]], "add-0"),
        ("remove-1-0", [["status", "label"]], "add-0"),
        ("add-7", [["status", "label"], ["company"]], ""),
        ("remove-7-7", [["status", "label"], ["company"]], "add-1"),
        ("show", [["status", "label"], ["company"]], ""),
    ],
)
@pytest.mark.parametrize("is_htmx", [True, False])
def test_conditions_and_groups_come_and_go(
    building: Client, promoter: Stage, act: str, shape: list, focus: str, is_htmx: bool
) -> None:
    company = {"field": "company", "operator": "is", "text": "Acme"}
    sent = posted([is_in(promoter), {"field": "label"}], [company], name="Mine", act=act)
    headers = htmx("edit-segment-groups") if is_htmx else {}
    response = building.post(NEW, sent, headers=headers)
    assert response.status_code == 200
    assert [[said["field"] for said in group] for group in begun(response)] == shape
    assert response.context["focus"] == focus
    assert ('value="Acme"' in response.text) is any(group[0] == "company" for group in shape)
    assert ("<h1>" in response.text) is not is_htmx
    groups = response.text.split('id="edit-segment-groups"')[1].split('id="edit-segment-preview"')[0]
    assert groups.count("data-takes-focus" if is_htmx else " autofocus") == (1 if focus else 0)
    if not is_htmx:
        assert 'value="Mine"' in response.text
    assert not Segment.objects.exists()


def test_the_last_condition_leaves_an_open_one(building: Client, promoter: Stage) -> None:
    response = building.post(NEW, posted([is_in(promoter)], act="remove-0-0"))
    assert begun(response) == [[{"field": ""}]]


def preview(client: Client, *groups: list[dict[str, str]], query: str = "") -> str:
    response = client.post(NEW + query, posted(*groups), headers=htmx("edit-segment-preview"))
    assert response.status_code == 200
    assert response.text.lstrip().startswith('<section id="edit-segment-preview"')
    return response.text


def test_the_count_follows_what_is_typed(building: Client, promoter: Stage) -> None:
    contact_in(promoter)
    contact_in(promoter, lost=True)
    part = preview(building, [is_in(promoter)])
    assert '<strong class="segment-count">1</strong> contact matches now.' in part
    assert "Funnel status is Promoter." in part
    assert "Days begin" not in part
    since = {"field": "last_open_at", "operator": "since", "day": "2026-05-01"}
    with_days = preview(building, [is_in(promoter), since])
    assert '<strong class="segment-count">0</strong> contacts match now.' in with_days
    assert "Days begin at midnight in UTC" in with_days
    assert not Segment.objects.exists()


def test_what_is_incomplete_is_not_counted(building: Client, promoter: Stage) -> None:
    part = preview(building, [is_in(promoter), {"field": "last_open_at", "operator": "since", "day": ""}])
    assert "How many match is shown once every condition is complete." in part
    assert "segment-count" not in part


def test_a_count_that_takes_long_shows_that_it_goes_on_and_may_end_without(
    building: Client, promoter: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def too_slow(what: Any, seconds: float) -> None:
        asked.append(seconds)

    monkeypatch.setattr(views.queries, "count_within", too_slow)
    first = preview(building, [is_in(promoter)])
    assert 'hx-post="/segments/new?patient=1"' in first
    assert "Counting who matches …" in first
    second = preview(building, [is_in(promoter)], query="?patient=1")
    assert "Counting took too long." in second
    assert "hx-post" not in second
    assert asked == [views.COUNTED_AT_ONCE, views.COUNTED_PATIENTLY]


# A copy


def test_a_copy_begins_with_what_the_other_asks(building: Client, marketer: TeamMember, promoter: Stage) -> None:
    segment = segment_of(promoter, marketer, description="Ask.")
    form = building.get(f"{NEW}?like={segment.pk}").context["form"]
    assert (form["name"].value(), form["description"].value(), form["is_for_all"].value()) == (
        "Copy of Fans",
        "Ask.",
        None,
    )
    assert form.typed == [[is_in(promoter)]]


@pytest.mark.parametrize("like", ["x", "99", "9" * 30, "²"])
def test_a_copy_of_nothing_begins_empty(building: Client, db: None, like: str) -> None:
    assert begun(building.get(f"{NEW}?like={like}")) == [[{"field": ""}]]


def test_somebody_elses_own_segment_is_not_copied(building: Client, viewer: TeamMember, promoter: Stage) -> None:
    segment = segment_of(promoter, viewer, is_for_all=False)
    assert begun(building.get(f"{NEW}?like={segment.pk}")) == [[{"field": ""}]]


@pytest.mark.parametrize(
    "sent",
    [
        {"0-0-field": "status", "0-0-place": "9" * 400},
        {"999-999-field": "status", "0-0-stage": "x"},
        {"0-0-field": "entered", "0-0-operator": "ever", "0-0-stage": "9" * 18},
        {"0-0-field": "attribute:9999999999999999999", "0-0-text": "x"},
        {"0-0-field": "attribute:x"},
        {"0-0-field": "company", "0-0-text": "\ud800"},
        {"0-0-field": "company", "0-0-operator": "is", "0-0-text": "<script>alert(1)</script>"},
        {"-1--1-field": "status", "act": "remove-0-99"},
    ],
)
@pytest.mark.parametrize("target", ["edit-segment-preview", "edit-segment-groups", "edit-segment-condition-0-0", ""])
def test_a_made_up_form_is_answered(building: Client, promoter: Stage, sent: dict[str, str], target: str) -> None:
    body = {"name": "x" * 100, **{key: value.encode(errors="replace").decode() for key, value in sent.items()}}
    response = building.post(NEW, body, headers=htmx(target) if target else {})
    assert response.status_code in (200, 204, 302, 422)
    assert "<script>alert" not in response.text
    for segment in Segment.objects.all():
        assert Conditions.read(segment.conditions) == segment.asks
