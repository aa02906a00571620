"""One webhook: what it is told, what became of each message, off and on, and once more."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from journeys.book.actions import erase_contacts
from journeys.history import following
from journeys.webhooks import queries
from journeys.webhooks.models import Attempt, Delivery, Event, Webhook
from journeys.webhooks.posting import Answer
from journeys.webhooks.sending import deliver_next
from stages.models import Stage
from tests.factories import contact_in, standing
from tests.journeys.running import moved
from tests.journeys.telling import tell_all, webhook_at

WAITING, DELIVERED, FAILED = Delivery.State


@pytest.fixture(autouse=True)
def at_once_final(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written in the test's transaction counts as final, or nothing would be told in it."""
    monkeypatch.setattr(following, "_oldest_running", lambda: 2**62)


@pytest.fixture
def ana(client_of: Callable[[TeamMember], Client], administrator: TeamMember) -> Client:
    return client_of(administrator)


@pytest.fixture
def webhook(administrator: TeamMember) -> Webhook:
    return webhook_at(by=administrator, wants_changes_of_runs=True)[0]


def address_of(webhook: Webhook, query: str = "") -> str:
    return f"/settings/webhooks/{webhook.pk}{query}"


def delivery_of(webhook: Webhook, state: str = DELIVERED, event: str = Event.TEST, **fields: object) -> Delivery:
    return Delivery.objects.create(webhook=webhook, event=event, state=state, **fields)


def shown(response: HttpResponse) -> list[Delivery]:
    return [row.delivery for row in response.context["page"].rows]


def said(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def words(response: HttpResponse) -> str:
    return " ".join(re.sub("<[^>]+>", " ", response.text).split())


def test_what_it_is(ana: Client, webhook: Webhook) -> None:
    page = words(ana.get(address_of(webhook)))
    for expected in ("The shop", "https://shop.example.com/hook", f"{webhook.beginning}…", "by Ana Silva", "On"):
        assert expected in page
    assert "Nothing was told yet" in page
    assert "Turn off" in page and "Turn on" not in page


def test_each_message_says_whom_it_is_about(
    ana: Client, webhook: Webhook, administrator: TeamMember, aware: Stage, customer: Stage
) -> None:
    contact = contact_in(aware, first_name="Bo", last_name="Li")
    standing(contact, customer)
    other = contact_in(aware)
    erase_contacts(contacts=[other.pk], by=administrator)
    run = moved([contact], aware, administrator)
    tell_all()
    page = words(ana.get(address_of(webhook)))
    assert "A contact was created Bo Li: outside the book → Aware" in page
    assert "A contact’s status changed Bo Li: Aware → Customer" in page
    assert "A contact was erased Somebody who was erased: Aware → outside the book" in page
    assert f"A run has ended {run.words}" in page
    assert f"Changes that a run made {run.words}" in page


def test_the_last_answer_is_beside_each(ana: Client, webhook: Webhook) -> None:
    delivery = delivery_of(webhook, FAILED, attempts=2)
    for status, error in ((500, ""), (None, "The connection was refused.")):
        Attempt.objects.create(delivery=delivery, began_at=timezone.now(), milliseconds=3, status=status, error=error)
    answered = delivery_of(webhook)
    Attempt.objects.create(delivery=answered, began_at=timezone.now(), milliseconds=3, status=204)
    page = words(ana.get(address_of(webhook)))
    assert "Failed The connection was refused. 2" in page
    assert "Delivered 204" in page
    assert "500" not in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?state=failed", ["failed"]),
        ("?state=waiting", ["waiting"]),
        ("?event=webhook.test", ["failed", "delivered"]),
        ("?event=run.finished&state=waiting", ["waiting"]),
        ("?event=run.finished&state=failed", []),
        ("?state=broken", ["failed", "waiting", "delivered"]),
    ],
)
def test_the_list_is_narrowed(ana: Client, webhook: Webhook, query: str, expected: list[str]) -> None:
    delivery_of(webhook, DELIVERED)
    delivery_of(webhook, WAITING, Event.RUN_FINISHED)
    delivery_of(webhook, FAILED)
    response = ana.get(address_of(webhook, query))
    assert [delivery.state for delivery in shown(response)] == expected
    assert ("No delivery is like this" in response.text) == (not expected)


