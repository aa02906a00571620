"""New token: name, scope and expiry; then the token itself, this once."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from config.team.models import ApiToken, TeamMember

NEW = "/settings/tokens/new"
GIVEN = {"name": "CRM", "scope": "read", "lifetime": "90"}
ClientOf = Callable[[TeamMember], Client]


def test_a_token_is_shown_once_and_works(client_of: ClientOf, operator: TeamMember) -> None:
    client = client_of(operator)
    response = client.post(NEW, GIVEN)
    secret = response.context["secret"]
    assert response.status_code == 200
    assert f'value="{secret}"' in response.text
    assert "no-store" in response["Cache-Control"]
    token = ApiToken.objects.get()
    assert (token.owner, token.name, token.scope, token.prefix) == (operator, "CRM", "read", secret[:11])
    assert timedelta(days=89) < token.expires_at - timezone.now() <= timedelta(days=90)
    assert Client().get("/api/stages", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    for address in (NEW, "/settings/tokens"):
        assert secret not in client.get(address).text


def test_one_that_never_expires(client_of: ClientOf, operator: TeamMember) -> None:
    client_of(operator).post(NEW, GIVEN | {"lifetime": "never"})
    assert ApiToken.objects.get().expires_at is None


@pytest.mark.parametrize(
    ("role", "offered"),
    [
        ("viewer", ["read"]),
        ("operator", ["read", "write"]),
        ("marketer", ["read", "write"]),
        ("administrator", ["read", "write", "admin"]),
    ],
)
def test_no_more_is_offered_than_the_owner_may(request, client_of: ClientOf, role: str, offered: list[str]) -> None:
    client = client_of(request.getfixturevalue(role))
    assert re.findall(r'name="scope" value="(\w+)"', client.get(NEW).text) == offered
    for scope in ("read", "write", "admin"):
        made = client.post(NEW, GIVEN | {"scope": scope}).status_code
        assert (scope, made) == (scope, 200 if scope in offered else 422)
    assert ApiToken.objects.count() == len(offered)


@pytest.mark.parametrize(
    ("sent", "field", "said"),
    [
        ({"name": ""}, "name", "Say which application uses it."),
        ({"name": "x" * 101}, "name", "Ensure this value has at most 100 characters (it has 101)."),
        ({"scope": ""}, "scope", "This field is required."),
        ({"scope": "all"}, "scope", "Select a valid choice. all is not one of the available choices."),
        ({"lifetime": "7"}, "lifetime", "Select a valid choice. 7 is not one of the available choices."),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_is_lost(
    client_of: ClientOf, operator: TeamMember, sent: dict[str, str], field: str, said: str
) -> None:
    response = client_of(operator).post(NEW, GIVEN | sent)
    assert response.status_code == 422
    assert response.context["form"].errors == {field: [said]}
    assert f'value="{(GIVEN | sent)["name"]}"' in response.text or not sent.get("name", "x")
    assert not ApiToken.objects.exists()


def test_the_dialog_gets_the_part_alone(client_of: ClientOf, operator: TeamMember) -> None:
    client = client_of(operator)
    opened = client.get(NEW, headers={"HX-Request": "true", "HX-Target": "dialog"})
    assert opened.text.strip().startswith('<section id="new-token-form">')
    shown = client.post(NEW, GIVEN, headers={"HX-Request": "true", "HX-Target": "new-token-form"})
    assert "<html" not in shown.text
    assert shown.context["secret"] in shown.text
