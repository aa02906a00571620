"""A new secret for a webhook: what that means, and then the secret, this once."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from config.team.models import TeamMember
from journeys.webhooks.models import Webhook
from journeys.webhooks.signing import secret_of
from tests.journeys.telling import webhook_at


@pytest.fixture
def ana(client_of: Callable[[TeamMember], Client], administrator: TeamMember) -> Client:
    return client_of(administrator)


@pytest.fixture
def webhook(administrator: TeamMember) -> Webhook:
    return webhook_at(by=administrator)[0]


def address_of(webhook: Webhook) -> str:
    return f"/settings/webhooks/{webhook.pk}/secret"


def test_asking_says_what_it_means_and_changes_nothing(ana: Client, webhook: Webhook) -> None:
    page = ana.get(address_of(webhook)).text
    assert f"<code>{webhook.beginning}…</code>" in page
    assert "signs for 24 hours more" in page
    assert Webhook.objects.get().seed == webhook.seed


def test_the_new_one_is_shown_once_and_both_sign(ana: Client, webhook: Webhook) -> None:
    response = ana.post(address_of(webhook))
    stored, secret = Webhook.objects.get(), response.context["secret"]
    assert stored.seeds_at(timezone.now()) == [stored.seed, webhook.seed]
    assert secret == secret_of(stored.seed)
    assert f'value="{secret}"' in response.text
    assert "no-store" in response["Cache-Control"]
    assert stored.beginning == secret[:12] != webhook.beginning
    assert secret not in ana.get(address_of(webhook)).text


def test_the_dialog_gets_the_part_alone(ana: Client, webhook: Webhook) -> None:
    for ask in (ana.get, ana.post):
        part = ask(address_of(webhook), headers={"HX-Request": "true", "HX-Target": "rotate-secret-form"})
        assert part.text.strip().startswith('<section id="rotate-secret-form">')
