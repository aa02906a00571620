"""`/api/v1/contacts/…/status`: what is said, what is answered, and what history says of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Contact, Note
from journeys.rules.actions import require_lost_reason
from journeys.status.actions import change_status, mark_lost
from journeys.status.models import LostReason, StatusChange
from stages.models import Stage
from tests.api.application import Application
from tests.factories import contact_in
from tests.heart import Signed, assert_explained, last_change, moves, status_of


@pytest.fixture
def application(administrator: TeamMember) -> Application:
    return Application(administrator)


def put(application: Application, contact: Contact | int, **said: Any) -> HttpResponse:
    return application.put(f"/v1/contacts/{contact if isinstance(contact, int) else contact.pk}/status", said)


def problem(response: HttpResponse) -> tuple[int, str, str]:
    """Status, code and detail; the shape is looked at too."""
    said = response.json()
    assert response["Content-Type"] == "application/problem+json"
    assert (said["status"], said["type"]) == (response.status_code, f"/api/v1/docs#{said['code']}")
    assert said["title"]
    return said["status"], said["code"], said["detail"]


def test_a_status_says_where_since_when_and_why(application, operator: TeamMember, customer: Stage) -> None:
    contact = contact_in(customer, lost=True, reason=LostReason.objects.get(name="Unsubscribed"), by=operator)
    status = status_of(contact)
    assert application.get(f"/v1/contacts/{contact.pk}/status").json() == {
        "contact": contact.pk,
        "stage": {"id": customer.pk, "name": "Customer"},
        "lost": True,
        "lost_at": status.lost_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "lost_reason": "Unsubscribed",
        "since": status.since.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "stage_since": status.stage_since.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "cause": "manual",
        "changed_by": {"id": operator.pk, "name": "Olga Petrova"},
        "run": None,
        "review_needed": False,
        "signature": 2,
    }


@pytest.mark.parametrize("by_name", [True, False])
def test_a_stage_moves_by_id_or_by_name_and_history_names_the_token(
    application, administrator: TeamMember, aware: Stage, customer: Stage, by_name: bool
) -> None:
    contact = contact_in(aware, cause=Cause.API)
    response = put(application, contact, stage="customer" if by_name else customer.pk, reason="Paid order 1042")
    change = last_change(contact)
    assert (response.status_code, response.json()["changed"], response.json()["change"]) == (200, True, change.pk)
    assert response.json()["stage"] == {"id": customer.pk, "name": "Customer"}
    assert moves(contact) == ["outside > Aware", "Aware > Customer"]
    assert Signed.of(change) == Signed("api", administrator.pk, via=application.token.pk)
    assert Note.objects.get(pk=change.note_id).text == "Paid order 1042"
    assert_explained()


def test_the_same_again_writes_nothing(application, aware: Stage) -> None:
    contact = contact_in(aware)
    response = put(application, contact, stage="Aware")
    assert (response.status_code, response.json()["changed"], response.json()["change"]) == (200, False, None)
    assert moves(contact) == ["outside > Aware"]


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ({"lost": True}, "lost from Aware"),
        ({"lost": True, "lost_reason": "unsubscribed"}, "lost from Aware"),
        ({"stage": "Customer", "lost": True, "lost_reason": "Unsubscribed"}, "lost from Customer"),
        ({"stage": None}, "none"),
        ({"stage": None, "lost": True}, "lost from none"),
        ({"stage": "Engaged", "lost": False}, "Engaged"),
    ],
)
def test_stage_and_lost_are_said_together_or_alone(application, aware: Stage, said: dict, end: str) -> None:
    contact = contact_in(aware)
    assert put(application, contact, **said).status_code == 200
    assert moves(contact) == ["outside > Aware", f"Aware > {end}"]
    assert status_of(contact).lost_reason_id == (
        LostReason.objects.get(name="Unsubscribed").pk if "lost_reason" in said else None
    )
    assert_explained()


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ({"lost": False}, "Aware"),
        ({"stage": "Customer"}, "Customer"),
        ({"stage": None}, "lost from none"),
        ({"stage": None, "lost": False}, "none"),
    ],
)
def test_a_lost_contact_recovers_by_a_stage_or_by_lost_false(
    application, operator: TeamMember, aware: Stage, said: dict, end: str
) -> None:
    contact = contact_in(aware, cause=Cause.API)
    mark_lost(contacts=[contact.pk], reason=None, cause=Cause.MANUAL, by=operator)
    response = put(application, contact, **said)
    assert moves(contact)[-1] == f"lost from Aware > {end}"
    assert response.json()["review_needed"] is (end != "lost from none")
    assert_explained()


def test_a_date_of_the_past_is_when_it_happened(application, aware: Stage) -> None:
    contact = contact_in(aware, since=timezone.now() - timedelta(days=9))
    at = timezone.now() - timedelta(days=2)
    assert put(application, contact, stage="Customer", since=at.isoformat()).status_code == 200
    assert last_change(contact).changed_at == at
    before = put(application, contact, stage="Aware", since=(at - timedelta(days=1)).isoformat())
    assert problem(before) == (409, "before_present_status", "The date is before the present status began.")
    ahead = put(application, contact, stage="Aware", since=(timezone.now() + timedelta(days=1)).isoformat())
    assert problem(ahead) == (409, "in_the_future", "The date is in the future.")
    assert moves(contact) == ["outside > Aware", "Aware > Customer"]


def test_what_somebody_changed_meanwhile_is_refused_with_what_holds_now(
    application, operator: TeamMember, aware: Stage, engaged: Stage
) -> None:
    contact = contact_in(aware)
    change_status(contacts=[contact.pk], to=engaged, cause=Cause.MANUAL, by=operator)
    response = put(application, contact, stage="Customer", if_signature=1)
    assert problem(response) == (409, "changed_meanwhile", "Somebody changed this contact meanwhile.")
    present = response.json()["present"]
    assert (present["stage"]["name"], present["signature"]) == ("Engaged", 2)
    assert present["changed_by"] == {"id": operator.pk, "name": "Olga Petrova"}
    assert moves(contact) == ["outside > Aware", "Aware > Engaged"]
    assert put(application, contact, stage="Customer", if_signature=2).json()["signature"] == 3


def test_the_rules_refuse_with_their_codes_and_nothing_is_written(application, aware: Stage, loyal: Stage) -> None:
    Stage.objects.filter(pk=loyal.pk).update(is_published=False)
    contact = contact_in(aware)
    inactive = contact_in(aware, account_state="inactive")
    require_lost_reason(required=True, by=None)
    closed = put(application, contact, stage="Loyal Customer")
    assert problem(closed) == (409, "closed_stage", "Stage is missing or unpublished.")
    assert problem(put(application, inactive, lost=False))[:2] == (409, "account_inactive")
    assert problem(put(application, contact, lost=True))[:2] == (409, "reason_required")
    assert problem(put(application, contact, stage="Customer", lost=True))[:2] == (409, "reason_required")
    assert moves(contact) == ["outside > Aware"]
    assert moves(inactive) == ["outside > lost from Aware"]


def test_what_contradicts_a_person_is_flagged_in_reply_and_history(
    application, operator: TeamMember, aware: Stage, engaged: Stage, customer: Stage
) -> None:
    back, recovered = contact_in(customer, cause=Cause.API), contact_in(customer, cause=Cause.API)
    mark_lost(contacts=[recovered.pk], reason=None, cause=Cause.MANUAL, by=operator)
    by_hand, forward = contact_in(None, cause=Cause.API), contact_in(aware, cause=Cause.API)
    change_status(contacts=[by_hand.pk], to=aware, cause=Cause.MANUAL, by=operator)
    for contact, flagged in ((back, True), (recovered, True), (by_hand, True), (forward, False)):
        stage = "Engaged" if contact != recovered else "Customer"
        assert put(application, contact, stage=stage).json()["review_needed"] is flagged
        assert last_change(contact).review_needed is flagged
    assert put(application, forward, stage="Customer", review_needed=True).json()["review_needed"] is True
    asked = put(application, contact_in(aware), lost=True, review_needed=True)
    assert asked.json()["review_needed"] is True


def test_a_move_whose_answer_was_lost_is_sent_again_as_it_is(
    application, operator: TeamMember, aware: Stage, engaged: Stage
) -> None:
    contact = contact_in(aware)
    for said in (
        {"stage": "Customer", "lost": True, "lost_reason": "Unsubscribed"},
        {"lost": False},
        {"stage": "Engaged"},
        {"stage": None},
    ):
        said["if_signature"] = status_of(contact).signature
        first, again = put(application, contact, **said).json(), put(application, contact, **said)
        assert (first["changed"], again.status_code) == (True, 200)
        assert again.json() == {**first, "changed": False, "change": None}
    assert len(moves(contact)) == 5
    other = put(application, contact, stage="Customer", if_signature=1)
    reason = put(application, contact_in(aware, lost=True), lost=True, lost_reason="Unsubscribed", if_signature=1)
    assert (problem(other)[1], problem(reason)[1]) == ("changed_meanwhile", "changed_meanwhile")


@pytest.mark.parametrize(
    ("said", "field", "message"),
    [
        ({}, "body", "Say stage, or lost, or both."),
        ({"lost_reason": 1}, "body", "Say stage, or lost, or both."),
        ({"stage": 1, "lost_reason": 1}, "body", "A lost_reason goes with lost: true."),
        ({"stage": "Nope"}, "stage", "There is no such stage."),
        ({"stage": 987654}, "stage", "There is no such stage."),
        ({"lost": True, "lost_reason": "Nope"}, "lost_reason", "There is no such lost reason."),
        ({"lost": "true"}, "lost", "Input should be a valid boolean"),
        ({"lost": 1}, "lost", "Input should be a valid boolean"),
        ({"lost": True, "if_signature": "7"}, "if_signature", "Input should be a valid integer"),
        ({"lost": True, "if_signature": True}, "if_signature", "Input should be a valid integer"),
        ({"lost": True, "if_signature": 2**31}, "if_signature", "Input should be less than or equal to 2147483647"),
        ({"lost": True, "stages": 1}, "stages", "Extra inputs are not permitted"),
        ({"lost": True, "reason": "a\0b"}, "body", "PostgreSQL keeps neither NUL nor half a character."),
        ({"lost": True, "reason": "\ud800"}, "body", "PostgreSQL keeps neither NUL nor half a character."),
        (
            {"lost": True, "since": "2026-05-03"},
            "since",
            "Give a date and time with its offset, such as 2026-05-03T14:05:00+02:00.",
        ),
        ({"lost": True, "since": "0001-01-01T00:00:00Z"}, "since", "Give a date between 1970 and 2200."),
        ({"lost": True, "since": "2026-02-30T00:00:00Z"}, "since", "day is out of range for month"),
    ],
)
def test_what_is_not_valid_is_said_beside_its_field(
    application, aware: Stage, said: dict, field: str, message: str
) -> None:
    contact = contact_in(aware)
    response = put(application, contact, **said)
    assert problem(response)[:2] == (422, "invalid")
    assert {"field": field, "message": message} in response.json()["errors"]
    assert moves(contact) == ["outside > Aware"]


@pytest.mark.parametrize("stage", [True, 1.0, 0, -1, 2**63, "", "x" * 101, [], {}])
def test_no_stage_is_made_of_something_else(application, aware: Stage, stage: Any) -> None:
    contact = contact_in(aware)
    assert problem(put(application, contact, stage=stage))[:2] == (422, "invalid")
    assert moves(contact) == ["outside > Aware"]


@pytest.mark.parametrize("body", ["[", "{'lost': true}", '{"lost": NaN}', b"\xff", '{"lost": true}}'])
def test_a_body_that_cannot_be_read(application, aware: Stage, body: Any) -> None:
    contact = contact_in(aware)
    response = application.put(f"/v1/contacts/{contact.pk}/status", body)
    assert problem(response) == (400, "unreadable", "The body is not JSON that can be read.")
    large = application.put(f"/v1/contacts/{contact.pk}/status", '{"reason": "' + "x" * 10_000_000 + '"}')
    assert problem(large)[:2] == (413, "too_large")


def test_whoever_is_not_in_the_book(application, db: None) -> None:
    for response in (
        application.get("/v1/contacts/987654/status"),
        application.get("/v1/contacts/987654/status/history"),
        put(application, 987654, stage="Aware"),
        put(application, 987654, lost=True),
    ):
        assert problem(response)[:2] == (404, "not_found")


# History


def test_history_is_paged_from_the_newest_and_names_the_stages_of_then(
    application, administrator: TeamMember, aware: Stage, customer: Stage
) -> None:
    contact = contact_in(aware, cause=Cause.API)
    put(application, contact, stage="Customer", reason="Paid")
    put(application, contact, lost=True, lost_reason="Unsubscribed")
    Stage.objects.filter(pk=customer.pk).update(name="Client")
    address = f"/v1/contacts/{contact.pk}/status/history"
    first = application.get(f"{address}?limit=2").json()
    second = application.get(f"{address}?limit=2&cursor={first['next']}").json()
    assert [row["id"] for row in first["items"] + second["items"]] == list(
        StatusChange.objects.filter(contact=contact).order_by("-pk").values_list("pk", flat=True)
    )
    assert second["next"] is None
    newest, moved = first["items"]
    assert newest["end"] == {
        "outside": False,
        "stage": {"id": customer.pk, "name": "Customer"},
        "lost": True,
        "lost_reason": "Unsubscribed",
    }
    assert (moved["direction"], moved["cause"], moved["reason"]) == ("forward", "api", "Paid")
    assert moved["changed_by"] == {"id": administrator.pk, "name": "Ana Silva"}
    (born,) = second["items"]
    assert (born["start"]["outside"], born["direction"]) == (True, None)


def test_the_whole_of_a_short_history_has_no_next_and_its_price_does_not_grow(
    application, aware: Stage, engaged: Stage
) -> None:
    contact = contact_in(aware)
    address = f"/v1/contacts/{contact.pk}/status/history"
    application.get(address)
    with assertNumQueries(8):
        assert application.get(address).json()["next"] is None
    for stage in (engaged, aware, engaged):
        put(application, contact, stage=stage.pk, reason="Why")
    with assertNumQueries(11):  # who, why, and what was decided
        assert len(application.get(address).json()["items"]) == 4


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=1.0", "cursor=MTIz.", "cursor=zz", "x=1"])
def test_a_page_that_there_is_not(application, aware: Stage, query: str) -> None:
    contact = contact_in(aware)
    response = application.get(f"/v1/contacts/{contact.pk}/status/history?{query}")
    assert problem(response)[:2] == (422, "invalid")
    assert [wrong["field"] for wrong in response.json()["errors"]] == [query.partition("=")[0]]
