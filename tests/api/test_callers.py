"""Who calls: passwords, tokens of ours and OAuth2 tokens, and what each may do. Nobody is known by a cookie."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, set_token_value
from pytest_django.asserts import assertNumQueries

from config.api import passwords
from config.api.passwords import VerifiedPasswords
from config.team.actions import change_my_password, create_token, deactivate_team_member, revoke_token
from config.team.models import ApiToken, TeamMember
from config.team.roles import Role
from contacts.models import Contact
from journeys.status.models import StatusChange
from stages.models import Stage
from tests.api import application as tests_application
from tests.api.application import error
from tests.elsewhere import at_once
from tests.factories import TeamMemberFactory, contact_in
from tests.heart import last_change

PASSWORD = "a-good-password: with ünïcode"
DENIED = error(401, "API authorization denied.")
INVALID = error(401, "The access token provided is invalid.")
EXPIRED = error(401, "The access token provided has expired.")
FORBIDDEN = error(403, "You do not have access to the requested area/action.")


def ask(authorization: str | None = None, query: str = "", client: Client | None = None) -> HttpResponse:
    headers = {} if authorization is None else {"Authorization": authorization}
    return (client or Client()).get(f"/api/stages{query}", headers=headers)


def basic(name: str, password: str = PASSWORD) -> str:
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


@pytest.fixture(autouse=True)
def nothing_verified(monkeypatch: pytest.MonkeyPatch) -> VerifiedPasswords:
    """This process remembers no password of another test."""
    empty = VerifiedPasswords()
    monkeypatch.setattr("config.api.callers.verified", empty)
    return empty


@pytest.fixture
def ana(administrator: TeamMember) -> TeamMember:
    return change_my_password(password=PASSWORD, by=administrator)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were hashed, which takes its time."""
    seen: list[str] = []
    encode = hashers.MD5PasswordHasher.encode

    def watched(self: Any, password: str, salt: str) -> str:
        seen.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", watched)
    return seen


# Passwords


@pytest.mark.parametrize("name", ["ana.silva@example.com", "ANA.Silva@example.com", "Ana Silva"])
def test_a_password_goes_with_the_e_mail_or_the_name(ana: TeamMember, name: str) -> None:
    assert ask(basic(name)).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic !",
        "Basic YW5h",
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Basic " + base64.b64encode(b":").decode(),
        basic("ana.silva@example.com", "wrong"),
        basic("ana.silva@example.com", ""),
        basic("ana.silva@example.com", "a\0b"),
        basic("nobody@example.com"),
        basic("x" * 5000, "y" * 5000),
        "Digest username=ana",
        "Bearer",
    ],
)
def test_whoever_says_nothing_right_is_nobody(ana: TeamMember, authorization: str | None) -> None:
    response = ask(authorization)
    assert (response.status_code, response.json()) == (401, DENIED)
    assert response["WWW-Authenticate"] == 'Basic realm="Funnelbook", charset="UTF-8"'
    assert response["Mautic-Version"].startswith("5.")


def test_a_name_that_two_have_is_nobodys(ana: TeamMember) -> None:
    other = TeamMemberFactory(name="Ana Silva", email="other@example.com", role=Role.VIEWER)
    assert ask(basic("Ana Silva")).status_code == 401
    assert ask(basic("ana.silva@example.com")).status_code == 200
    TeamMember.objects.filter(pk=other.pk).update(is_active=False)
    assert ask(basic("Ana Silva")).status_code == 200


def test_nobody_takes_an_e_mail_by_calling_themselves_so(ana: TeamMember) -> None:
    thief = TeamMemberFactory(name="ana.silva@example.com", email="thief@example.com", role=Role.VIEWER)
    change_my_password(password="a-thief's-password", by=thief)
    assert ask(basic("ana.silva@example.com", "a-thief's-password")).status_code == 401
    assert ask(basic("ana.silva@example.com")).status_code == 200


