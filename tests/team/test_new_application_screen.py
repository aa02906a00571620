"""New OAuth2 application: name and how it works; then its client id and secret, this once."""

from collections.abc import Callable

import pytest
from django.contrib.auth.hashers import check_password
from django.test import Client
from oauth2_provider.models import Application

from config.team.models import TeamMember

NEW = "/settings/applications/new"
BY_ITSELF = {"name": "Sync", "authorization_grant_type": "client-credentials", "redirect_uris": "left over"}
FOR_PEOPLE = {
    "name": "CRM",
    "authorization_grant_type": "authorization-code",
    "redirect_uris": "https://crm.example.com/back\r\n http://127.0.0.1:8080/back ",
}
ClientOf = Callable[[TeamMember], Client]


@pytest.fixture
def ana(client_of: ClientOf, administrator: TeamMember) -> Client:
    return client_of(administrator)


def test_the_secret_is_shown_once_and_kept_as_a_hash(ana: Client, administrator: TeamMember) -> None:
    response = ana.post(NEW, BY_ITSELF)
    application, secret = Application.objects.get(), response.context["secret"]
    assert response.status_code == 200
    assert f'value="{secret}"' in response.text
    assert f'value="{application.client_id}"' in response.text
    assert "http://testserver/oauth/v2/token" in response.text
    assert "no-store" in response["Cache-Control"]
    assert (application.name, application.user, application.redirect_uris) == ("Sync", administrator, "")
    assert check_password(secret, application.client_secret)
    for address in (NEW, "/settings/applications"):
        assert secret not in ana.get(address).text


def test_one_for_people_has_addresses_to_send_them_back_to(ana: Client) -> None:
    ana.post(NEW, FOR_PEOPLE)
    application = Application.objects.get()
    assert application.authorization_grant_type == "authorization-code"
    assert application.redirect_uris == "https://crm.example.com/back http://127.0.0.1:8080/back"


@pytest.mark.parametrize("role", ["viewer", "operator", "marketer"])
def test_it_needs_an_administrator(request, client_of: ClientOf, role: str) -> None:
    client = client_of(request.getfixturevalue(role))
    assert (client.get(NEW).status_code, client.post(NEW, BY_ITSELF).status_code) == (403, 403)
    assert not Application.objects.exists()


@pytest.mark.parametrize(
    ("sent", "field", "said"),
    [
        ({"name": ""}, "name", "Give the application a name."),
        ({"redirect_uris": ""}, "redirect_uris", "Say where people are sent back to."),
        ({"redirect_uris": "ftp://example.com"}, "redirect_uris", None),
        ({"redirect_uris": "crm"}, "redirect_uris", None),
        ({"authorization_grant_type": "password"}, "authorization_grant_type", None),
    ],
)
def test_an_error_stands_beside_its_field(ana: Client, sent: dict[str, str], field: str, said: str | None) -> None:
    response = ana.post(NEW, FOR_PEOPLE | sent)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    if said:
        assert response.context["form"].errors[field] == [said]
    assert not Application.objects.exists()


def test_the_dialog_gets_the_part_alone(ana: Client) -> None:
    opened = ana.get(NEW, headers={"HX-Request": "true", "HX-Target": "dialog"})
    assert opened.text.strip().startswith('<section id="new-application-form">')
