"""`/api/v1/review`: what waits, keeping and reverting it."""

import pytest

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Contact
from journeys.review.models import Review
from journeys.status.actions import change_status
from stages.models import Stage
from tests.api.application import Application
from tests.api.test_v1_status import problem
from tests.factories import contact_in
from tests.heart import assert_explained, last_change, moves


@pytest.fixture
def application(administrator: TeamMember) -> Application:
    return Application(administrator)


@pytest.fixture
def contact(application: Application, operator: TeamMember, aware: Stage, customer: Stage) -> Contact:
    """Olga set it to Customer by hand, and the application moved it back."""
    contact = contact_in(aware, cause=Cause.API)
    change_status(contacts=[contact.pk], to=customer, cause=Cause.MANUAL, by=operator)
    application.put(f"/v1/contacts/{contact.pk}/status", {"stage": "Aware", "reason": "Refund"})
    return contact


def test_what_waits_says_what_it_was_and_who_set_it_before(application, contact: Contact, operator: TeamMember) -> None:
    (row,) = application.get("/v1/review").json()["items"]
    assert (row["id"], row["why"], row["since"]) == (last_change(contact).pk, "It goes back.", None)
    assert (row["change"]["start"]["stage"]["name"], row["change"]["end"]["stage"]["name"]) == ("Customer", "Aware")
    assert (row["before"]["changed_by"]["name"], row["before"]["cause"]) == ("Olga Petrova", "manual")
    assert (row["change"]["reason"], row["change"]["decision"]) == ("Refund", None)
    assert application.get("/v1/review?state=decided").json() == {"items": [], "next": None}


def test_keeping_is_told_in_the_history(application, contact: Contact, administrator: TeamMember) -> None:
    change = last_change(contact).pk
    answer = application.post(f"/v1/review/{change}/keep")
    assert (answer.status_code, answer.json()["verdict"], answer.json()["standing"]) == (200, "kept", False)
    assert answer.json()["decided_by"] == {"id": administrator.pk, "name": "Ana Silva"}
    history = application.get(f"/v1/contacts/{contact.pk}/status/history").json()["items"]
    assert (history[0]["review_needed"], history[0]["decision"]) == (True, answer.json())
    assert application.get("/v1/review").json()["items"] == []
    assert [row["id"] for row in application.get("/v1/review?state=decided").json()["items"]] == [change]
    for act in ("keep", "revert"):
        assert problem(application.post(f"/v1/review/{change}/{act}"))[:2] == (409, "decided_before")
    assert moves(contact)[-1] == "Customer > Aware"


def test_reverting_puts_back(application, contact: Contact) -> None:
    change = last_change(contact).pk
    answer = application.post(f"/v1/review/{change}/revert", {"reason": "A test order"})
    assert (answer.status_code, answer.json()["verdict"]) == (200, "reverted")
    newest = application.get(f"/v1/contacts/{contact.pk}/status/history").json()["items"][0]
    assert (newest["cause"], newest["undoes"], newest["reason"]) == ("review", change, "A test order")
    assert moves(contact)[-1] == "Aware > Customer"
    assert_explained()


def test_what_moved_on_since_is_said_and_not_reverted(
    application, contact: Contact, operator: TeamMember, loyal: Stage
) -> None:
    change = last_change(contact).pk
    change_status(contacts=[contact.pk], to=loyal, cause=Cause.MANUAL, by=operator)
    (row,) = application.get("/v1/review").json()["items"]
    assert row["since"]["end"]["stage"]["name"] == "Loyal Customer"
    refused = application.post(f"/v1/review/{change}/revert")
    assert problem(refused) == (409, "moved_since", "The contact was moved since.")
    assert Review.objects.get().verdict is None
    assert moves(contact)[-1] == "Aware > Loyal Customer"


def test_what_was_never_flagged(application, contact: Contact) -> None:
    first = contact.status_history.order_by("pk").first().pk
    for number in (first, 987654):
        for act in ("keep", "revert"):
            assert problem(application.post(f"/v1/review/{number}/{act}"))[:2] == (404, "not_found")


def test_the_queue_is_paged(application, customer: Stage) -> None:
    for _ in range(3):
        one = contact_in(customer, cause=Cause.API)
        application.put(f"/v1/contacts/{one.pk}/status", {"stage": "Aware"})
    first = application.get("/v1/review?limit=2").json()
    second = application.get(f"/v1/review?limit=2&cursor={first['next']}").json()
    found = [row["id"] for row in first["items"] + second["items"]]
    assert (found, second["next"]) == (sorted(found, reverse=True), None)
    assert len(found) == 3
