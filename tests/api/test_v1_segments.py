"""`/api/v1/segments`: conditions by id or name, and who matches them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from config.team.models import ApiToken, TeamMember
from config.team.roles import Role
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import Attribute
from journeys.segments.models import Segment
from stages.models import Stage
from tests.api.application import Application
from tests.api.test_v1_contacts import errors, ids
from tests.api.test_v1_status import problem
from tests.factories import LabelFactory, TeamMemberFactory, contact_in

IN_CUSTOMER = {"field": "status", "operator": "is", "place": "Customer"}


@pytest.fixture
def application(marketer: TeamMember) -> Application:
    return Application(marketer)


def add(application: Application, *conditions: dict[str, Any], **more: Any):
    return application.post("/v1/segments", {"name": "Quiet", "conditions": [list(conditions)], **more})


def test_a_segment_is_added_listed_and_served(application, marketer: TeamMember, aware: Stage, customer: Stage) -> None:
    long_ago, lately = timezone.now() - timedelta(days=90), timezone.now() - timedelta(days=2)
    quiet = [contact_in(customer, last_open_at=moment).pk for moment in (long_ago, None)]
    contact_in(customer, last_open_at=lately), contact_in(aware, last_open_at=long_ago)
    opened = {"field": "last_open_at", "operator": "more_than_ago", "days": 60, "or_never": True}
    response = add(application, IN_CUSTOMER, opened)
    segment = Segment.objects.get()
    said = response.json()
    assert (response.status_code, response["Location"]) == (201, f"/api/v1/segments/{segment.pk}")
    assert (said["id"], said["is_for_all"], said["owner"]["id"]) == (segment.pk, False, marketer.pk)
    assert said["sentence"].startswith("Funnel status is Customer AND Last open")
    assert said["conditions"] == [[{**IN_CUSTOMER, "place": str(customer.pk)}, opened]]
    assert application.get("/v1/segments").json()["items"] == [said]
    assert application.get(f"/v1/segments/{segment.pk}").json() == said
    address = f"/v1/segments/{segment.pk}/contacts"
    assert ids(application.get(address)) == quiet[::-1]
    first = application.get(f"{address}?limit=1").json()
    assert [one["id"] for one in first["items"]] == quiet[1:]
    assert ids(application.get(f"{address}?limit=1&cursor={first['next']}")) == quiet[:1]


def test_labels_and_places_go_by_name_or_id_and_groups_are_alternatives(application, aware: Stage) -> None:
    label = LabelFactory(name="vip")
    seats = Attribute.objects.create(name="Seats", key="seats", type=Attribute.Type.NUMBER)
    lost, many = contact_in(aware, lost=True).pk, contact_in(None, attributes={"seats": 12}).pk
    contact_in(aware)
    groups = [
        [{"field": "status", "operator": "is", "place": "aware-lost"}],
        [{"field": f"attribute:{seats.pk}", "operator": "at_least", "number": 12}],
        [{"field": "label", "operator": "carried", "label": "VIP"}],
        [{"field": "label", "operator": "carried", "label": label.pk}],
    ]
    made = application.post("/v1/segments", {"name": "Mixed", "conditions": groups}).json()
    assert [group[0].get("label") for group in made["conditions"]] == [None, None, label.pk, label.pk]
    assert ids(application.get(f"/v1/segments/{made['id']}/contacts")) == [many, lost]


def test_a_segment_filters_the_book_together_with_other_conditions(application, aware: Stage, customer: Stage) -> None:
    label = LabelFactory(name="vip")
    many = [contact_in(customer, first_name="Ana").pk for _ in range(3)]
    lost = contact_in(customer, first_name="Ana", lost=True).pk
    contact_in(aware, first_name="Ana")
    put_on_label(contacts=[many[0], lost], label=label, by=None, cause=Cause.MANUAL)
    segment = add(application, IN_CUSTOMER).json()["id"]
    address = f"/v1/contacts?segment={segment}"
    assert ids(application.get(address)) == many[::-1]
    for query, found in {
        "label=vip": many[:1],
        "q=ana": many[::-1],
        "q=bo": [],
        "stage=Aware": [],
        "lost=true": [],
        "account_state=inactive": [],
    }.items():
        assert (query, ids(application.get(f"{address}&{query}"))) == (query, found)
    first = application.get(f"{address}&limit=2").json()
    assert [one["id"] for one in first["items"]] == many[:0:-1]
    assert ids(application.get(f"{address}&limit=2&cursor={first['next']}")) == many[:1]
    assert problem(application.get(f"{address}&email=ana@example.com"))[:2] == (422, "invalid")
    assert "segment" in errors(application.get("/v1/contacts?segment=987654"))
    assert "segment" in errors(application.get("/v1/contacts?segment=Quiet"))


@pytest.mark.parametrize(
    ("condition", "field"),
    [
        ({"field": "status", "operator": "is", "place": "Nope"}, "conditions.0.0.place"),
        ({"field": "status", "operator": "is"}, "conditions.0.0.place"),
        ({"field": "nope", "operator": "is"}, "conditions.0.0.field"),
        ({"field": "status", "operator": "before", "day": "2026-04-08"}, "conditions.0.0.operator"),
        ({"field": "last_open_at", "operator": "before", "day": "2026-02-30"}, "conditions.0.0.day"),
        ({"field": "last_open_at", "operator": "within_last", "days": "7"}, "conditions.0.0.days"),
        ({"field": "label", "operator": "carried", "label": "nope"}, "conditions.0.0.label"),
        ({**IN_CUSTOMER, "x": 1}, "conditions.0.0.x"),
    ],
)
def test_what_is_wrong_is_said_by_group_and_condition(application, condition: dict, field: str) -> None:
    assert field in errors(add(application, condition))
    assert Segment.objects.count() == 0


def test_a_name_that_is_taken_and_no_conditions(application, db: None) -> None:
    assert add(application, IN_CUSTOMER).status_code == 201
    assert list(errors(add(application, IN_CUSTOMER))) == ["name"]
    assert list(errors(add(application, name="Empty"))) == ["conditions.0.0"]
    assert list(errors(application.post("/v1/segments", {"name": "None", "conditions": []}))) == ["conditions"]


def test_ones_own_are_nobody_elses(application, marketer: TeamMember, viewer: TeamMember) -> None:
    own = add(application, IN_CUSTOMER).json()["id"]
    for_all = add(application, IN_CUSTOMER, name="For all", is_for_all=True).json()["id"]
    other = Application(viewer)
    assert [one["id"] for one in other.get("/v1/segments").json()["items"]] == [for_all]
    for path in (f"/v1/segments/{own}", f"/v1/segments/{own}/contacts"):
        assert problem(other.get(path))[:2] == (404, "not_found")
    assert errors(other.get(f"/v1/contacts?segment={own}")) == {"segment": "There is no such segment."}
    assert other.get(f"/v1/segments/{for_all}/contacts").status_code == 200
    assert problem(add(other, IN_CUSTOMER, name="Mine", is_for_all=True))[:2] == (403, "not_allowed")
    assert add(other, IN_CUSTOMER, name="Mine").status_code == 201


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MARKETER])
def test_a_token_that_may_only_read_adds_none(db: None, role: Role) -> None:
    application = Application(TeamMemberFactory(role=role), scope=ApiToken.Scope.READ)
    assert problem(add(application, IN_CUSTOMER)) == (403, "not_allowed", "This needs a token that may write.")
    assert Segment.objects.count() == 0
