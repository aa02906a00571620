"""Who calls `/api/v1`, how often, and what becomes of a request that is sent twice."""

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, set_token_value
from pytest_django.live_server_helper import LiveServer

from config.api.v1.resources import api
from config.team.actions import revoke_token
from config.team.calls import actions as calls
from config.team.models import ApiToken, ApiUse, KeptAnswer, TeamMember
from config.team.roles import Role
from config.team.tasks import forget_old_answers
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact, Label
from journeys.book.actions import erase_contacts
from journeys.review.models import Review
from journeys.rules.models import FunnelSettings, LabelRule
from journeys.runs.models import Run, RunPreview
from journeys.runs.operations import Act, Operation
from journeys.segments.models import Segment
from journeys.status.actions import change_status
from journeys.status.models import StatusChange
from stages.models import Stage
from tests.api.application import Application
from tests.api.test_v1_status import problem
from tests.elsewhere import at_once, elsewhere
from tests.factories import LabelFactory, TeamMemberFactory, contact_in
from tests.heart import assert_explained, last_change, moves

NEEDS = {
    **dict.fromkeys(
        [
            *("list_contacts", "get_contact", "get_status", "list_history", "list_labels", "get_run", "list_rules"),
            *("get_funnel", "get_flows", "get_default_status", "list_segments", "add_segment"),
            *("get_segment", "list_contacts_of_segment"),
        ],
        Role.VIEWER,
    ),
    **dict.fromkeys(
        [
            *("add_contact", "change_contact", "set_status", "put_on", "take_off", "move_batch", "undo_run"),
            "cancel_run",
        ],
        Role.OPERATOR,
    ),
    **dict.fromkeys(
        [
            *("add_label", "keep_rule", "preview_rule", "run_rule", "set_default_status", "list_reviews"),
            *("keep_review", "revert_review"),
        ],
        Role.MARKETER,
    ),
}
"""The weakest role that may, by the name of the operation."""

BODIES: dict[str, Any] = {
    "add_contact": {"email": "bo@example.com"},
    "set_status": {"stage": "Customer"},
    "move_batch": {"contacts": [{"email": "ana@example.com"}], "lost": True},
    "add_label": {"name": "new"},
    "add_segment": {"name": "new", "conditions": [[{"field": "status", "operator": "is", "place": "any"}]]},
    "keep_rule": {"label": "vip", "stage": "Customer"},
    "preview_rule": {"label": "vip", "stage": "Customer"},
    "set_default_status": {"stage": "Customer"},
    "change_contact": {"city": "Oslo"},
}


@pytest.fixture
def things(aware: Stage, customer: Stage, administrator: TeamMember) -> dict[str, int | str]:
    label = LabelFactory(name="vip")
    rule = LabelRule.objects.create(label=label, stage=customer, created_by=administrator)
    contact = contact_in(aware, email="ana@example.com")
    lose = Operation(Act.MARK_LOST, Cause.BULK).as_json()
    run = Run.objects.create(kind=Run.Kind.BULK, words="Nothing", operation=lose, started_by=administrator)
    flagged = contact_in(customer, cause=Cause.API)
    change_status(contacts=[flagged.pk], to=aware, cause=Cause.API, by=administrator)
    change = last_change(flagged).pk
    segment = Segment.objects.create(name="Quiet", owner=administrator, is_for_all=True).pk
    numbers = {"contact": contact.pk, "rule": rule.pk, "run": run.pk, "change": change, "segment": segment}
    return {**numbers, "label": "vip"}


def operations() -> Iterator[tuple[str, str, str]]:
    """Method, path and name of every operation."""
    for path, methods in api.schema["paths"].items():
        for method, one in methods.items():
            yield method.upper(), path.removeprefix("/api"), one["operationId"]


WRITTEN = (Contact, StatusChange, Label, CarriedLabel, Run, RunPreview, LabelRule, Review, Segment, FunnelSettings)


def written() -> list[list[dict]]:
    return [list(model._default_manager.order_by("pk").values()) for model in WRITTEN]


def call_all(application: Application, things: dict) -> dict[str, int]:
    """The status of every operation by its name; each is taken back. Whoever may not wrote and learned nothing."""
    found = {}
    before = written()
    for method, path, name in operations():
        query = "?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z" if name == "get_flows" else ""
        with transaction.atomic():
            response = application.call(method, path.format(**things) + query, BODIES.get(name))
            if response.status_code in (401, 403):
                assert (name, written()) == (name, before)
                assert "ana@example.com" not in response.text
            transaction.set_rollback(True)
        found[name] = response.status_code
        if response.status_code >= 400:
            problem(response)
    return found


