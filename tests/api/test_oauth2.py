"""OAuth2 as Mautic's clients speak it: `/oauth/v2/token` in both encodings, and the three grants."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.apps import apps
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from oauth2_provider.models import AccessToken, Application, RefreshToken

from config.team.actions import create_application, remove_application
from config.team.models import TeamMember
from tests.api.application import FORM, JSON

TOKEN = "/oauth/v2/token"
BACK = "https://crm.example.com/back"


@pytest.fixture
def by_itself(administrator: TeamMember) -> dict[str, str]:
    """The credentials of an application that works by itself."""
    return credentials(administrator, Application.GRANT_CLIENT_CREDENTIALS)


@pytest.fixture
def for_people(administrator: TeamMember) -> dict[str, str]:
    """The credentials of an application that works for people."""
    return credentials(administrator, Application.GRANT_AUTHORIZATION_CODE)


def credentials(member: TeamMember, grant: str) -> dict[str, str]:
    application, secret = create_application(name="CRM", grant_type=grant, redirect_uris=BACK, by=member)
    return {"client_id": application.client_id, "client_secret": secret}


def token(said: Any, encoding: str = FORM, **headers: str) -> HttpResponse:
    body = json.dumps(said) if encoding == JSON else urlencode(said)
    content_type = "application/json" if encoding == JSON else "application/x-www-form-urlencoded"
    return Client(enforce_csrf_checks=True).post(TOKEN, body, content_type=content_type, headers=headers)


def stages(secret: str) -> int:
    return Client().get("/api/stages", headers={"Authorization": f"Bearer {secret}"}).status_code


def allowed(client: Client, application: dict[str, str], **more: str) -> str:
    """The code that the application gets when a person lets it in."""
    asked = {"client_id": application["client_id"], "response_type": "code", "redirect_uri": BACK, "state": "s"}
    page = client.get("/oauth/v2/authorize", asked | more)
    assert page.status_code == 200
    form = {name: field.initial or "" for name, field in page.context["form"].fields.items()}
    form |= {name: value for name, value in page.context["form"].initial.items() if value is not None}
    answer = client.post("/oauth/v2/authorize", form | {"allow": "1"})
    assert answer.status_code == 302
    back = urlsplit(answer["Location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
    query = parse_qs(back.query)
    assert query["state"] == ["s"]
    return query["code"][0]


# An application by itself


@pytest.mark.parametrize("encoding", [FORM, JSON])
def test_client_credentials(by_itself: dict[str, str], administrator: TeamMember, encoding: str) -> None:
    response = token({"grant_type": "client_credentials", **by_itself}, encoding)
    answer = response.json()
    assert response.status_code == 200
    assert (answer["token_type"], answer["expires_in"], answer["scope"]) == ("Bearer", 3600, "read write admin")
    assert stages(answer["access_token"]) == 200
    assert not response.cookies


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_authorization_header_is_overlooked(by_itself: dict[str, str], empty: str) -> None:
    assert token({"grant_type": "client_credentials", **by_itself}, Authorization=empty).status_code == 200


def test_credentials_in_the_header(by_itself: dict[str, str]) -> None:
    pair = f"{by_itself['client_id']}:{by_itself['client_secret']}".encode()
    header = f"Basic {base64.b64encode(pair).decode()}"
    assert token({"grant_type": "client_credentials"}, Authorization=header).status_code == 200
    assert token({"grant_type": "client_credentials"}, JSON, Authorization=header).status_code == 200


def test_less_may_be_asked_for(by_itself: dict[str, str]) -> None:
    answer = token({"grant_type": "client_credentials", "scope": "read", **by_itself}).json()
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    assert answer["scope"] == "read"
    assert Client().post("/api/stages/new", {"name": "B"}, headers=headers).status_code == 403


def test_a_removed_application_opens_nothing(by_itself: dict[str, str], administrator: TeamMember) -> None:
    secret = token({"grant_type": "client_credentials", **by_itself}).json()["access_token"]
    remove_application(application=Application.objects.get(), by=administrator)
    assert stages(secret) == 401
    assert token({"grant_type": "client_credentials", **by_itself}).status_code == 401


# For people


def test_an_authorization_code_and_its_refresh_token(
    client_of: Callable[[TeamMember], Client], operator: TeamMember, for_people: dict[str, str]
) -> None:
    code = allowed(client_of(operator), for_people)
    said = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **for_people}
    first = token(said).json()
    assert stages(first["access_token"]) == 200
    assert AccessToken.objects.get().user == operator
    assert token(said).json()["error"] == "invalid_grant"  # a code works once

    refreshed = token({"grant_type": "refresh_token", "refresh_token": first["refresh_token"], **for_people}, JSON)
    second = refreshed.json()
    assert refreshed.status_code == 200
    assert stages(second["access_token"]) == 200
    assert second["refresh_token"] != first["refresh_token"]
    assert stages(first["access_token"]) == 401


def test_a_stolen_refresh_token_ends_what_came_of_it(
    client_of: Callable[[TeamMember], Client], operator: TeamMember, for_people: dict[str, str]
) -> None:
    code = allowed(client_of(operator), for_people)
    first = token({"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **for_people}).json()
    again = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], **for_people}
    second = token(again).json()
    assert token(again).json()["error"] == "invalid_grant"
    assert stages(second["access_token"]) == 401


def test_pkce_works_and_is_not_asked_for(
    client_of: Callable[[TeamMember], Client], operator: TeamMember, for_people: dict[str, str]
) -> None:
    challenge = {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"}
    code = allowed(client_of(operator), for_people, **challenge)
    said = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **for_people}
    assert token(said).json()["error"] == "invalid_request"
    assert token(said | {"code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}).status_code == 200


# Nothing in clear


def test_neither_tokens_nor_secrets_are_stored_in_clear(
    client_of: Callable[[TeamMember], Client], operator: TeamMember, for_people: dict[str, str]
) -> None:
    code = allowed(client_of(operator), for_people)
    answer = token({"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **for_people}).json()
    assert AccessToken.objects.get().token == RefreshToken.objects.get().token == ""
    kept = everything_stored()
    for secret in (answer["access_token"], answer["refresh_token"], for_people["client_secret"], code):
        assert secret not in kept


def everything_stored() -> str:
    """Every row of every table, as text."""
    rows = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f"SELECT t::text FROM {connection.ops.quote_name(model._meta.db_table)} t")
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows)


# What is refused


@pytest.mark.parametrize("encoding", [FORM, JSON])
@pytest.mark.parametrize(
    ("said", "status", "error"),
    [
        ({}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}, 401, "invalid_client"),
        ({"grant_type": "password", "username": "a", "password": "b"}, 401, "invalid_client"),
        ({"grant_type": "authorization_code", "code": "x"}, 401, "invalid_client"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 401, "invalid_client"),
        ({"grant_type": "nonsense"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_wrong_request_is_refused(viewer: TeamMember, said: dict, status: int, error: str, encoding: str) -> None:
    response = token(said, encoding)
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize(
    "said",
    [
        {"code": "a\0b"},
        {"client_id": "a\0b"},
        {"code": "x" * 100_000},
        {"scope": "nonsense"},
        {"redirect_uri": "//"},
        {"client_id": ["a"], "client_secret": {"b": 1}},
    ],
)
@pytest.mark.parametrize("encoding", [FORM, JSON])
def test_no_input_breaks_it(for_people: dict[str, str], said: dict[str, Any], encoding: str) -> None:
    for grant in ("client_credentials", "authorization_code", "refresh_token"):
        assert 400 <= token({"grant_type": grant, **for_people, **said}, encoding).status_code < 500
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("query", ["%", "%zz=1", "a=%ff", "%00", "&&&", "grant_type=client_credentials"])
def test_no_query_string_breaks_it(by_itself: dict[str, str], query: str) -> None:
    body = urlencode({"grant_type": "nonsense", **by_itself})
    response = Client().post(f"{TOKEN}?{query}", body, content_type="application/x-www-form-urlencoded")
    assert 400 <= response.status_code < 500
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"null", b"[1]", b'"x"', b"{}" * 2_000_000])
def test_no_body_breaks_it(viewer: TeamMember, body: bytes) -> None:
    for content_type in ("application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
        assert 400 <= Client().post(TOKEN, body, content_type=content_type).status_code < 500


@pytest.mark.parametrize("grant", [Application.GRANT_PASSWORD, Application.GRANT_IMPLICIT])
def test_passwords_and_tokens_in_addresses_are_not_given(administrator: TeamMember, grant: str) -> None:
    application = Application.objects.create(
        name="CRM", user=administrator, client_type="confidential", authorization_grant_type=grant, redirect_uris=BACK
    )
    said = {"client_id": application.client_id, "username": administrator.email, "password": "x"}
    assert 400 <= token({"grant_type": "password", **said}).status_code < 500
    assert not AccessToken.objects.exists()
