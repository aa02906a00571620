"""Edit a webhook: another address, other events. Its secret stays."""

from collections.abc import Callable

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from config.team.models import TeamMember
from journeys.webhooks.models import Event, Webhook
from tests.journeys.telling import webhook_at

GIVEN = {
    "address": "https://crm.example.com/",
    "description": "",
    "events": ["contact.erased"],
    "wants_changes_of_runs": "on",
}


@pytest.fixture
def ana(client_of: Callable[[TeamMember], Client], administrator: TeamMember) -> Client:
    return client_of(administrator)


@pytest.fixture
def webhook(administrator: TeamMember) -> Webhook:
    return webhook_at(by=administrator, events=[Event.RUN_FINISHED])[0]


def address_of(webhook: Webhook) -> str:
    return f"/settings/webhooks/{webhook.pk}/edit"


def test_it_begins_with_what_is_there(ana: Client, webhook: Webhook) -> None:
    page = ana.get(address_of(webhook))
    assert page.context["form"].initial["events"] == ["run.finished"]
    assert 'value="https://shop.example.com/hook"' in page.text
    assert page.text.count("checked") == 1


def test_it_is_saved_and_the_secret_stays(ana: Client, webhook: Webhook) -> None:
    seed = webhook.seed
    response = ana.post(address_of(webhook), GIVEN)
    assert response["Location"] == f"/settings/webhooks/{webhook.pk}"
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        "The webhook was saved. What waits goes to the address it has now."
    ]
    webhook.refresh_from_db()
    assert (webhook.address, webhook.description) == ("https://crm.example.com/", "")
    assert (webhook.events, webhook.wants_changes_of_runs) == (["contact.erased"], True)
    assert webhook.seed == seed


def test_what_cannot_be_saved_changes_nothing(ana: Client, webhook: Webhook) -> None:
    response = ana.post(address_of(webhook), GIVEN | {"address": "https://localhost/"})
    assert response.status_code == 422
    assert response.context["form"].errors["address"] == ["This address is not on the open internet."]
    assert "<title>Edit https://shop.example.com/hook" in response.text
    webhook.refresh_from_db()
    assert (webhook.address, webhook.events) == ("https://shop.example.com/hook", ["run.finished"])


def test_the_dialog_gets_the_part_alone(ana: Client, webhook: Webhook) -> None:
    opened = ana.get(address_of(webhook), headers={"HX-Request": "true", "HX-Target": "dialog"})
    assert opened.text.strip().startswith('<section id="edit-webhook-form">')
