"""New webhook: where to and what of; then its secret, this once."""

from collections.abc import Callable

import pytest
from django.test import Client

from config.team.models import TeamMember
from journeys.webhooks import actions
from journeys.webhooks.models import CHOSEN, Webhook
from journeys.webhooks.signing import secret_of

NEW = "/settings/webhooks/new"
GIVEN = {
    "address": "https://shop.example.com/hook",
    "description": "The shop",
    "events": ["contact.status_changed", "run.finished"],
}
ClientOf = Callable[[TeamMember], Client]


@pytest.fixture
def ana(client_of: ClientOf, administrator: TeamMember) -> Client:
    return client_of(administrator)


def test_the_secret_is_shown_once_and_stored_nowhere(ana: Client, administrator: TeamMember) -> None:
    response = ana.post(NEW, GIVEN)
    webhook, secret = Webhook.objects.get(), response.context["secret"]
    assert response.status_code == 200
    assert f'value="{secret}"' in response.text
    assert secret == secret_of(webhook.seed)
    assert "no-store" in response["Cache-Control"]
    for address in (NEW, "/settings/webhooks", f"/settings/webhooks/{webhook.pk}"):
        assert secret not in ana.get(address).text
    assert (webhook.address, webhook.description, webhook.events, webhook.wants_changes_of_runs) == (
        *("https://shop.example.com/hook", "The shop", ["contact.status_changed", "run.finished"], False),
    )
    assert (webhook.created_by, webhook.is_on) == (administrator, True)


def test_the_form_begins_with_every_event(ana: Client) -> None:
    page = ana.get(NEW).text
    assert page.count("checked") == len(CHOSEN)
    for event in CHOSEN:
        assert f'value="{event}"' in page


@pytest.mark.parametrize("role", ["viewer", "operator", "marketer"])
def test_it_needs_an_administrator(request: pytest.FixtureRequest, client_of: ClientOf, role: str) -> None:
    client = client_of(request.getfixturevalue(role))
    assert (client.get(NEW).status_code, client.post(NEW, GIVEN).status_code) == (403, 403)
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    ("sent", "field", "said"),
    [
        ({"address": ""}, "address", "Say where messages go."),
        ({"address": "http://shop.example.com/"}, "address", "Give an address that begins with https://."),
        ({"address": "https://127.0.0.1/"}, "address", "This address is not on the open internet."),
        ({"address": "https://me:pw@shop.example.com/"}, "address", None),
        ({"address": "https://" + "a" * 600 + ".example.com/"}, "address", None),
        ({"events": []}, "events", "Choose at least one."),
        ({"events": ["webhook.test"]}, "events", None),
        ({"events": ["run.changes"]}, "events", None),
        ({"description": "x" * 201}, "description", None),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(
    ana: Client, sent: dict[str, object], field: str, said: str | None
) -> None:
    response = ana.post(NEW, GIVEN | sent)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    if said:
        assert response.context["form"].errors[field] == [said]
    kept = "The shop" if field == "address" else "https://shop.example.com/hook"
    assert f'value="{kept}"' in response.text
    assert not Webhook.objects.exists()


def test_ones_own_network_may_be_named_where_that_is_allowed(ana: Client, settings) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    assert ana.post(NEW, GIVEN | {"address": "http://10.0.0.7:9000/hook"}).status_code == 200
    assert Webhook.objects.get().address == "http://10.0.0.7:9000/hook"


def test_one_more_than_there_may_be_is_refused(ana: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_WEBHOOKS", 1)
    assert ana.post(NEW, GIVEN).status_code == 200
    response = ana.post(NEW, GIVEN)
    assert response.status_code == 422
    assert "There are 20 webhooks already. Remove one first." in response.text
    assert Webhook.objects.count() == 1


def test_the_dialog_gets_the_part_alone(ana: Client) -> None:
    opened = ana.get(NEW, headers={"HX-Request": "true", "HX-Target": "dialog"})
    assert opened.text.strip().startswith('<section id="edit-webhook-form">')
