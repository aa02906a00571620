"""The password once more, before what would hurt most: within 15 minutes not again, and nothing sent is lost."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from config.team import confirmation
from config.team.models import ApiToken, TeamMember
from contacts.models import Contact
from stages.models import Stage
from tests.factories import contact_in
from tests.journeys.telling import webhook_at
from tests.team.joining import PASSWORD

ClientOf = Callable[[TeamMember], Client]
NEW_TOKEN = "/settings/tokens/new"
TOKEN = {"name": "CRM", "scope": "read", "lifetime": "90"}


@pytest.fixture
def ana(administrator: TeamMember) -> TeamMember:
    administrator.set_password(PASSWORD)
    administrator.save()
    return administrator


def hidden(response) -> dict[str, str]:
    """What the form that asks carries along."""
    form = response.text.split('id="confirm-password-form"')[1]
    found = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    found.pop("csrfmiddlewaretoken")
    return found


def test_what_was_sent_is_carried_and_done_once_confirmed(forgetful_client_of: ClientOf, ana: TeamMember) -> None:
    client = forgetful_client_of(ana)
    asked = client.post(NEW_TOKEN, TOKEN)
    carried = hidden(asked)
    assert (asked.status_code, carried) == (200, TOKEN)
    assert "no-store" in asked["Cache-Control"]
    assert not ApiToken.objects.exists()

    done = client.post(NEW_TOKEN, {**carried, "present_password": PASSWORD})
    assert done.status_code == 200
    assert done.context["secret"] in done.text
    assert ApiToken.objects.get().name == "CRM"


def test_a_page_that_was_only_opened_is_opened_after_it(forgetful_client_of: ClientOf, ana: TeamMember) -> None:
    client = forgetful_client_of(ana)
    carried = hidden(client.get(f"{NEW_TOKEN}?from=menu"))
    assert carried == {"asked_by_get": "1"}
    done = client.post(f"{NEW_TOKEN}?from=menu", {**carried, "present_password": PASSWORD})
    assert (done.status_code, done["Location"]) == (302, f"{NEW_TOKEN}?from=menu")
    assert "New token" in client.get(NEW_TOKEN).text


def test_in_a_dialog_the_form_takes_its_place_and_gives_it_back(forgetful_client_of: ClientOf, ana: TeamMember) -> None:
    client, dialog = forgetful_client_of(ana), {"HX-Request": "true", "HX-Target": "dialog"}
    asked = client.get(NEW_TOKEN, headers=dialog)
    assert asked.text.strip().startswith('<section id="confirm-password-form">')
    opened = client.post(NEW_TOKEN, {**hidden(asked), "present_password": PASSWORD}, headers=dialog)
    assert opened.text.strip().startswith('<section id="new-token-form">')
    assert not opened.context["form"].errors


def test_a_wrong_password_does_nothing_and_loses_nothing(forgetful_client_of: ClientOf, ana: TeamMember) -> None:
    client = forgetful_client_of(ana)
    for given, said in (("wrong", "This is not your password."), ("", "Give your password.")):
        refused = client.post(NEW_TOKEN, TOKEN | {"present_password": given})
        assert refused.status_code == 422
        assert refused.context["form"].errors == {"present_password": [said]}
        assert hidden(refused) == TOKEN
    assert not ApiToken.objects.exists()
    assert "Your password, please" in client.get(NEW_TOKEN).text


def test_somebody_elses_password_does_not_do(
    forgetful_client_of: ClientOf, ana: TeamMember, operator: TeamMember
) -> None:
    operator.set_password("another long phrase")
    operator.save()
    client = forgetful_client_of(ana)
    assert client.post(NEW_TOKEN, TOKEN | {"present_password": "another long phrase"}).status_code == 422


def test_guesses_are_counted_as_on_the_sign_in_page(forgetful_client_of: ClientOf, ana: TeamMember) -> None:
    client = forgetful_client_of(ana)
    answers = [client.post(NEW_TOKEN, TOKEN | {"present_password": "wrong"}).status_code for _ in range(10)]
    assert answers == [422] * 9 + [429]
    assert client.post(NEW_TOKEN, TOKEN | {"present_password": PASSWORD}).status_code == 429
    assert not ApiToken.objects.exists()


def test_signing_in_counts_for_fifteen_minutes(ana: TeamMember, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    client.post("/sign-in", {"username": ana.email, "password": PASSWORD})
    assert "Your password, please" not in client.get(NEW_TOKEN).text
    given_at = client.session[confirmation.CONFIRMED_AT]
    for seconds, is_asked in ((15 * 60 - 1, False), (15 * 60, True)):
        monkeypatch.setattr(confirmation.time, "time", lambda now=given_at + seconds: now)
        assert ("Your password, please" in client.get(NEW_TOKEN).text) is is_asked


def test_a_time_to_come_does_not_count(forgetful_client_of: ClientOf, ana: TeamMember) -> None:
    client = forgetful_client_of(ana)
    session = client.session
    session[confirmation.CONFIRMED_AT] += 10_000_000
    session.save()
    assert "Your password, please" in client.get(NEW_TOKEN).text


def test_what_is_carried_cannot_break_out(forgetful_client_of: ClientOf, ana: TeamMember) -> None:
    asked = forgetful_client_of(ana).post(NEW_TOKEN, {"name": '"><script>alert(1)</script>'})
    assert "<script>alert" not in asked.text
    assert "&quot;&gt;&lt;script&gt;" in asked.text


def test_what_lets_in_or_takes_away_asks(
    forgetful_client_of: ClientOf, ana: TeamMember, operator: TeamMember, customer: Stage
) -> None:
    webhook, _ = webhook_at(by=ana)
    contact = contact_in(customer)
    client = forgetful_client_of(ana)
    for address in (
        "/settings/tokens/new",
        "/settings/applications/new",
        "/settings/webhooks/new",
        f"/settings/webhooks/{webhook.pk}/edit",
        f"/settings/webhooks/{webhook.pk}/secret",
        "/settings/team/invite",
        f"/settings/team/{operator.pk}",
        f"/settings/team/{operator.pk}/password",
        f"/contacts/{contact.pk}/erase",
    ):
        assert "Your password, please" in client.get(address).text, address
        assert "Your password, please" in client.post(address, {"sure": "on"}).text, address
    assert Contact.objects.filter(pk=contact.pk).exists()