def test_a_password_is_hashed_once_a_minute(ana: TeamMember, hashed: list[str], monkeypatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(passwords.time, "monotonic", lambda: now[0])
    for _ in range(3):
        assert ask(basic("Ana Silva")).status_code == 200
    assert hashed == [PASSWORD]
    now[0] += 59.9
    ask(basic(ana.email))
    assert len(hashed) == 1
    now[0] += 0.1
    ask(basic(ana.email))
    assert len(hashed) == 2


@pytest.mark.django_db(transaction=True)
def test_of_many_who_come_at_once_with_a_password_one_is_hashed_for(ana: TeamMember, hashed: list[str]) -> None:
    answers = at_once(*[lambda: ask(basic(ana.email)).status_code] * 5)
    assert answers == [200] * 5
    assert hashed == [PASSWORD]


def test_what_is_remembered_is_not_the_password(ana: TeamMember, nothing_verified: VerifiedPasswords) -> None:
    ask(basic(ana.email))
    ((mark, _),) = nothing_verified._until.items()
    assert len(mark) == 32
    assert PASSWORD.encode() not in mark


def test_the_oldest_of_many_is_forgotten(ana: TeamMember, monkeypatch) -> None:
    monkeypatch.setattr(passwords, "MOST", 2)
    some = VerifiedPasswords()
    for password in ("a", "b", "c"):
        some.remember(ana, password)
    assert [some.know(ana, password) for password in ("a", "b", "c")] == [False, True, True]


def test_a_changed_password_counts_at_once(ana: TeamMember) -> None:
    assert ask(basic(ana.email)).status_code == 200
    change_my_password(password="another-password", by=ana)
    assert ask(basic(ana.email)).status_code == 401
    assert ask(basic(ana.email, "another-password")).status_code == 200


def test_a_deactivated_account_is_refused_at_once(ana: TeamMember, marketer: TeamMember) -> None:
    change_my_password(password=PASSWORD, by=marketer)
    assert ask(basic(marketer.email)).status_code == 200
    deactivate_team_member(member=marketer, by=ana)
    assert ask(basic(marketer.email)).status_code == 401


def test_guessing_is_slowed_down_as_on_the_sign_in_page(ana: TeamMember) -> None:
    for number in range(9):
        assert ask(basic(ana.email, f"guess {number}")).status_code == 401
    locked = ask(basic(ana.email, "guess 9"))
    assert (locked.status_code, locked["Retry-After"]) == (429, "900")
    assert locked.json() == error(429, "Too many wrong passwords. Wait a quarter of an hour.")
    assert ask(basic(ana.email)).status_code == 429
    assert ask(basic("Ana Silva")).status_code == 429
    form = Client().post("/sign-in", {"username": ana.email, "password": PASSWORD})
    assert form.status_code in (403, 429)


def test_who_was_verified_is_not_locked_out_by_others_guesses(ana: TeamMember) -> None:
    assert ask(basic(ana.email)).status_code == 200
    for number in range(12):
        ask(basic(ana.email, f"guess {number}"))
    assert ask(basic(ana.email)).status_code == 200


# Cookies


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_a_cookie_opens_nothing(client_of: Callable[[TeamMember], Client], ana: TeamMember, method: str) -> None:
    client = client_of(ana)
    for path in ("/api/stages", "/api/stages/new", "/api/contacts/new"):
        response = getattr(client, method)(path, {"name": "Mine"})
        assert (response.status_code, response.json()) == (401, DENIED)
    assert not Stage.objects.filter(name="Mine").exists()


def test_no_token_against_forgery_is_asked_for(ana: TeamMember) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/api/stages/new", {"name": "Mine"}, headers={"Authorization": basic(ana.email)})
    assert response.status_code == 201
    assert not response.cookies


# Tokens of ours


def token_for(member: TeamMember, **options: Any) -> tuple[ApiToken, str]:
    return create_token(**{"name": "Sync", "scope": ApiToken.Scope.ADMIN, "expires_at": None, **options}, by=member)


def test_a_token_goes_in_the_header_the_query_string_or_a_form(ana: TeamMember) -> None:
    _, secret = token_for(ana)
    client = Client()
    assert ask(f"Bearer {secret}").status_code == 200
    assert ask(f"bearer  {secret}").status_code == 200
    assert ask(query=f"?access_token={secret}").status_code == 200
    assert ask("", query=f"?access_token={secret}").status_code == 200
    form = client.post(
        "/api/stages/new", f"name=B&access_token={secret}", content_type="application/x-www-form-urlencoded"
    )
    assert form.status_code == 201
    batch = client.put(
        "/api/stages/batch/edit", f"0[name]=C&access_token={secret}", content_type="application/x-www-form-urlencoded"
    )
    assert batch.json()["statusCodes"] == [201]


def test_a_secret_is_random_and_only_a_digest_is_kept(ana: TeamMember) -> None:
    token, secret = token_for(ana)
    _, other = token_for(ana)
    assert secret != other
    assert secret.startswith("fb_") and len(secret) == 46
    stored = ApiToken.objects.filter(pk=token.pk).values().get()
    assert (stored["prefix"], len(stored["digest"])) == (secret[:11], 64)
    assert secret not in str(stored)


@pytest.mark.parametrize("secret", ["fb_", "fb_wrong", "fb_" + "x" * 43, "wrong", "x" * 9000, "fb_\xff"])
def test_a_wrong_token_opens_nothing(ana: TeamMember, secret: str) -> None:
    token_for(ana)
    response = ask(f"Bearer {secret}")
    assert (response.status_code, response.json()) == (401, INVALID)


def test_an_expired_token_says_so(ana: TeamMember) -> None:
    token, secret = token_for(ana, expires_at=timezone.now() + timedelta(days=1))
    assert ask(f"Bearer {secret}").status_code == 200
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    response = ask(f"Bearer {secret}")
    assert (response.status_code, response.json()) == (401, EXPIRED)


def test_a_revoked_token_opens_nothing_from_then_on(ana: TeamMember) -> None:
    token, secret = token_for(ana)
    revoke_token(token=token, by=ana)
    assert ask(f"Bearer {secret}").json() == INVALID
    stored = ApiToken.objects.get()
    assert stored.revoked_by == ana
    assert stored.last_used_at is None


def test_the_token_of_somebody_deactivated_opens_nothing(marketer: TeamMember) -> None:
    _, secret = token_for(marketer)
    TeamMember.objects.filter(pk=marketer.pk).update(is_active=False)
    assert ask(f"Bearer {secret}").json() == INVALID


def test_the_last_use_is_written_down_once_a_minute_and_most_requests_cost_two_queries(ana: TeamMember) -> None:
    token, secret = token_for(ana)
    ask(f"Bearer {secret}")
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    with assertNumQueries(3):  # token with its owner, groups; stages
        ask(f"Bearer {secret}")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=first - timedelta(seconds=61))
    ask(f"Bearer {secret}")
    assert ApiToken.objects.get().last_used_at > first