def test_a_long_list_is_read_on(ana: Client, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    made = [delivery_of(webhook, FAILED) for _ in range(5)]
    response = ana.get(address_of(webhook, "?state=failed"))
    read = shown(response)
    while response.context["older"]:
        assert "state=failed" in response.context["older"]
        response = ana.get(response.context["older"])
        assert len(shown(response)) <= 2
        read += shown(response)
    assert read == made[::-1]
    assert "Show all from the newest on" in response.text


def test_htmx_gets_the_list_alone(ana: Client, webhook: Webhook) -> None:
    part = ana.get(
        address_of(webhook, "?state=failed"), headers={"HX-Request": "true", "HX-Target": "webhook-deliveries"}
    )
    assert part.text.strip().startswith('<section id="webhook-deliveries"')


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_however_many_it_shows(
    ana: Client, webhook: Webhook, administrator: TeamMember, aware: Stage, count: int
) -> None:
    for _ in range(count):
        contact_in(aware, by=administrator)
    moved([contact_in(aware)], aware, administrator)
    tell_all()
    while deliver_next(webhook.pk, by=lambda *args, **kwargs: Answer(status=200)):
        pass
    with assertNumQueries(
        13
    ):  # session, person, organisation, role, what waits for review; webhook, deliveries, attempts; changes in
        # words
        assert len(shown(ana.get(address_of(webhook)))) == count + 2


def test_a_test_is_sent(ana: Client, webhook: Webhook) -> None:
    response = ana.post(address_of(webhook, "/test"))
    delivery = Delivery.objects.get()
    assert (delivery.event, delivery.state) == ("webhook.test", "waiting")
    assert response["Location"] == f"/settings/webhooks/deliveries/{delivery.pk}"
    assert said(response) == ["A test is on its way."]


def test_off_and_on(ana: Client, webhook: Webhook) -> None:
    response = ana.post(address_of(webhook, "/off"))
    assert response["Location"] == address_of(webhook)
    assert said(response) == ["It is off. What happens meanwhile is not told."]
    page = words(ana.get(address_of(webhook)))
    assert "turned off by Ana Silva" in page
    assert "Turn on" in page and "Turn off" not in page
    assert said(ana.post(address_of(webhook, "/test"))) == [
        "A test is on its way. It waits until the webhook is turned on."
    ]
    ana.post(address_of(webhook, "/on"))
    assert Webhook.objects.get().is_on


def test_one_that_was_given_up_says_why(ana: Client, webhook: Webhook) -> None:
    Webhook.objects.update(turned_off_at=timezone.now(), off_reason="failing", failing_since=timezone.now())
    assert "nothing could be delivered for three days" in words(ana.get(address_of(webhook)))


def test_one_that_is_failing_says_what_will_happen(ana: Client, webhook: Webhook) -> None:
    Webhook.objects.update(failing_since=timezone.now())
    assert "After three days without a success it is turned off." in words(ana.get(address_of(webhook)))


def test_what_failed_since_a_day_is_delivered_again(ana: Client, webhook: Webhook) -> None:
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    old = delivery_of(webhook, FAILED, created_at=today - timedelta(microseconds=1))
    new = delivery_of(webhook, FAILED, created_at=today)
    response = ana.post(address_of(webhook, "/redeliver"), {"since": f"{today:%Y-%m-%d}"})
    assert said(response) == ["1 message will be delivered again."]
    assert response["Location"] == address_of(webhook)
    states = dict(Delivery.objects.values_list("pk", "state"))
    assert states == {old.pk: FAILED, new.pk: WAITING}
    again = ana.post(address_of(webhook, "/redeliver"), {"since": f"{today:%Y-%m-%d}"})
    assert said(again)[-1] == "Nothing failed since then."


@pytest.mark.parametrize("since", ["", "yesterday", "1066-10-14", "2026-02-30"])
def test_a_day_that_is_none_is_said_beside_it(ana: Client, webhook: Webhook, since: str) -> None:
    delivery_of(webhook, FAILED)
    response = ana.post(address_of(webhook, "/redeliver"), {"since": since})
    assert response.status_code == 422
    assert list(response.context["redeliver_form"].errors) == ["since"]
    assert response.context["redeliver_form"].errors["since"][0] in response.text.replace("&#x27;", "'")
    assert Delivery.objects.get().state == FAILED


def test_one_that_is_not_there(ana: Client) -> None:
    for address in ("/settings/webhooks/999", "/settings/webhooks/" + "9" * 30):
        assert ana.get(address).status_code == 404