# Tokens


def test_every_operation_has_its_role(things) -> None:
    assert {name for _, _, name in operations()} == NEEDS.keys()


@pytest.mark.parametrize("role", [Role.NONE, Role.VIEWER, Role.OPERATOR, Role.MARKETER, Role.ADMINISTRATOR])
@pytest.mark.parametrize("scope", list(ApiToken.Scope))
def test_a_token_may_what_both_its_scope_and_its_owner_may(things, role: Role, scope: ApiToken.Scope) -> None:
    member = TeamMemberFactory(role=role) if role else TeamMemberFactory()
    worth = {"read": Role.VIEWER, "write": Role.MARKETER, "admin": Role.ADMINISTRATOR}[scope]
    found = call_all(Application(member, scope=scope), things)
    refused = {name for name, needed in NEEDS.items() if min(role, worth) < needed}
    refused |= {"add_segment"} if scope == ApiToken.Scope.READ else set()
    assert {name for name, status in found.items() if status == 403} == refused
    assert {status for name, status in found.items() if status != 403} <= {200, 201, 202, 409}


def test_what_opens_nothing_opens_nothing(things, administrator: TeamMember) -> None:
    application = Application(administrator)
    secret = application.headers["Authorization"].removeprefix("Bearer ")
    assert application.token is not None
    assert set(call_all(Application(None), things).values()) == {401}
    for header in ("", "Bearer", "Bearer ", f"Bearer {secret}x", f"Token {secret}", "Bearer fb_x", "Bearer \xff"):
        application.headers["Authorization"] = header
        assert set(call_all(application, things).values()) == {401}
    application.headers = {}
    assert application.get(f"/v1/contacts?access_token={secret}").status_code == 401
    cookie = Client()
    cookie.force_login(administrator, backend="config.team.backends.RoleBackend")
    assert cookie.get("/api/v1/contacts").status_code == 401
    application.headers["Authorization"] = "Basic YW5hOmI="
    response = application.get("/v1/contacts")
    assert response["WWW-Authenticate"] == 'Bearer realm="Funnelbook"'
    assert response.status_code == 401


@pytest.mark.parametrize("how", ["revoked", "expired", "of somebody deactivated"])
def test_a_token_that_is_no_longer_good(things, administrator: TeamMember, how: str) -> None:
    application = Application(administrator)
    assert application.token is not None
    if how == "revoked":
        revoke_token(token=application.token, by=administrator)
    elif how == "expired":
        ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        TeamMember.objects.filter(pk=administrator.pk).update(is_active=False)
    assert set(call_all(application, things).values()) == {401}
    assert problem(application.get("/v1/contacts"))[1] == "unknown_caller"


@pytest.mark.parametrize(("scope", "status"), [("read", 403), ("write", 200), ("", 403), ("x", 403)])
def test_an_oauth2_token_goes_by_its_scope(things, administrator: TeamMember, scope: str, status: int) -> None:
    token = AccessToken(user=administrator, scope=scope, expires=timezone.now() + timedelta(hours=1))
    set_token_value(token, "an-oauth2-token")
    token.save()
    application = Application(None)
    application.headers["Authorization"] = "Bearer an-oauth2-token"
    response = application.put(f"/v1/contacts/{things['contact']}/status", {"stage": "Customer"})
    assert response.status_code == status
    assert len(moves(things["contact"])) == (2 if status == 200 else 1)


def test_no_secret_is_in_the_database_or_the_log(
    things, administrator: TeamMember, caplog: pytest.LogCaptureFixture
) -> None:
    application = Application(administrator)
    secret = application.headers["Authorization"].removeprefix("Bearer ")
    application.call("POST", "/v1/contacts", {"email": "bo@example.com"}, **{"Idempotency-Key": "a-key-of-mine"})
    application.get("/v1/nope")
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s OR t::text LIKE %s',
                           [f"%{secret[12:]}%", "%a-key-of-mine%"])  # fmt: skip
            assert (table, cursor.fetchone()[0]) == (table, 0)
    assert secret not in caplog.text


# Paths and methods


