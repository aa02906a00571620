"""Let an application in: who asks for what; yes and no send the person back."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from oauth2_provider.models import Application, Grant

from config.team.actions import create_application
from config.team.models import TeamMember

AUTHORIZE = "/oauth/v2/authorize"
BACK = "https://crm.example.com/back"
ClientOf = Callable[[TeamMember], Client]


@pytest.fixture
def asked(administrator: TeamMember) -> dict[str, str]:
    application, _ = create_application(
        name="CRM", grant_type=Application.GRANT_AUTHORIZATION_CODE, redirect_uris=BACK, by=administrator
    )
    return {"client_id": application.client_id, "response_type": "code", "redirect_uri": BACK, "state": "abc"}


def test_it_says_who_asks_for_what_and_where_one_is_sent(
    client_of: ClientOf, operator: TeamMember, asked: dict[str, str]
) -> None:
    page = client_of(operator).get(AUTHORIZE, asked)
    assert page.status_code == 200
    for words in ("<strong>CRM</strong> asks to act as you, Olga Petrova", "Change contacts and stages", BACK):
        assert words in page.text
    assert "form-action 'self' https://crm.example.com;" in page["Content-Security-Policy"] + ";"
    assert not Grant.objects.exists()


@pytest.mark.parametrize(("answer", "key"), [({"allow": "1"}, "code"), ({}, "error")])
def test_yes_and_no_send_the_person_back(
    client_of: ClientOf, operator: TeamMember, asked: dict[str, str], answer: dict[str, str], key: str
) -> None:
    client = client_of(operator)
    response = client.post(AUTHORIZE, {**asked, "scope": "read", **answer})
    back = urlsplit(response["Location"])
    query = parse_qs(back.query)
    assert (response.status_code, f"{back.scheme}://{back.netloc}{back.path}") == (302, BACK)
    assert set(query) == {key, "state"}
    assert query["state"] == ["abc"]
    assert list(Grant.objects.values_list("user", "scope")) == ([(operator.pk, "read")] if answer else [])


def test_who_is_not_signed_in_signs_in_first(asked: dict[str, str]) -> None:
    response = Client().get(AUTHORIZE, asked)
    assert response.status_code == 302
    assert urlsplit(response["Location"]).path == "/sign-in"
    assert asked["client_id"] in response["Location"]


def test_somebody_without_a_role_lets_nobody_in(client_of: ClientOf, asked: dict[str, str]) -> None:
    nobody = TeamMember.objects.create_user("nobody@example.com")
    response = client_of(nobody).post(AUTHORIZE, {**asked, "scope": "read", "allow": "1"})
    assert response.status_code == 403
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"client_id": "x"}, {"redirect_uri": "https://evil.example/"}, {"client_id": "a\ud83e"}, {"redirect_uri": "//"}],
)
def test_a_request_that_cannot_be_trusted_is_not_answered_elsewhere(
    client_of: ClientOf, operator: TeamMember, asked: dict[str, str], wrong: dict[str, str]
) -> None:
    wrong = {name: value.encode(errors="replace").decode() for name, value in wrong.items()}
    page = client_of(operator).get(AUTHORIZE, asked | wrong)
    assert page.status_code == 400
    assert "Nothing was allowed." in page.text
    assert "evil.example" not in page["Content-Security-Policy"]


@pytest.mark.parametrize("query", ["%", "%zz=1", "client_id=%ff", "client_id=&client_id=", "client_id=x&client_id=y"])
def test_an_address_that_cannot_be_read_is_a_400(client_of: ClientOf, operator: TeamMember, query: str) -> None:
    for method in ("get", "post"):
        response = getattr(client_of(operator), method)(f"{AUTHORIZE}?{query}")
        assert response.status_code in ((400,) if method == "get" else (200, 400))
    assert not Grant.objects.exists()


def test_an_unknown_scope_is_said_to_the_application(
    client_of: ClientOf, operator: TeamMember, asked: dict[str, str]
) -> None:
    response = client_of(operator).get(AUTHORIZE, {**asked, "scope": "everything"})
    assert response["Location"].startswith(f"{BACK}?error=invalid_scope")
