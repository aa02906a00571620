"""Every route and every role: what each of them gets. A route without a row in the table fails here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from oauth2_provider.models import Application

from config.team.actions import create_token
from config.team.links.actions import invite, make_password_link
from config.team.models import ApiToken, TeamMember
from config.team.roles import Role
from contacts.causes import Cause
from contacts.models import Attribute, CarriedLabel, Contact
from journeys.campaigns.actions import create_campaign
from journeys.campaigns.models import CampaignStep
from journeys.rules.models import LabelRule
from journeys.runs.actions import make_preview, start_run, work_on_run
from journeys.runs.models import Run, RunPreview
from journeys.runs.operations import Act, Operation, Selection
from journeys.segments.actions import create_segment
from journeys.segments.conditions import Condition, Conditions, Operator, Place
from journeys.segments.models import Segment
from journeys.status.actions import change_status
from journeys.status.models import LostReason, StatusChange
from journeys.webhooks.actions import send_test
from stages.models import Category, Stage
from tests.factories import LabelFactory, TeamMemberFactory, contact_in
from tests.fixtures.people import signed_in_client
from tests.journeys.telling import webhook_at
from tests.journeys.web_forms import web_form_asking
from tests.journeys.wizard import checked, imported

REDIRECT, REFUSED, NO_SUCH_METHOD, WRONG, STALE = 302, 403, 405, 422, 409
BAD, UNKNOWN, NOT_THERE, GONE = 400, 401, 404, 410


@dataclass(frozen=True)
class Row:
    """What a route answers to a GET, and to a POST that says nothing.

    `needs` is the role that gets these; weaker ones get 403, and who is not signed in is sent to sign in.
    `anybody` is what those get who are not signed in, where that is something else. `reads` is the role that a GET
    needs, where `needs` is about this one thing. `for_applications` answers no cookie, and neither does the public page
    of a web form: what they do with a token is tested in `tests/api`, and in `test_public_web_form_screen.py`.
    """

    needs: Role
    get: int = 200
    post: int = NO_SUCH_METHOD
    args: tuple[str, ...] = ()
    anybody: tuple[int, int] | None = None
    reads: Role | None = None
    for_applications: bool = False


def of_api(*args: str, answer: int = UNKNOWN) -> Row:
    """A route of the API: whoever is signed in in a browser is nobody there."""
    return Row(Role.NONE, answer, answer, args, anybody=(answer, answer), for_applications=True)


V, O, M, A, ANY = Role.VIEWER, Role.OPERATOR, Role.MARKETER, Role.ADMINISTRATOR, Role.NONE  # noqa: E741

TABLE = {
    # signing in and out, one's own account
    "team:sign_in": Row(ANY, REDIRECT, REDIRECT, anybody=(200, WRONG)),
    "team:sign_out": Row(ANY, 200, REDIRECT, anybody=(200, REDIRECT)),
    "team:my_account": Row(ANY, 200, 200),
    "team:theme": Row(ANY, NO_SUCH_METHOD, REDIRECT),
    "team:api_reference": Row(ANY, 200, anybody=(200, NO_SUCH_METHOD)),
    "team:organisation": Row(A, 200, WRONG),
    # links that let somebody in once
    "journeys:first_run": Row(ANY, GONE, GONE, ("invitation",), anybody=(GONE, GONE)),
    "team:invitation": Row(ANY, 200, WRONG, ("invitation",), anybody=(200, WRONG)),
    "team:another_password": Row(ANY, 200, WRONG, ("password",), anybody=(200, WRONG)),
    "team:forgotten_password": Row(ANY, 200, 200, anybody=(200, 200)),
    # the funnel
    "journeys:customer_journey": Row(V),
    "journeys:status_history": Row(V),
    "journeys:reports": Row(V),
    "journeys:ins_and_outs": Row(V),
    "journeys:compare": Row(V),
    "journeys:trend": Row(V),
    "journeys:flows": Row(V),
    "journeys:conversion": Row(V),
    "journeys:time_in_stage": Row(V),
    "journeys:lost_contacts": Row(V),
    "journeys:stuck": Row(V),
    "journeys:report_contacts": Row(V, NOT_THERE),
    "journeys:report_notes": Row(V),
    "stages:stages": Row(V),
    "stages:stage": Row(V, args=("stage",)),
    "stages:new_stage": Row(M, 200, WRONG),
    "stages:edit_stage": Row(M, 200, WRONG, ("stage",)),
    "journeys:retire_stage": Row(M, 200, WRONG, ("stage",)),
    "journeys:merge_stage": Row(M, 200, WRONG, ("stage",)),
    "stages:move_stage": Row(M, NO_SUCH_METHOD, REDIRECT, ("stage",)),
    "stages:move_stage_up": Row(M, NO_SUCH_METHOD, REDIRECT, ("stage",)),
    "stages:move_stage_down": Row(M, NO_SUCH_METHOD, REDIRECT, ("stage",)),
    # contacts
    "contacts:contacts": Row(V),
    "contacts:contact": Row(V, args=("contact",)),
    "contacts:new_contact": Row(O, 200, WRONG),
    "contacts:edit_contact": Row(O, 200, WRONG, ("contact",)),
    "contacts:erase_contact": Row(A, 200, WRONG, ("contact",)),
    "contacts:put_on_label": Row(O, NO_SUCH_METHOD, REDIRECT, ("contact",)),
    "contacts:take_off_label": Row(O, NO_SUCH_METHOD, REDIRECT, ("contact",)),
    "contacts:keep_columns": Row(V, NO_SUCH_METHOD, REDIRECT),
    "contacts:labels": Row(V),
    "contacts:label": Row(V, args=("label",)),
    "contacts:merge_label": Row(M, 200, WRONG, ("label",)),
    "contacts:delete_label": Row(M, 200, REDIRECT, ("label",)),
    "contacts:new_label": Row(M, 200, WRONG),
    "contacts:edit_label": Row(M, 200, WRONG, ("label",)),
    # campaigns
    "journeys:campaigns": Row(M),
    "journeys:new_campaign": Row(M, 200, WRONG),
    "journeys:campaign": Row(M, args=("campaign",)),
    "journeys:edit_campaign": Row(M, 200, WRONG, ("campaign",)),
    "journeys:activate_campaign": Row(M, NO_SUCH_METHOD, REDIRECT, ("campaign",)),
    "journeys:pause_campaign": Row(M, NO_SUCH_METHOD, REDIRECT, ("campaign",)),
    "journeys:end_campaign": Row(M, 200, REDIRECT, ("campaign",)),
    "journeys:clone_campaign": Row(M, NO_SUCH_METHOD, REDIRECT, ("campaign",)),
    "journeys:delete_campaign": Row(M, NO_SUCH_METHOD, REDIRECT, ("campaign",)),
    "journeys:new_step": Row(M, 200, 200, ("campaign",)),
    "journeys:edit_step": Row(M, 200, WRONG, ("step",)),
    "journeys:remove_step": Row(M, 200, REDIRECT, ("step",)),
    "journeys:move_step_up": Row(M, NO_SUCH_METHOD, REDIRECT, ("step",)),
    "journeys:move_step_down": Row(M, NO_SUCH_METHOD, REDIRECT, ("step",)),
    "journeys:campaign_contacts": Row(M, args=("campaign",)),
    "journeys:add_to_campaign": Row(M, 200, WRONG, ("campaign",)),
    "journeys:step_contacts": Row(M, args=("step",)),
    "journeys:campaign_log": Row(M, args=("campaign", "contact")),
    "journeys:remove_from_campaign": Row(M, NO_SUCH_METHOD, REDIRECT, ("campaign", "contact")),
    # segments
    "journeys:segments": Row(V),
    "journeys:segment_counts": Row(V),
    "journeys:segment": Row(V, args=("segment",)),
    "journeys:new_segment": Row(V, 200, WRONG),
    "journeys:edit_segment": Row(M, 200, WRONG, ("segment",)),  # for everybody
    "journeys:delete_segment": Row(M, NO_SUCH_METHOD, REDIRECT, ("segment",), reads=V),  # for everybody
    "journeys:search": Row(V),
    # web forms; those of the public are protected by a token of the page, since a frame has no cookie
    "journeys:web_forms": Row(V),
    "journeys:web_form": Row(V, args=("web_form",)),
    "journeys:new_web_form": Row(M, 200, WRONG),
    "journeys:edit_web_form": Row(M, 200, WRONG, ("web_form",)),
    "journeys:open_web_form": Row(M, NO_SUCH_METHOD, REDIRECT, ("web_form",)),
    "journeys:close_web_form": Row(M, NO_SUCH_METHOD, REDIRECT, ("web_form",)),
    "journeys:delete_web_form": Row(M, 200, REDIRECT, ("web_form",)),
    "journeys:public_web_form": Row(ANY, 200, WRONG, ("slug",), anybody=(200, WRONG), for_applications=True),
    "journeys:embedded_web_form": Row(ANY, 200, WRONG, ("slug",), anybody=(200, WRONG), for_applications=True),
    # moving one contact
    "journeys:change_status": Row(O, 200, WRONG, ("contact",)),
    "journeys:mark_lost": Row(O, 200, WRONG, ("contact",)),
    "journeys:recover": Row(O, 200, WRONG, ("lost",)),
    "journeys:undo_change": Row(O, NO_SUCH_METHOD, REDIRECT, ("change",)),
    "journeys:return_to_status": Row(O, NO_SUCH_METHOD, REDIRECT, ("change",)),
    # moving many
    "journeys:bulk_change": Row(O, 200, WRONG),
    "journeys:export_contacts": Row(M, 200, WRONG),
    "journeys:exports": Row(A),
    "journeys:retention": Row(A, 200, WRONG),
    "journeys:runs": Row(V),
    "journeys:runs_going": Row(V),
    "journeys:run": Row(V, args=("run",)),
    "journeys:run_csv": Row(M, args=("run",)),
    "journeys:cancel_run": Row(O, NO_SUCH_METHOD, REDIRECT, ("run",)),
    "journeys:continue_run": Row(O, NO_SUCH_METHOD, REDIRECT, ("run",)),
    "journeys:undo_run": Row(O, NO_SUCH_METHOD, REDIRECT, ("run",)),
    "journeys:preview": Row(O, args=("preview",)),
    "journeys:preview_contacts": Row(O, 404, args=("preview",)),
    "journeys:start_run": Row(O, NO_SUCH_METHOD, REDIRECT, ("preview",)),
    "journeys:review": Row(M),
    "journeys:keep_flagged": Row(M, NO_SUCH_METHOD, REDIRECT),
    "journeys:revert_flagged": Row(M, NO_SUCH_METHOD, REDIRECT),
    "journeys:always_keep": Row(M, NO_SUCH_METHOD, REDIRECT, ("token",)),
    "journeys:keep_no_longer": Row(M, NO_SUCH_METHOD, REDIRECT, ("token",)),
    # imports
    "journeys:imports": Row(M),
    "journeys:new_import": Row(M, 200, WRONG),
    "journeys:import_columns": Row(M, 200, WRONG, ("import",)),
    "journeys:read_import_again": Row(M, NO_SUCH_METHOD, REDIRECT, ("import",)),
    "journeys:import_options": Row(M, 200, WRONG, ("import",)),
    "journeys:import_check": Row(M, 200, REDIRECT, ("import",)),
    "journeys:start_import": Row(M, NO_SUCH_METHOD, REDIRECT, ("import",)),
    "journeys:import_result": Row(M, args=("imported",)),
    "journeys:cancel_import": Row(M, NO_SUCH_METHOD, REDIRECT, ("import",)),
    "journeys:undo_import": Row(M, 200, REDIRECT, ("imported",)),
    "journeys:forget_import": Row(M, NO_SUCH_METHOD, REDIRECT, ("import",)),
    "journeys:refused_rows": Row(M, args=("import",)),
    # Manage Funnel
    "journeys:manage_funnel": Row(M, 200, WRONG),
    "journeys:keep_label_rule": Row(M, NO_SUCH_METHOD, WRONG),
    "journeys:preview_label_rule": Row(M, NO_SUCH_METHOD, REDIRECT, ("rule",)),
    "journeys:forget_label_rule": Row(M, NO_SUCH_METHOD, REDIRECT, ("rule",)),
    "journeys:use_default_stage": Row(M, NO_SUCH_METHOD, WRONG),
    "journeys:give_default": Row(M, NO_SUCH_METHOD, REDIRECT),
    "journeys:set_movement_rules": Row(A, NO_SUCH_METHOD, WRONG),
    "journeys:use_movement_preset": Row(A, NO_SUCH_METHOD, WRONG),
    # settings
    "journeys:lost_reasons": Row(M, 200, WRONG),
    "journeys:lost_reason_required": Row(M, NO_SUCH_METHOD, WRONG),
    "journeys:rename_lost_reason": Row(M, 200, WRONG, ("reason",)),
    "journeys:move_lost_reason_up": Row(M, NO_SUCH_METHOD, REDIRECT, ("reason",)),
    "journeys:move_lost_reason_down": Row(M, NO_SUCH_METHOD, REDIRECT, ("reason",)),
    "journeys:retire_lost_reason": Row(M, NO_SUCH_METHOD, REDIRECT, ("reason",)),
    "journeys:use_lost_reason_again": Row(M, NO_SUCH_METHOD, REDIRECT, ("reason",)),
    "journeys:checks": Row(A, 200, REDIRECT),
    "journeys:health": Row(A),
    "stages:categories": Row(M),
    "stages:new_category": Row(M, 200, WRONG),
    "stages:edit_category": Row(M, 200, WRONG, ("category",)),
    "stages:delete_category": Row(M, NO_SUCH_METHOD, REDIRECT, ("category",)),
    "team:team": Row(A),
    "team:invite": Row(A, 200, WRONG),
    "team:withdraw_invitation": Row(A, NO_SUCH_METHOD, REDIRECT, ("invited",)),
    "team:edit_member": Row(A, 200, WRONG, ("member",)),
    "team:deactivate_member": Row(A, NO_SUCH_METHOD, REDIRECT, ("member",)),
    "team:reactivate_member": Row(A, NO_SUCH_METHOD, REDIRECT, ("member",)),
    "team:new_password_link": Row(A, 200, 200, ("member",)),
    "team:email": Row(A),
    "team:send_test_mail": Row(A, NO_SUCH_METHOD, REDIRECT),
    "team:tokens": Row(V),
    "team:new_token": Row(V, 200, WRONG),
    "team:revoke_token": Row(A, NO_SUCH_METHOD, REDIRECT, ("token",), reads=V),  # somebody else's
    "team:applications": Row(A),
    "team:new_application": Row(A, 200, WRONG),
    "team:remove_application": Row(A, NO_SUCH_METHOD, REDIRECT, ("application",)),
    "team:authorize": Row(V, BAD, 200),
    "journeys:webhooks": Row(A),
    "journeys:new_webhook": Row(A, 200, WRONG),
    "journeys:webhook": Row(A, args=("webhook",)),
    "journeys:edit_webhook": Row(A, 200, WRONG, ("webhook",)),
    "journeys:rotate_secret": Row(A, 200, 200, ("webhook",)),
    "journeys:send_test": Row(A, NO_SUCH_METHOD, REDIRECT, ("webhook",)),
    "journeys:turn_webhook_on": Row(A, NO_SUCH_METHOD, REDIRECT, ("webhook",)),
    "journeys:turn_webhook_off": Row(A, NO_SUCH_METHOD, REDIRECT, ("webhook",)),
    "journeys:remove_webhook": Row(A, NO_SUCH_METHOD, REDIRECT, ("webhook",)),
    "journeys:redeliver_failed": Row(A, NO_SUCH_METHOD, WRONG, ("webhook",)),
    "journeys:delivery": Row(A, args=("delivery",)),
    "journeys:redeliver": Row(A, NO_SUCH_METHOD, REDIRECT, ("delivery",)),
    "contacts:attributes": Row(M),
    "contacts:new_attribute": Row(M, 200, WRONG),
    "contacts:edit_attribute": Row(M, 200, WRONG, ("attribute",)),
    "contacts:move_attribute_up": Row(M, NO_SUCH_METHOD, REDIRECT, ("attribute",)),
    "contacts:move_attribute_down": Row(M, NO_SUCH_METHOD, REDIRECT, ("attribute",)),
    "contacts:remove_attribute": Row(M, NO_SUCH_METHOD, REDIRECT, ("attribute",)),
    # what applications call
    "api:stages": of_api(),
    "api:new_stage": of_api(),
    "api:new_stages": of_api(),
    "api:edit_stages": of_api(),
    "api:delete_stages": of_api(),
    "api:stage": of_api("stage"),
    "api:edit_stage": of_api("stage"),
    "api:delete_stage": of_api("stage"),
    "api:add_contact": of_api("stage", "contact"),
    "api:remove_contact": of_api("stage", "contact"),
    "api:add_contact_formerly": of_api("stage", "contact"),
    "api:remove_contact_formerly": of_api("stage", "contact"),
    "api:contacts": of_api(),
    "api:new_contact": of_api(),
    "api:contact": of_api("contact"),
    "api:edit_contact": of_api("contact"),
    "api:delete_contact": of_api("contact"),
    "api:activity": of_api("contact"),
    "api:openapi": Row(ANY, 200, anybody=(200, NO_SUCH_METHOD)),
    "api:v1:contacts": of_api(),
    "api:v1:contact": of_api("contact"),
    "api:v1:status": of_api("contact"),
    "api:v1:status_history": of_api("contact"),
    "api:v1:labels": of_api(),
    "api:v1:label_of_contact": of_api("contact", "label"),
    "api:v1:batch": of_api(),
    "api:v1:run": of_api("run"),
    "api:v1:undo_run": of_api("run"),
    "api:v1:cancel_run": of_api("run"),
    "api:v1:label_rules": of_api(),
    "api:v1:preview_label_rule": of_api(),
    "api:v1:run_label_rule": of_api("rule"),
    "api:v1:funnel": of_api(),
    "api:v1:flows": of_api(),
    "api:v1:default_status": of_api(),
    "api:v1:segments": of_api(),
    "api:v1:segment": of_api("segment"),
    "api:v1:segment_contacts": of_api("segment"),
    "api:v1:reviews": of_api(),
    "api:v1:keep_review": of_api("change"),
    "api:v1:revert_review": of_api("change"),
    "api:no_such_path_of_v1": of_api(answer=NOT_THERE),
    "api:no_such_path": of_api(answer=NOT_THERE),
    "api:token": Row(ANY, NO_SUCH_METHOD, BAD, anybody=(NO_SUCH_METHOD, BAD), for_applications=True),
    # everything of the Django admin: see below
    "admin:*": Row(A),
}


def routes() -> Iterator[str]:
    """The name of every route with its namespaces; of one without a name, its pattern. The admin is one."""

    def below(resolver: URLResolver, namespaces: tuple[str, ...]) -> Iterator[str]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                yield from below(entry, (*namespaces, entry.namespace) if entry.namespace else namespaces)
            elif isinstance(entry, URLPattern):
                yield (
                    "admin:*"
                    if namespaces[:1] == ("admin",)
                    else ":".join((*namespaces, entry.name or str(entry.pattern)))
                )

    return below(get_resolver(), ())


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert set(routes()) == set(TABLE)


@dataclass
class World:
    """Things for routes to be about, by the words that rows use, and somebody of each role."""

    things: dict[str, int | str]
    people: dict[Role, TeamMember] = field(default_factory=dict)

    def address(self, name: str) -> str:
        return reverse(name, args=[self.things[word] for word in TABLE[name].args])


@pytest.fixture
def world(db: None, aware: Stage, customer: Stage) -> World:
    people = {role: TeamMemberFactory(name=role.label, role=role) for role in Role if role is not Role.NONE}
    people[Role.NONE] = TeamMemberFactory(name="None")
    operator = people[Role.OPERATOR]
    contact = contact_in(aware, by=operator)
    change_status(contacts=[contact.pk], to=customer, cause=Cause.MANUAL, by=operator)
    label = LabelFactory()
    CarriedLabel.objects.create(contact=contact, label=label)
    category = Category.objects.create(title="Sales", alias="sales")
    webhook, _ = webhook_at(by=people[A])
    invitation = invite(email="nia@example.org", role=Role.VIEWER, by=people[A])
    web_form = web_form_asking("email", by=people[M])
    return World(
        things={
            "contact": contact.pk,
            "change": StatusChange.objects.latest("id").pk,
            "lost": contact_in(customer, lost=True, by=operator).pk,
            "label": label.pk,
            "attribute": Attribute.objects.create(name="Plan", key="plan").pk,
            "reason": LostReason.objects.get(name="Unsubscribed").pk,
            "stage": customer.pk,
            "category": category.pk,
            "preview": _preview(contact, operator).pk,
            "run": _run(contact_in(aware), operator).pk,
            "import": checked("email,id\na@b.co,1\nnobody,2\n", people[Role.MARKETER]).pk,
            "imported": imported("email,id\nc@b.co,3\nnobody,2\n", people[Role.MARKETER]).pk,
            "segment": _segment(customer, people[Role.MARKETER]).pk,
            "campaign": (step := _step(customer, people[Role.MARKETER])).campaign_id,
            "step": step.pk,
            "rule": LabelRule.objects.create(label=label, stage=customer, created_by=people[Role.MARKETER]).pk,
            "invitation": invitation.secret,
            "invited": invitation.pk,
            "password": make_password_link(member=operator, by=people[A]).secret,
            "member": operator.pk,
            "token": create_token(name="Sync", scope=ApiToken.Scope.READ, expires_at=None, by=people[A])[0].pk,
            "application": Application.objects.create(name="Sync").pk,
            "web_form": web_form.pk,
            "slug": web_form.slug,
            "webhook": webhook.pk,
            "delivery": send_test(webhook=webhook, by=people[A]).pk,
        },
        people=people,
    )


def _segment(stage: Stage, by: TeamMember) -> Segment:
    conditions = Conditions(((Condition("status", Operator.IS, place=Place(str(stage.pk))),),))
    return create_segment(name="Customers", conditions=conditions, is_for_all=True, by=by)


def _step(stage: Stage, by: TeamMember) -> CampaignStep:
    """The one step of a draft."""
    campaign = create_campaign(values={"name": "Win-back"}, by=by)
    return CampaignStep.objects.create(campaign=campaign, kind=CampaignStep.Kind.CHANGE_STAGE, name="On", stage=stage)


def _preview(contact: Contact, by: TeamMember) -> RunPreview:
    lose = Operation(Act.MARK_LOST, Cause.BULK)
    return make_preview(operation=lose, selection=Selection(contacts=(contact.pk,)), by=by)


def _run(contact: Contact, by: TeamMember) -> Run:
    """One that marked a contact lost, at its end."""
    run = start_run(preview=_preview(contact, by), by=by)
    work_on_run(run=run.pk, seconds=60)
    return run


OURS = ("team", "oauth2_provider", "stages", "contacts", "journeys", "auth", "admin")


def written() -> dict[str, str]:
    """A fingerprint of every table of ours. Signing in is left out: it writes when it was."""
    fingerprints = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = connection.ops.quote_name(model._meta.db_table)
            if model._meta.app_label in OURS:
                cursor.execute(f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t")
                fingerprints[table] = cursor.fetchone()[0]
    return fingerprints


def signed_in(member: TeamMember | None, *, with_csrf_checks: bool = False) -> Client:
    options = {"enforce_csrf_checks": with_csrf_checks, "raise_request_exception": False}
    return signed_in_client(member, **options) if member else Client(**options)


def outcome(response: HttpResponse) -> int:
    return response.status_code


def posted(client: Client, address: str) -> HttpResponse:
    """The answer to a POST, taken back at once."""
    with transaction.atomic():
        response = client.post(address, {"said": "nothing"})
        transaction.set_rollback(True)
    return response


ROUTES = [name for name in TABLE if name != "admin:*"]


@pytest.mark.parametrize("name", ROUTES)
def test_each_role_gets_what_the_table_says(world: World, name: str) -> None:
    row, address = TABLE[name], world.address(name)
    expected, found = {}, {}
    for role in Role:
        may_read = role >= (row.needs if row.reads is None else row.reads)
        expected[role.label] = (row.get if may_read else REFUSED, row.post if role >= row.needs else REFUSED)
        client = signed_in(world.people[role])
        found[role.label] = (outcome(client.get(address)), outcome(posted(client, address)))
    assert found == expected


@pytest.mark.parametrize("name", ROUTES)
def test_who_is_not_signed_in_is_asked_to(world: World, name: str) -> None:
    row, address = TABLE[name], world.address(name)
    client = signed_in(None)
    got, sent = client.get(address), posted(client, address)
    if row.anybody:
        assert (got.status_code, sent.status_code) == row.anybody
        return
    for response in (got, sent):
        assert response.status_code == REDIRECT
        assert urlsplit(response["Location"]).path == reverse("team:sign_in")


@pytest.mark.parametrize("name", ROUTES)
def test_a_get_writes_nothing(world: World, name: str) -> None:
    clients = [signed_in(None), signed_in(world.people[Role.ADMINISTRATOR])]
    before = written()
    for client in clients:
        client.get(world.address(name))
        client.head(world.address(name))
        client.get(world.address(name), headers={"HX-Request": "true", "HX-Target": "dialog"})
    assert written() == before


@pytest.mark.parametrize("name", ROUTES)
def test_a_post_without_its_token_is_refused_and_writes_nothing(world: World, name: str) -> None:
    client = signed_in(world.people[Role.ADMINISTRATOR], with_csrf_checks=True)
    before = written()
    response = client.post(world.address(name), {"name": "Mine", "required": "yes"})
    if TABLE[name].for_applications:
        assert response.status_code == TABLE[name].post
    else:
        assert response.status_code == REFUSED
        assert "This page was open for too long." in response.text
    assert written() == before


def admin_addresses() -> dict[str, Callable[[], str]]:
    """Every page of the admin, ready to be asked for once there are things to show."""
    addresses: dict[str, Callable[[], str]] = {
        name: lambda name=name: reverse(f"admin:{name}") for name in ("index", "login", "password_change", "jsi18n")
    }
    addresses["autocomplete"] = lambda: reverse("admin:autocomplete")
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        addresses[f"{name} list"] = lambda name=name: reverse(f"admin:{name}_changelist")
        addresses[f"{name} add"] = lambda name=name: reverse(f"admin:{name}_add")
        for page in ("change", "history", "delete"):
            addresses[f"{name} {page}"] = lambda name=name, page=page, model=model: reverse(
                f"admin:{name}_{page}", args=[_first(model)]
            )
    return addresses


def _first(model: Any) -> Any:
    first = model._default_manager.order_by("pk").first()
    return first.pk if first else 1


ADMIN = admin_addresses()


@pytest.mark.parametrize("page", ADMIN)
def test_the_admin_is_for_administrators_and_reading_it_writes_nothing(world: World, page: str) -> None:
    address = ADMIN[page]()
    clients = {role: signed_in(world.people[role]) for role in Role}
    token_less = signed_in(world.people[Role.ADMINISTRATOR], with_csrf_checks=True)
    before = written()
    for role, client in clients.items():
        response = client.get(address)
        if role is not Role.ADMINISTRATOR:
            assert (role.label, response.status_code) == (role.label, REFUSED)
        else:
            assert response.status_code in {200, 302, 403, 404}
            if page.endswith((" list", " change", " history", "index")) and "run" not in page:
                assert response.status_code == 200
    anonymous = signed_in(None)
    for response in (anonymous.get(address, follow=True), anonymous.post(address, follow=True)):
        assert urlsplit(response.redirect_chain[-1][0]).path == reverse("team:sign_in")
    assert token_less.post(address, {"name": "Mine"}).status_code in {REFUSED, REDIRECT, NO_SUCH_METHOD}
    assert written() == before
