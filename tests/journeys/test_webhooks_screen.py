"""Settings → Webhooks: every address that is told, whether it is on, and what waits for it."""

from collections.abc import Callable

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from journeys.webhooks import actions
from journeys.webhooks.models import Delivery, Event, Webhook
from tests.journeys.telling import webhook_at

WEBHOOKS = "/settings/webhooks"
ClientOf = Callable[[TeamMember], Client]


@pytest.fixture
def ana(client_of: ClientOf, administrator: TeamMember) -> Client:
    return client_of(administrator)


@pytest.mark.parametrize("role", ["viewer", "operator", "marketer"])
def test_it_needs_an_administrator(
    request: pytest.FixtureRequest, client_of: ClientOf, administrator: TeamMember, role: str
) -> None:
    webhook, _ = webhook_at(by=administrator)
    client = client_of(request.getfixturevalue(role))
    for response in (client.get(WEBHOOKS), client.post(f"{WEBHOOKS}/{webhook.pk}/remove")):
        assert response.status_code == 403
        assert "This needs the role Administrator." in response.text
    assert Webhook.objects.count() == 1
    assert WEBHOOKS not in client.get("/account").text


def test_without_any_it_says_what_they_are_for(ana: Client) -> None:
    page = ana.get(WEBHOOKS).text
    assert "No webhooks yet" in page
    assert f'href="{WEBHOOKS}/new"' in page


def test_they_are_listed_with_what_waits_and_what_failed(ana: Client, administrator: TeamMember) -> None:
    shop, _ = webhook_at(by=administrator, events=[Event.STATUS_CHANGED, Event.RUN_FINISHED])
    crm, _ = webhook_at("https://crm.example.com/", by=administrator, description="", wants_changes_of_runs=True)
    for state, count in ((Delivery.State.WAITING, 2), (Delivery.State.FAILED, 3), (Delivery.State.DELIVERED, 4)):
        Delivery.objects.bulk_create(Delivery(webhook=shop, event=Event.TEST, state=state) for _ in range(count))
    page = ana.get(WEBHOOKS)
    assert [(one, one.waiting, one.failed) for one in page.context["webhooks"]] == [(shop, 2, 3), (crm, 0, 0)]
    assert "A contact’s status changed · A run has ended" in " ".join(page.text.split())
    assert f'href="{WEBHOOKS}/{shop.pk}?state=failed">3</a>' in page.text
    assert "https://crm.example.com/" in page.text


def test_one_that_is_off_or_failing_says_so(ana: Client, administrator: TeamMember) -> None:
    by_hand, _ = webhook_at(by=administrator)
    actions.turn_off(webhook=by_hand, by=administrator)
    gone, failing = webhook_at(by=administrator)[0], webhook_at(by=administrator)[0]
    Webhook.objects.filter(pk=gone.pk).update(turned_off_at=timezone.now(), off_reason="gone")
    Webhook.objects.filter(pk=failing.pk).update(failing_since=timezone.now())
    page = ana.get(WEBHOOKS).text
    assert "by a team member" in page
    assert "its receiver answered 410, Gone" in page
    assert "since <time" in page


def test_removing_one_takes_its_deliveries_with_it(ana: Client, administrator: TeamMember) -> None:
    webhook, _ = webhook_at(by=administrator)
    actions.send_test(webhook=webhook, by=administrator)
    response = ana.post(f"{WEBHOOKS}/{webhook.pk}/remove")
    assert response["Location"] == WEBHOOKS
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        "https://shop.example.com/hook was removed, and what was kept about its deliveries."
    ]
    assert (Webhook.objects.count(), Delivery.objects.count()) == (0, 0)


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_five_queries_however_many(ana: Client, administrator: TeamMember, count: int) -> None:
    for _ in range(count):
        webhook_at(by=administrator)
    with assertNumQueries(6):  # session, person, organisation, role, what waits for review; webhooks
        assert len(ana.get(WEBHOOKS).context["webhooks"]) == count