def test_a_password_that_was_verified_costs_two_queries_too(ana: TeamMember) -> None:
    ask(basic(ana.email))
    with assertNumQueries(3):  # member, groups; stages
        ask(basic(ana.email))


# What each may do


READS = [("GET", "/stages"), ("GET", "/stages/{stage}"), ("GET", "/contacts"), ("GET", "/contacts/{contact}")]
WRITES = {
    Role.OPERATOR: [
        ("POST", "/stages/{stage}/contact/{contact}/add"),
        ("POST", "/stages/{aware}/contact/remove/{contact}"),
        ("POST", "/contacts/new"),
        ("PATCH", "/contacts/{contact}/edit"),
        ("PUT", "/contacts/{contact}/edit"),
    ],
    Role.MARKETER: [
        ("POST", "/stages/new"),
        ("PUT", "/stages/{stage}/edit"),
        ("PATCH", "/stages/{stage}/edit"),
        ("DELETE", "/stages/{stage}/delete"),
        ("POST", "/stages/batch/new"),
        ("PUT", "/stages/batch/edit"),
        ("PATCH", "/stages/batch/edit"),
        ("DELETE", "/stages/batch/delete?ids={stage}"),
    ],
    Role.ADMINISTRATOR: [("DELETE", "/contacts/{contact}/delete")],
}


def answers(application: tests_application.Application, needs: Role, things: dict[str, int]) -> set[int]:
    """The codes of requests that need this role. What they say is understood by all of them."""
    codes = set()
    for number, (method, path) in enumerate(WRITES.get(needs, READS)):
        said = {"name": f"B {number}", "email": f"bo.{number}@example.com"}
        body = [said] if "batch" in path else said
        codes.add(application.call(method, path.format(**things), body).status_code)
    return codes


@pytest.fixture
def things(aware: Stage, customer: Stage) -> dict[str, int]:
    return {"stage": customer.pk, "aware": aware.pk, "contact": contact_in(aware).pk}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.MARKETER, Role.ADMINISTRATOR])
@pytest.mark.parametrize("scope", list(ApiToken.Scope))
def test_a_token_may_what_both_its_scope_and_its_owner_may(things, role: Role, scope: ApiToken.Scope) -> None:
    member = TeamMemberFactory(role=role)
    application = tests_application.Application(member, scope=scope)
    worth = {"read": Role.VIEWER, "write": Role.MARKETER, "admin": Role.ADMINISTRATOR}[scope]
    before = [list(model.objects.order_by("pk").values()) for model in (Stage, Contact, StatusChange)]
    for needs in (Role.ADMINISTRATOR, Role.MARKETER, Role.OPERATOR):
        if min(role, worth) < needs:
            assert answers(application, needs, things) == {403}
    if min(role, worth) < Role.OPERATOR:
        assert before == [list(model.objects.order_by("pk").values()) for model in (Stage, Contact, StatusChange)]
    assert answers(application, Role.VIEWER, things) == {200}
    for needs in (Role.OPERATOR, Role.MARKETER, Role.ADMINISTRATOR):
        if min(role, worth) >= needs:
            assert answers(application, needs, things) <= {200, 201}