def test_another_method_and_another_path_are_problems_too(things, administrator: TeamMember) -> None:
    application = Application(administrator)
    other = application.delete("/v1/contacts")
    assert problem(other)[:2] == (405, "other_method")
    assert set(other["Allow"].split(", ")) == {"GET", "POST"}
    assert problem(application.get("/v1/contacts/"))[:2] == (404, "not_found")
    assert problem(application.get("/v1"))[:2] == (404, "not_found")
    assert problem(application.get("/v1/contacts/-1"))[:2] == (404, "not_found")
    assert problem(application.get("/v1/contacts/9223372036854775808"))[:2] == (422, "invalid")
    assert application.get("/stages").json()["total"] == 5  # Mautic's clients are answered as before


# How often


def test_too_many_requests_within_a_minute_have_to_wait(things, administrator: TeamMember, settings: Any) -> None:
    settings.API_REQUESTS_A_MINUTE = 3
    application, other = Application(administrator), Application(administrator)
    used = [application.get("/v1/default-status").status_code for _ in range(3)]
    ApiUse.objects.update(minute=timezone.now().replace(second=0, microsecond=0))
    response = application.put(f"/v1/contacts/{things['contact']}/status", {"stage": "Customer"})
    assert used == [200] * 3
    assert problem(response)[:2] == (429, "too_many_requests")
    assert 1 <= int(response["Retry-After"]) <= 60
    assert moves(things["contact"]) == ["outside > Aware"]
    assert other.get("/v1/default-status").status_code == 200
    ApiUse.objects.update(minute=timezone.now() - timedelta(minutes=1))
    assert application.get("/v1/default-status").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_limit_holds_across_connections(administrator: TeamMember) -> None:
    def count() -> list[int | None]:
        return [calls.count_request(caller="token 7", at_most=20, by=administrator) for _ in range(10)]

    while timezone.now().second > 50:  # all within one minute
        connection.ensure_connection()
    waits = [wait for found in at_once(*[count] * 4) for wait in found]
    assert sum(wait is None for wait in waits) == 20
    assert ApiUse.objects.get().requests == 40


# Sent twice


def post(application: Application, key: str, said: Any, path: str = "/v1/contacts") -> HttpResponse:
    return application.call("POST", path, said, **{"Idempotency-Key": key})


def test_the_same_key_and_body_are_answered_the_same_and_done_once(things, administrator: TeamMember) -> None:
    application = Application(administrator)
    said = {"email": "bo@example.com"}
    first, again = post(application, "k-1", said), post(application, "k-1", said)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.content, again["Location"]) == (first.content, first["Location"])
    assert Contact.objects.filter(email="bo@example.com").count() == 1
    assert KeptAnswer.objects.count() == 1


def test_another_body_another_path_and_another_token(things, administrator: TeamMember) -> None:
    application, other = Application(administrator), Application(administrator)
    post(application, "k-1", {"email": "bo@example.com"})
    for said, path in (({"email": "cy@example.com"}, "/v1/contacts"), ({"name": "new"}, "/v1/labels")):
        assert problem(post(application, "k-1", said, path))[:2] == (422, "key_reused")
    assert Contact.objects.filter(email="cy@example.com").count() == 0
    assert post(other, "k-1", {"email": "cy@example.com"}).status_code == 201


def test_what_was_refused_is_not_kept_and_may_be_sent_again(things, administrator: TeamMember) -> None:
    application = Application(administrator)
    said = {"email": "ana@example.com"}
    assert problem(post(application, "k-1", said))[:2] == (409, "taken")
    assert problem(post(application, "k-1", {"email": 7}))[:2] == (422, "invalid")
    assert KeptAnswer.objects.count() == 0
    erase_contacts(contacts=[int(things["contact"])], by=administrator)
    assert post(application, "k-1", said).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "ü", "a\tb"])
def test_a_key_that_is_none(things, administrator: TeamMember, key: str) -> None:
    response = post(Application(administrator), key, {"email": "bo@example.com"})
    assert problem(response)[:2] == (422, "invalid")
    assert not Contact.objects.filter(email="bo@example.com").exists()


def test_a_run_is_started_once_for_its_key(things, administrator: TeamMember) -> None:
    application = Application(administrator)
    said = {"contacts": [{"id": things["contact"]}], "stage": "Customer"}
    first, again = (post(application, "k-1", said, "/v1/status/batch") for _ in range(2))
    assert (first.status_code, first.content) == (202, again.content)
    assert Run.objects.exclude(pk=things["run"]).count() == 1
    assert moves(int(things["contact"])) == ["outside > Aware", "Aware > Customer"]


