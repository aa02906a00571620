"""One message: what is sent, every attempt with its answer, and once more."""

import html
from collections.abc import Callable

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from journeys.book.actions import erase_contacts
from journeys.history import following
from journeys.webhooks import actions
from journeys.webhooks.models import Attempt, Delivery, Webhook
from stages.models import Stage
from tests.factories import contact_in
from tests.journeys.telling import only_delivery, tell_all, webhook_at


@pytest.fixture
def ana(client_of: Callable[[TeamMember], Client], administrator: TeamMember) -> Client:
    return client_of(administrator)


@pytest.fixture
def webhook(administrator: TeamMember) -> Webhook:
    return webhook_at(by=administrator)[0]


@pytest.fixture
def message(webhook: Webhook, administrator: TeamMember) -> Delivery:
    return actions.send_test(webhook=webhook, by=administrator)


def address_of(delivery: Delivery) -> str:
    return f"/settings/webhooks/deliveries/{delivery.pk}"


def attempt_of(delivery: Delivery, **fields: object) -> Attempt:
    return Attempt.objects.create(delivery=delivery, began_at=timezone.now(), milliseconds=1234, **fields)


def test_the_request_is_shown_and_an_erased_person_is_gone_from_it(
    ana: Client, webhook: Webhook, administrator: TeamMember, aware: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_oldest_running", lambda: 2**62)
    contact = contact_in(aware, external_id="X-7")
    tell_all()
    delivery = only_delivery(webhook)
    page = html.unescape(ana.get(address_of(delivery)).text)
    assert "POST https://shop.example.com/hook" in page
    assert f"webhook-id: {delivery}" in page
    assert '"type": "contact.created"' in page
    assert f'"contact": {contact.pk},' in page
    assert '"external_id": "X-7"' in page
    erase_contacts(contacts=[contact.pk], by=administrator)
    page = html.unescape(ana.get(address_of(delivery)).text)
    assert '"external_id": null' in page
    assert "X-7" not in page


def test_each_attempt_is_shown_with_its_answer_the_newest_first(ana: Client, message: Delivery) -> None:
    attempt_of(message, status=500, answer="<b>Out of order</b>")
    attempt_of(message, error="The connection was refused.")
    page = ana.get(address_of(message))
    assert [attempt.status for attempt in page.context["attempts"]] == [None, 500]
    assert "&lt;b&gt;Out of order&lt;/b&gt;" in page.text
    assert "The connection was refused." in page.text
    assert "1,234 ms" in page.text


def test_what_waits_says_when_the_next_attempt_is_made(
    ana: Client, message: Delivery, administrator: TeamMember
) -> None:
    page = ana.get(address_of(message)).text
    assert "Next attempt" in page
    assert "None yet." in page
    assert "Deliver again" not in page
    actions.turn_off(webhook=message.webhook, by=administrator)
    assert "when the webhook is turned on" in ana.get(address_of(message)).text


def test_once_more(ana: Client, message: Delivery) -> None:
    Delivery.objects.update(state=Delivery.State.FAILED, attempts=10)
    assert "Deliver again" in ana.get(address_of(message)).text
    response = ana.post(f"{address_of(message)}/redeliver")
    assert response["Location"] == address_of(message)
    assert [str(message) for message in get_messages(response.wsgi_request)] == ["The message will be delivered again."]
    assert Delivery.objects.values_list("state", "attempts").get() == ("waiting", 0)
    again = ana.post(f"{address_of(message)}/redeliver")
    assert [str(message) for message in get_messages(again.wsgi_request)][-1] == (
        "It is waiting to be delivered already."
    )


@pytest.mark.parametrize("role", ["viewer", "operator", "marketer"])
def test_it_needs_an_administrator(
    request: pytest.FixtureRequest, client_of: Callable[[TeamMember], Client], message: Delivery, role: str
) -> None:
    Delivery.objects.update(state=Delivery.State.FAILED)
    client = client_of(request.getfixturevalue(role))
    assert client.get(address_of(message)).status_code == 403
    assert client.post(f"{address_of(message)}/redeliver").status_code == 403
    assert Delivery.objects.get().state == Delivery.State.FAILED


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_however_many_attempts(ana: Client, message: Delivery, count: int) -> None:
    for _ in range(count):
        attempt_of(message, status=500)
    with assertNumQueries(7):  # session, person, organisation, role, what waits for review; message, attempts
        assert len(ana.get(address_of(message)).context["attempts"]) == count