def test_somebody_without_a_role_may_nothing(things) -> None:
    response = tests_application.Application(TeamMemberFactory()).get("/stages")
    assert (response.status_code, response.json()) == (403, FORBIDDEN)


def test_an_operators_tags_have_to_be_there(things, operator: TeamMember, marketer: TeamMember) -> None:
    address = f"/contacts/{things['contact']}/edit"
    refused = tests_application.Application(operator).patch(address, {"tags": ["new"], "city": "Oslo"})
    assert refused.json() == error(400, "tags: There is no label “new”.", {"tags": ["There is no label “new”."]})
    assert Contact.objects.get(pk=things["contact"]).city == ""
    assert tests_application.Application(marketer).patch(address, {"tags": ["new"]}).status_code == 200
    assert tests_application.Application(operator).patch(address, {"tags": ["NEW"]}).status_code == 200


def test_history_says_who_called_and_by_which_token(things, operator: TeamMember) -> None:
    application = tests_application.Application(operator)
    assert application.token is not None
    application.post(f"/stages/{things['stage']}/contact/{things['contact']}/add")
    change = last_change(things["contact"])
    assert (change.cause, change.changed_by, change.via_id) == ("api", operator, application.token.pk)
    application.post(f"/stages/{things['stage']}/contact/{things['contact']}/remove")
    change = last_change(things["contact"])
    assert (change.cause, change.changed_by, change.via_id) == ("api", operator, application.token.pk)
    created = application.post("/contacts/new", {"email": "bo@example.com", "stage": things["stage"]}).json()
    change = last_change(created["contact"]["id"])
    assert (change.cause, change.changed_by, change.via_id) == ("api", operator, application.token.pk)


# OAuth2


def oauth_token(member: TeamMember | None, application: Application | None = None, **options: Any) -> str:
    token = AccessToken(
        **{
            "user": member,
            "application": application,
            "scope": "read write admin",
            "expires": timezone.now() + timedelta(hours=1),
            **options,
        }
    )
    set_token_value(token, "an-oauth2-token")
    token.save()
    return "an-oauth2-token"


def test_an_oauth2_token_goes_wherever_one_of_ours_goes(ana: TeamMember) -> None:
    secret = oauth_token(ana)
    assert ask(f"Bearer {secret}").status_code == 200
    assert ask(query=f"?access_token={secret}").status_code == 200
    form = Client().post(
        "/api/stages/new", f"name=B&access_token={secret}", content_type="application/x-www-form-urlencoded"
    )
    assert form.json()["stage"]["createdByUser"] == "Ana Silva"


def test_an_application_by_itself_is_whom_it_belongs_to(marketer: TeamMember) -> None:
    application = Application.objects.create(name="Sync", user=marketer)
    secret = oauth_token(None, application)
    response = Client().post("/api/stages/new", {"name": "B"}, headers={"Authorization": f"Bearer {secret}"})
    assert response.json()["stage"]["createdBy"] == marketer.pk
    TeamMember.objects.filter(pk=marketer.pk).update(is_active=False)
    assert ask(f"Bearer {secret}").json() == INVALID


def test_an_application_of_nobody_opens_nothing(db: None) -> None:
    assert ask(f"Bearer {oauth_token(None, Application.objects.create(name='Sync'))}").json() == INVALID
    AccessToken.objects.all().delete()
    assert ask(f"Bearer {oauth_token(None)}").json() == INVALID


def test_an_expired_oauth2_token_says_so(ana: TeamMember) -> None:
    assert ask(f"Bearer {oauth_token(ana, expires=timezone.now())}").json() == EXPIRED


@pytest.mark.parametrize(("scope", "code"), [("read", 403), ("write", 201), ("admin read", 201), ("", 403), ("x", 403)])
def test_the_scope_of_an_oauth2_token_counts(ana: TeamMember, scope: str, code: int) -> None:
    secret = oauth_token(ana, scope=scope)
    response = Client().post("/api/stages/new", {"name": "B"}, headers={"Authorization": f"Bearer {secret}"})
    assert response.status_code == code