def test_erasing_takes_the_words_of_what_was_answered(things, administrator: TeamMember) -> None:
    application = Application(administrator)
    said = {"email": "bo@example.com", "first_name": "Bo"}
    contact = post(application, "k-1", said).json()["id"]
    assert "bo@example.com" in (KeptAnswer.objects.get().answer or "")
    erase_contacts(contacts=[contact], by=administrator)
    assert KeptAnswer.objects.get().answer is None
    assert problem(post(application, "k-1", said))[:2] == (410, "erased")
    assert not Contact.objects.filter(email="bo@example.com").exists()


def test_answers_are_forgotten_after_a_day(things, administrator: TeamMember) -> None:
    application = Application(administrator)
    for key in ("old", "new"):
        post(application, key, {"name": key}, "/v1/labels")
    old = KeptAnswer.objects.order_by("pk").first()
    assert old is not None
    KeptAnswer.objects.filter(pk=old.pk).update(answered_at=timezone.now() - timedelta(days=1, seconds=1))
    forget_old_answers(timestamp=0)
    assert list(KeptAnswer.objects.values_list("pk", flat=True)) == [old.pk + 1]
    assert problem(post(application, "old", {"name": "old"}, "/v1/labels"))[:2] == (409, "taken")


@pytest.mark.django_db(transaction=True)
def test_the_same_request_while_the_first_is_not_answered_yet(administrator: TeamMember) -> None:
    application = Application(administrator)
    assert application.token is not None
    with elsewhere() as there:
        there.begin()
        first = {"caller": f"token {application.token.pk}", "key": "k-1", "request": b"", "by": administrator}
        there.do(calls.answer_kept, **first).result()
        response = post(application, "k-1", {"email": "bo@example.com"})
        assert (problem(response)[:2], response["Retry-After"]) == ((409, "in_progress"), "1")
        assert Contact.objects.count() == 0
        there.commit()
    assert post(application, "k-1", {"email": "bo@example.com"}).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_200_keys_sent_by_five_at_once_have_one_effect_each(administrator: TeamMember) -> None:
    application = Application(administrator)

    def send() -> list[int]:
        codes = []
        for number in range(200):
            while True:
                code = post(application, f"k-{number}", {"external_id": f"c-{number}"}).status_code
                if code != 409:
                    break
            codes.append(code)
        return codes

    answered = at_once(*[send] * 5)
    assert answered == [[201] * 200] * 5
    assert Contact.objects.count() == 200
    assert StatusChange.objects.count() == 200
    assert KeptAnswer.objects.count() == 200


def test_50_callers_move_one_contact_2000_times_and_each_change_is_in_history_in_order(
    live_server: LiveServer, administrator: TeamMember, aware: Stage, customer: Stage
) -> None:
    contact = contact_in(aware, cause=Cause.API)
    headers = {**Application(administrator).headers, "Content-Type": "application/json"}
    address, stages = urlsplit(live_server.url), [aware.pk, customer.pk]
    live_server.thread.httpd.socket.listen(50)  # all come at once, and Django lets ten wait

    def move(number: int) -> list[dict[str, Any]]:
        caller = http.client.HTTPConnection(address.hostname or "", address.port, timeout=300)
        answers = []
        for turn in range(40):
            said = json.dumps({"stage": stages[(number + turn) % 2]})
            caller.request("PUT", f"/api/v1/contacts/{contact.pk}/status", said, headers)
            response = caller.getresponse()
            answers.append(json.loads(response.read()))
            assert response.status == 200, answers[-1]
        caller.close()
        return answers

    with ThreadPoolExecutor(max_workers=50) as callers:
        acknowledged = [answer for answers in callers.map(move, range(50)) for answer in answers]
    changes = sorted(answer["change"] for answer in acknowledged if answer["changed"])
    history = list(StatusChange.objects.filter(contact=contact.pk))
    assert len(acknowledged) == 2000
    assert changes == [row.pk for row in history[1:]]
    assert [row.signature for row in history] == list(range(1, len(history) + 1))
    for before, row in pairwise(history):
        assert (row.from_stage_id, row.changed_at >= before.changed_at) == (before.to_stage_id, True)
    assert_explained()
