"""Manage Funnel: label rules with their preview, the default status, the movement rules, and the latest runs."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.announce import action_of
from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact, Label
from journeys.rules import actions as rules
from journeys.rules.models import FunnelSettings, LabelRule, MovementRule
from journeys.rules.movement import Preset, preset_of
from journeys.rules.queries import movement_policy
from journeys.runs import actions
from journeys.runs.models import Run, RunPreview
from journeys.runs.shown import preview_address
from journeys.status.models import StatusChange
from journeys.status.transitions import ONE_DIRECTION_ONLY, PEOPLE_DECIDE
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.heart import status_of

ClientOf = Callable[[TeamMember], Client]

MANAGE_FUNNEL = "/manage-funnel"
RULES = f"{MANAGE_FUNNEL}/rules"
DEFAULT = f"{MANAGE_FUNNEL}/default"
GIVE = f"{MANAGE_FUNNEL}/default/give"
MOVEMENT = f"{MANAGE_FUNNEL}/movement-rules"
PRESET = f"{MANAGE_FUNNEL}/movement-rules/preset"
LIVE = {"HX-Request": "true", "HX-Target": "manage-funnel-preview"}
PLAIN = {"only_forward": False, "leave_lost": False, "note": ""}


@pytest.fixture
def label(db: None) -> Label:
    return LabelFactory(name="purchased-q2")


@pytest.fixture
def crowd(label: Label, aware: Stage, customer: Stage, promoter: Stage) -> list[Contact]:
    """Five who carry the label: Aware, lost from Aware, Customer, Promoter, none; and one without it."""
    people = [contact_in(aware), contact_in(aware, lost=True), contact_in(customer), contact_in(promoter)]
    people.append(contact_in(None))
    put_on(label, *people)
    contact_in(aware)
    return people


@pytest.fixture
def managing(client_of: ClientOf, marketer: TeamMember) -> Client:
    return client_of(marketer)


@pytest.fixture
def administrating(client_of: ClientOf, administrator: TeamMember) -> Client:
    return client_of(administrator)


def put_on(label: Label, *contacts: Contact) -> None:
    put_on_label(contacts=[contact.pk for contact in contacts], label=label, by=None, cause=Cause.MANUAL)


def texts(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def part(page: Any, id: str) -> str:
    """The words of one section of a page, or of what htmx was sent."""
    (found,) = re.findall(rf'<section id="{id}".*?</section>', page.text, re.DOTALL)
    return words(found)


def words(part: str) -> str:
    """What a piece of a page says."""
    within_a_line = re.sub(r"</?(a|strong|span|time|svg|path|rect)\b[^>]*>", "", part)
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", within_a_line).split()))


def kept(label: Label, stage: Stage, by: TeamMember, **choices: Any) -> LabelRule:
    return rules.keep_label_rule(label=label, stage=stage, **{**PLAIN, **choices}, by=by)


def ran(rule: LabelRule, by: TeamMember) -> Run:
    """A run of a kept rule, done to its end."""
    choices = {name: getattr(rule, name) for name in PLAIN}
    preview = rules.preview_label_rule(label=rule.label, stage=rule.stage, **choices, by=by)
    return done(actions.start_run(preview=preview, by=by, rule=rule))


def undone(run: Run, by: TeamMember) -> Run:
    return done(actions.start_run(preview=actions.preview_undo(run=run, by=by), by=by))


def done(run: Run) -> Run:
    assert actions.work_on_run(run=run.pk, seconds=60) is False
    run.refresh_from_db()
    return run


# Who may


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_it_needs_a_marketer(request, client_of: ClientOf, role: str, label, customer, marketer) -> None:
    client, rule = client_of(request.getfixturevalue(role)), kept(label, customer, marketer)
    sent = {"label": label.name, "stage": customer.pk, "default-stage": "none"}
    assert client.get(MANAGE_FUNNEL).status_code == 403
    for address in (MANAGE_FUNNEL, RULES, f"{RULES}/{rule.pk}/preview", f"{RULES}/{rule.pk}/forget", DEFAULT, GIVE):
        refused = client.post(address, sent)
        assert refused.status_code == 403
        assert "This needs the role Marketer." in refused.text
    assert LabelRule.objects.get() == rule
    assert (RunPreview.objects.count(), FunnelSettings.objects.get().default_stage.name) == (0, "Aware")


@pytest.mark.parametrize(("role", "is_there"), [("viewer", False), ("operator", False), ("marketer", True)])
def test_the_customer_journey_leads_here(request, client_of: ClientOf, role: str, is_there: bool) -> None:
    page = client_of(request.getfixturevalue(role)).get("/").text
    assert (f'<a class="button primary" href="{MANAGE_FUNNEL}">' in page) is is_there


# The Change Status box


def test_it_offers_labels_with_their_counts_and_open_stages(managing, label, crowd, loyal: Stage) -> None:
    LabelFactory(name="Spring fair")
    Stage.objects.filter(pk=loyal.pk).update(is_published=False)
    page = managing.get(MANAGE_FUNNEL)
    assert re.findall(r'<option value="(.*?)">(\d+ contacts?)</option>', page.text) == [
        ("purchased-q2", "5 contacts"),
        ("Spring fair", "0 contacts"),
    ]
    stages = re.search(r'<select name="stage".*?</select>', page.text, re.DOTALL)
    assert stages and re.findall(r">([^<>]+)</option>", stages.group()) == [
        *("Choose a stage", "Aware", "Engaged", "Customer", "Promoter"),
    ]
    assert "Choose a label and a stage." in part(page, "manage-funnel-preview")


def test_without_labels_it_says_where_to_begin(managing) -> None:
    page = managing.get(MANAGE_FUNNEL).text
    assert "No labels yet" in page
    assert '<a class="button" href="/labels">Labels</a>' in page
    assert 'name="label"' not in page


def test_a_change_in_the_box_shows_what_would_happen(
    managing, marketer, label, crowd, aware: Stage, customer: Stage
) -> None:
    before = StatusChange.objects.count()
    answer = managing.post(MANAGE_FUNNEL, {"label": label.name, "stage": customer.pk, "note": "Why"}, headers=LIVE)
    preview = RunPreview.objects.get()
    assert answer.status_code == 200
    assert answer.text.startswith('<section id="manage-funnel-preview"')
    assert "4 will move: 2 forward, 1 back, 1 from no status yet" in answer.text
    assert 'hx-swap-oob="innerHTML:#manage-funnel-said">4 will move' in answer.text
    assert answer["HX-Replace-Url"] == f"{MANAGE_FUNNEL}?preview={preview.pk}"
    assert (preview.made_by, preview.note, preview.records) == (marketer, "Why", 5)
    assert preview.operation == {"act": "change_status", "cause": "label_rule", "stage": customer.pk}
    assert preview.selection == {"query": {"labels": [label.pk]}}
    assert (StatusChange.objects.count(), Run.objects.count(), LabelRule.objects.count()) == (before, 0, 0)
    assert status_of(crowd[0]).stage == aware


def test_its_two_buttons_say_what_they_do(managing, label, crowd, customer: Stage) -> None:
    managing.post(MANAGE_FUNNEL, {"label": label.name, "stage": customer.pk}, headers=LIVE)
    preview = RunPreview.objects.get()
    page = managing.get(f"{MANAGE_FUNNEL}?preview={preview.pk}").text
    starts = rf'action="{reverse("journeys:start_run", args=[preview.pk])}".*?<button class="button primary">(.*?)<'
    keeps = rf'<button class="button" form="manage-funnel-form" formaction="{RULES}">.*?</svg>(.*?)</button>'
    assert re.findall(starts, page, re.DOTALL) == ["Move 4 contacts"]
    assert re.findall(keeps, page, re.DOTALL) == ["Keep rule without running"]
    assert not re.search(r"<button[^>]*>(<svg.*?</svg>)?Save", page)


@pytest.mark.parametrize("written", ["PURCHASED-Q2", "  Purchased-q2 "])
def test_a_label_is_found_whatever_its_case(managing, label, crowd, customer: Stage, written: str) -> None:
    assert managing.post(MANAGE_FUNNEL, {"label": written, "stage": customer.pk}, headers=LIVE).status_code == 200
    assert RunPreview.objects.get().selection == {"query": {"labels": [label.pk]}}


def test_the_choices_narrow_it(managing, label, crowd, customer: Stage) -> None:
    choices = {"only_forward": "on", "leave_lost": "on"}
    sent = {"label": label.name, "stage": customer.pk, **choices}
    answer = managing.post(MANAGE_FUNNEL, sent, headers=LIVE)
    operation = RunPreview.objects.get().operation
    assert (operation["only_forward"], operation["leave_lost"]) == (True, True)
    assert "2 will move: 1 forward, 1 from no status yet" in answer.text


UNKNOWN = [
    ({"label": "", "stage": "customer"}, "label", "Choose a label."),
    ({"label": "  ", "stage": "customer"}, "label", "Choose a label."),
    ({"label": "<b>purchased</b>", "stage": "customer"}, "label", "There is no label <b>purchased</b>."),
    ({"label": "x" * 101, "stage": "customer"}, "label", "Ensure this value has at most 100 characters (it has 101)."),
    ({"label": "purchased-q2", "stage": ""}, "stage", "Choose a stage."),
    ({"label": "purchased-q2", "stage": "closed"}, "stage", "This stage cannot be chosen: it is closed."),
    ({"label": "purchased-q2", "stage": "retired"}, "stage", "This stage cannot be chosen: it is closed."),
    ({"label": "purchased-q2", "stage": "9" * 30}, "stage", "This stage cannot be chosen: it is closed."),
]


@pytest.mark.parametrize(("sent", "field", "says"), UNKNOWN)
def test_what_is_wrong_is_said_beside_it_and_nothing_is_lost(
    managing, label, crowd, customer, aware, promoter, sent: dict[str, str], field: str, says: str
) -> None:
    Stage.objects.filter(pk=aware.pk).update(is_published=False)
    Stage.objects.filter(pk=promoter.pk).update(retired_at=timezone.now())
    stages = {"customer": customer.pk, "closed": aware.pk, "retired": promoter.pk}
    sent = {**sent, "stage": stages.get(sent["stage"], sent["stage"]), "note": "Q2 is over", "leave_lost": "on"}
    for address in (MANAGE_FUNNEL, RULES):
        page = managing.post(address, sent)
        assert page.status_code == 422
        assert list(page.context["form"].errors) == [field]
        assert page.context["form"].errors[field][0].startswith(says)
        assert f'id="id_{field}_error"' in page.text
        assert "Q2 is over</textarea>" in page.text
        assert re.search(r'<input[^>]* name="leave_lost"[^>]* checked', page.text)
        if field == "label":
            assert f'value="{html.escape(sent["label"])}"' in page.text
    live = managing.post(MANAGE_FUNNEL, sent, headers=LIVE)
    assert (live.status_code, "HX-Replace-Url" in live) == (422, False)
    assert says in part(live, "manage-funnel-preview")
    assert (RunPreview.objects.count(), LabelRule.objects.count()) == (0, 0)


def test_without_scripts_the_preview_has_an_address(managing, label, crowd, customer: Stage) -> None:
    sent = {"label": "Purchased-Q2", "stage": customer.pk, "note": "Q2 is over", "only_forward": "on"}
    answer = managing.post(MANAGE_FUNNEL, sent)
    shown_at = f"{MANAGE_FUNNEL}?preview={RunPreview.objects.get().pk}"
    assert (answer.status_code, answer["Location"]) == (302, f"{shown_at}#manage-funnel-preview")
    page = managing.get(shown_at)
    form = page.context["form"]
    assert {name: form[name].value() for name in form.fields} == {
        "label": "purchased-q2",
        "stage": customer.pk,
        "only_forward": True,
        "leave_lost": False,
        "note": "Q2 is over",
    }
    assert "3 will move: 2 forward, 1 from no status yet" in part(page, "preview-effect")


def test_reading_a_preview_again_writes_nothing(managing, label, crowd, customer: Stage) -> None:
    managing.post(MANAGE_FUNNEL, {"label": label.name, "stage": customer.pk})
    address = f"{MANAGE_FUNNEL}?preview={RunPreview.objects.get().pk}"
    with CaptureQueriesContext(
        connection,
    ) as queries:
        for headers in ({}, LIVE):
            assert managing.get(address, headers=headers).status_code == 200
    writes = [query["sql"] for query in queries if re.match(r"INSERT|UPDATE|DELETE", query["sql"])]
    assert writes == []
    assert RunPreview.objects.count() == 1


def test_what_is_no_preview_of_a_label_rule_is_left_out(managing, marketer, label, crowd, customer, aware) -> None:
    default = rules.preview_default(stage=aware, by=marketer)
    gone = rules.preview_label_rule(label=LabelFactory(), stage=customer, **PLAIN, by=marketer)
    Label.objects.exclude(pk=label.pk).delete()
    for asked in (default.pk, gone.pk, "0", "-1", "x", "9" * 18, "9" * 30, ""):
        page = managing.get(f"{MANAGE_FUNNEL}?preview={asked}")
        assert page.status_code == 200
        assert "Choose a label and a stage." in part(page, "manage-funnel-preview")
        assert page.context["form"]["label"].value() is None


def test_a_preview_that_became_a_run_leaves_the_box_filled_in(managing, marketer, label, crowd, customer) -> None:
    preview = rules.preview_label_rule(label=label, stage=customer, **PLAIN, by=marketer)
    done(actions.start_run(preview=preview, by=marketer))
    page = managing.get(f"{MANAGE_FUNNEL}?preview={preview.pk}")
    assert "Choose a label and a stage." in part(page, "manage-funnel-preview")
    assert page.context["form"]["label"].value() == "purchased-q2"


# Keep rule without running


def test_a_rule_is_kept_without_running(managing, marketer, label, crowd, customer: Stage, aware: Stage) -> None:
    sent = {"label": "PURCHASED-Q2", "stage": customer.pk, "note": "Q2 is over", "leave_lost": "on"}
    answer = managing.post(RULES, sent)
    assert (answer.status_code, answer["Location"]) == (302, f"{MANAGE_FUNNEL}#manage-funnel-rules")
    assert texts(answer) == ["The rule purchased-q2 → Customer is kept. Nobody was moved."]
    rule = LabelRule.objects.get()
    assert (rule.label, rule.stage, rule.only_forward, rule.leave_lost, rule.note, rule.created_by) == (
        *(label, customer, False, True, "Q2 is over", marketer),
    )
    assert (Run.objects.count(), RunPreview.objects.count(), status_of(crowd[0]).stage) == (0, 0, aware)
    managing.post(RULES, sent)
    assert LabelRule.objects.get() == rule


# Kept rules


def said_of(client: Client, rule: LabelRule) -> str:
    page = client.get(MANAGE_FUNNEL).text
    (found,) = re.findall(rf'<li id="label-rule-{rule.pk}">.*?</li>', page, re.DOTALL)
    return words(found)


def test_without_any_it_says_how_a_rule_is_kept(managing) -> None:
    assert "No rule is kept" in part(managing.get(MANAGE_FUNNEL), "manage-funnel-rules")


def test_a_rule_that_never_ran_says_how_many_carry_its_label(managing, marketer, label, crowd, customer) -> None:
    rule = kept(label, customer, marketer, only_forward=True, leave_lost=True, note="Q2 is over")
    said = said_of(managing, rule)
    assert said.startswith("purchased-q2 to Customer Only forward, lost contacts left as they are.")
    assert "5 carry the label. The rule has not run yet." in said
    assert "Q2 is over" in said
    assert f'action="{RULES}/{rule.pk}/preview"' in managing.get(MANAGE_FUNNEL).text


def test_it_says_how_many_more_carry_the_label_since_the_last_run(managing, marketer, label, crowd, customer) -> None:
    rule, other = kept(label, customer, marketer), kept(LabelFactory(), customer, marketer)
    run = ran(rule, marketer)
    assert "Nobody got the label since the last run." in said_of(managing, rule)
    put_on(label, contact_in(customer))
    assert "1 more carries the label since the last run." in said_of(managing, rule)
    put_on(label, contact_in(None), contact_in(None))
    CarriedLabel.objects.filter(contact=crowd[0]).delete()
    said = said_of(managing, rule)
    assert "3 more carry the label since the last run." in said
    assert f"by Max Weber: run {run.pk}." in said
    assert "undone" not in said
    assert "0 carry the label." in said_of(managing, other)


def test_the_last_run_counts_not_an_earlier_one(managing, marketer, administrator, label, crowd, customer) -> None:
    rule = kept(label, customer, marketer)
    ran(rule, marketer)
    put_on(label, contact_in(None))
    last = ran(rule, administrator)
    said = said_of(managing, rule)
    assert "Nobody got the label since the last run." in said
    assert f"by Ana Silva: run {last.pk}." in said


def test_an_undone_run_is_said_until_it_is_done_again(managing, marketer, label, crowd, customer) -> None:
    rule = kept(label, customer, marketer)
    undo = undone(ran(rule, marketer), marketer)
    assert f"That run was undone by run {undo.pk} on " in said_of(managing, rule)
    undone(undo, marketer)
    assert "undone" not in said_of(managing, rule)


def test_running_a_rule_again_shows_its_preview_first(managing, label, crowd, customer, marketer, aware) -> None:
    rule = kept(label, customer, marketer, leave_lost=True, note="Q2 is over")
    ran(rule, marketer)
    late = contact_in(aware)
    put_on(label, late)
    answer = managing.post(f"{RULES}/{rule.pk}/preview")
    preview = RunPreview.objects.get(run=None)
    assert (answer.status_code, answer["Location"]) == (302, preview_address(preview, back=MANAGE_FUNNEL))
    assert (preview.note, preview.records) == ("Q2 is over", 6)
    assert preview.operation == {
        "act": "change_status",
        "cause": "label_rule",
        "stage": customer.pk,
        "leave_lost": True,
    }
    assert (Run.objects.count(), status_of(late).stage) == (1, aware)


def test_who_gains_the_label_between_preview_and_click_is_one_more(managing, marketer, label, crowd, customer) -> None:
    rule = kept(label, customer, marketer)
    preview = rules.preview_label_rule(label=label, stage=customer, **PLAIN, by=marketer)
    late = contact_in(crowd_stage := status_of(crowd[0]).stage)
    put_on(label, late)
    done(actions.start_run(preview=preview, by=marketer, rule=rule))
    assert status_of(late).stage == crowd_stage
    assert "1 more carries the label since the last run." in said_of(managing, rule)


def test_after_an_undo_running_it_again_asks_once_more(managing, label, crowd, customer, marketer) -> None:
    rule = kept(label, customer, marketer)
    page = managing.post(f"{RULES}/{rule.pk}/preview", follow=True)
    assert 'name="again"' not in page.text
    undone(ran(rule, marketer), marketer)
    page = managing.post(f"{RULES}/{rule.pk}/preview", follow=True)
    assert "Run it again although it was undone" in page.text
    box = managing.post(MANAGE_FUNNEL, {"label": label.name, "stage": customer.pk}, headers=LIVE)
    assert 'name="again"' in box.text


@pytest.mark.parametrize(
    ("change", "says"),
    [({"is_published": False}, "Customer closed"), ({"retired_at": timezone.now()}, "Customer retired")],
)
def test_a_rule_to_a_closed_stage_says_so_and_is_not_run(managing, label, customer, marketer, change, says) -> None:
    rule = kept(label, customer, marketer)
    Stage.objects.filter(pk=customer.pk).update(**change)
    assert says in said_of(managing, rule)
    assert f"{RULES}/{rule.pk}/preview" not in managing.get(MANAGE_FUNNEL).text


def test_a_rule_is_forgotten_and_can_be_kept_again(managing, label, crowd, customer, marketer) -> None:
    rule, other = kept(label, customer, marketer, only_forward=True, note="Why"), kept(label, customer, marketer)
    run = ran(rule, marketer)
    answer = managing.post(f"{RULES}/{rule.pk}/forget")
    assert (answer.status_code, answer["Location"]) == (302, f"{MANAGE_FUNNEL}#manage-funnel-rules")
    assert texts(answer) == ["The rule purchased-q2 → Customer is forgotten. What its runs did stays."]
    assert LabelRule.objects.get() == other
    run.refresh_from_db()
    assert (run.rule, StatusChange.objects.filter(run=run).count()) == (None, 3)
    (message,) = get_messages(answer.wsgi_request)
    again = action_of(message)
    assert again and managing.post(again.address, again.fields).status_code == 302
    back = LabelRule.objects.exclude(pk=other.pk).get()
    assert (back.label, back.stage, back.only_forward, back.leave_lost, back.note) == (
        *(label, customer, True, False, "Why"),
    )


@pytest.mark.parametrize("what", ["preview", "forget"])
def test_a_rule_that_is_not_there_is_not_found(managing, what: str) -> None:
    for pk in ("99", "9" * 30):
        assert managing.post(f"{RULES}/{pk}/{what}").status_code == 404


# The default status


def defaults(page: Any) -> list[str]:
    """The radios in their order, the chosen one with a star."""
    field = page.context["default_form"]["stage"]
    return [f"{words}{' *' if value == field.value() else ''}" for value, words in field.field.choices]


def test_the_default_is_one_of_the_open_stages_or_none(managing, promoter: Stage) -> None:
    Stage.objects.filter(pk=promoter.pk).update(is_published=False)
    page = managing.get(MANAGE_FUNNEL)
    assert defaults(page) == ["Aware *", "Engaged", "Customer", "Loyal Customer", "None"]
    assert "Use this default" in part(page, "manage-funnel-default")


def test_another_default_is_used_from_now_on(managing, engaged: Stage, aware: Stage) -> None:
    early = contact_in(None)
    answer = managing.post(DEFAULT, {"default-stage": engaged.pk})
    assert (answer.status_code, answer["Location"]) == (302, f"{MANAGE_FUNNEL}#manage-funnel-default")
    assert texts(answer) == ["New contacts that come without a status come to Engaged from now on."]
    assert (FunnelSettings.objects.get().default_stage, status_of(early).stage) == (engaged, None)
    answer = managing.post(DEFAULT, {"default-stage": "none"})
    assert texts(answer)[-1] == "New contacts that come without a status have no status from now on."
    assert FunnelSettings.objects.get().default_stage is None
    page = managing.get(MANAGE_FUNNEL)
    assert defaults(page)[-1] == "None *"
    assert GIVE in page.text and "Give it" not in page.text


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({}, "Choose a stage, or none."),
        ({"default-stage": ""}, "Choose a stage, or none."),
        ({"default-stage": "promoter"}, "This stage cannot be chosen: it is closed. Choose another one."),
        ({"default-stage": "x"}, "This stage cannot be chosen: it is closed. Choose another one."),
    ],
)
def test_a_default_that_cannot_be_is_said_beside_it(managing, aware, promoter, sent: dict, says: str) -> None:
    Stage.objects.filter(pk=promoter.pk).update(is_published=False)
    page = managing.post(DEFAULT, {name: promoter.pk if value == "promoter" else value for name, value in sent.items()})
    assert page.status_code == 422
    assert page.context["default_form"].errors == {"stage": [says]}
    assert 'id="id_default-stage_error"' in page.text
    assert FunnelSettings.objects.get().default_stage == aware


@pytest.mark.parametrize(
    ("change", "choice", "says"),
    [
        (
            {"is_published": False},
            "Aware (closed now) *",
            "Aware is closed now: new contacts come without a status until it is open again.",
        ),
        (
            {"retired_at": timezone.now()},
            "Aware (retired) *",
            "Aware is retired: new contacts come without a status.",
        ),
    ],
)
def test_a_closed_default_is_said(managing, aware: Stage, change: dict, choice: str, says: str) -> None:
    contact_in(None)
    Stage.objects.filter(pk=aware.pk).update(**change)
    page = managing.get(MANAGE_FUNNEL)
    said = part(page, "manage-funnel-default")
    assert says in said
    assert choice in defaults(page)
    assert "1 contact has none now." in said
    assert "Give" not in said
    answer = managing.post(GIVE)
    assert texts(answer) == ["There is no default that could be given: choose an open stage."]
    assert RunPreview.objects.count() == 0


def test_those_without_a_status_are_counted_and_given_the_default_by_a_run(managing, marketer, aware) -> None:
    assert "Every contact has a status now." in part(managing.get(MANAGE_FUNNEL), "manage-funnel-default")
    without = [contact_in(None), contact_in(None), contact_in(None, lost=True)]
    contact_in(aware)
    said = part(managing.get(MANAGE_FUNNEL), "manage-funnel-default")
    assert "3 contacts have none now. 1 of them is lost and stays so." in said
    assert "Give them Aware…" in said
    answer = managing.post(GIVE)
    preview = RunPreview.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, preview_address(preview, back=MANAGE_FUNNEL))
    assert preview.operation == {"act": "give_default", "cause": "default", "stage": aware.pk}
    assert (preview.selection, preview.records, preview.made_by) == ({"without_stage": True}, 3, marketer)
    assert [status_of(contact).stage for contact in without] == [None, None, None]
    assert "3 will get it" in managing.get(answer["Location"]).text


# Movement rules


def cells(**changed: str) -> dict[str, str]:
    """The table as it is shipped, with some cells changed: `api_onto_lost="refuse"`."""
    shipped = {
        f"{cause}-{column}": str(getattr(row, column))
        for cause, row in PEOPLE_DECIDE.items()
        for column in ("to_lower_weight", "onto_lost")
    }
    return {**shipped, **changed}


def test_others_than_administrators_read_them_in_words(managing) -> None:
    page = managing.get(MANAGE_FUNNEL)
    said = part(page, "manage-funnel-movement")
    table = said[said.index("Cause To a lower weight") :]
    for row in (
        "By hand A correction by an Administrator is never refused. To a lower weight Allow Onto a lost contact Allow",
        "Label rule To a lower weight Allow Onto a lost contact Allow",
        "Bulk change To a lower weight Allow Onto a lost contact Allow",
        "Campaign To a lower weight Refuse Onto a lost contact Refuse",
        "API To a lower weight Allow and flag for review Onto a lost contact Allow and flag for review",
        "Import Unless the import says otherwise. To a lower weight Refuse Onto a lost contact Refuse",
        "Web form To a lower weight Refuse Onto a lost contact Refuse",
    ):
        assert row in table
    assert "People decide Holds now" in said
    assert "Administrators change them." in said
    assert (MOVEMENT in page.text, "manual-onto_lost" in page.text) == (False, False)


@pytest.mark.parametrize("address", [MOVEMENT, PRESET])
def test_others_than_administrators_do_not_change_them(managing, address: str) -> None:
    refused = managing.post(address, {**cells(**{"api-onto_lost": "refuse"}), "preset": "one_direction_only"})
    assert refused.status_code == 403
    assert "This needs the role Administrator." in refused.text
    assert MovementRule.objects.count() == 0


def test_an_administrator_sets_cells(administrating) -> None:
    page = administrating.get(MANAGE_FUNNEL)
    assert page.context["movement_form"].initial == cells()
    own = cells(**{"api-onto_lost": "refuse", "campaign-to_lower_weight": "flag"})
    answer = administrating.post(MOVEMENT, own)
    assert (answer.status_code, answer["Location"]) == (302, f"{MANAGE_FUNNEL}#manage-funnel-movement")
    assert texts(answer) == ["The movement rules hold as they are now, at every door."]
    stored = {rule.cause: (rule.to_lower_weight, rule.onto_lost) for rule in MovementRule.objects.all()}
    assert stored == {"api": ("flag", "refuse"), "campaign": ("flag", "refuse")}
    page = administrating.get(MANAGE_FUNNEL)
    assert page.context["movement_form"].initial == own
    said = part(page, "manage-funnel-movement")
    assert "Your organisation has set rules of its own." in said
    assert "Holds now" not in said


def test_what_was_set_can_be_undone(administrating) -> None:
    own = cells(**{"api-onto_lost": "refuse"})
    administrating.post(MOVEMENT, own)
    answer = administrating.post(PRESET, {"preset": "one_direction_only"})
    undo = action_of(list(get_messages(answer.wsgi_request))[-1])
    assert undo and undo.label == "Undo"
    administrating.post(undo.address, undo.fields)
    assert administrating.get(MANAGE_FUNNEL).context["movement_form"].initial == own


def test_setting_what_is_so_already_says_so(administrating) -> None:
    answer = administrating.post(MOVEMENT, cells())
    assert texts(answer) == ["The movement rules were so already."]
    assert action_of(next(iter(get_messages(answer.wsgi_request)))) is None


def test_the_presets_are_a_button_each_but_for_the_one_that_holds(administrating) -> None:
    page = administrating.get(MANAGE_FUNNEL).text
    assert re.findall(r'name="preset" value="(\w+)"', page) == ["one_direction_only"]
    answer = administrating.post(PRESET, {"preset": "one_direction_only"})
    assert answer["Location"] == f"{MANAGE_FUNNEL}#manage-funnel-movement"
    assert movement_policy() == ONE_DIRECTION_ONLY
    page = administrating.get(MANAGE_FUNNEL)
    assert "One direction only Holds now" in part(page, "manage-funnel-movement")
    assert re.findall(r'name="preset" value="(\w+)"', page.text) == ["people_decide"]
    administrating.post(PRESET, {"preset": "people_decide"})
    assert (preset_of(movement_policy()), MovementRule.objects.count()) == (Preset.PEOPLE_DECIDE, 0)


@pytest.mark.parametrize("sent", [{}, {"preset": ""}, {"preset": "chaos"}])
def test_a_preset_that_is_none_is_said(administrating, sent: dict[str, str]) -> None:
    page = administrating.post(PRESET, sent)
    assert page.status_code == 422
    assert "Choose one of the two." in part(page, "manage-funnel-movement")
    assert MovementRule.objects.count() == 0


@pytest.mark.parametrize("wrong", ["", "perhaps"])
def test_a_cell_that_is_none_is_said_beside_it_and_the_others_are_kept(administrating, wrong: str) -> None:
    page = administrating.post(MOVEMENT, cells(**{"api-onto_lost": wrong, "bulk-onto_lost": "refuse"}))
    assert page.status_code == 422
    assert list(page.context["movement_form"].errors) == ["api-onto_lost"]
    assert 'id="id_api-onto_lost_error"' in page.text
    assert page.context["movement_form"]["bulk-onto_lost"].value() == "refuse"
    assert MovementRule.objects.count() == 0


# Recent runs


def recent(client: Client) -> list[str]:
    """What each of the latest runs says, without the time of day when the test ran."""
    page = client.get(MANAGE_FUNNEL).text
    found = re.findall(r'<li id="recent-run-\d+">(.*?</div>)', page, re.DOTALL)
    return [re.sub(r"\w+ \d\d:\d\d|(?<= on )\d+ \w+ \d{4}", "then", words(run)) for run in found]


def test_without_any_run_it_says_so(managing) -> None:
    assert "No runs yet" in part(managing.get(MANAGE_FUNNEL), "manage-funnel-runs")


def test_the_five_latest_runs_are_listed_with_what_came_of_them(managing, marketer, label, crowd, customer) -> None:
    Run.objects.create(kind="import", state="finished", words="old.csv")
    Run.objects.create(kind="import", state="finished", words="leads.csv", records=9, created=5, updated=3, unchanged=1)
    run = ran(kept(label, customer, marketer, leave_lost=True), marketer)
    undo = undone(run, marketer)
    Run.objects.create(kind="bulk", words="9 contacts recovered", records=9, updated=2, slices=1)
    Run.objects.create(kind="bulk", state="cancelled", words="2 contacts lost", records=2, updated=1, refused=1)
    assert recent(managing) == [
        "2 contacts lost then: 1 changed, 1 refused, cancelled",
        "9 contacts recovered then: 2 of 9 contacts done",
        f"Undo of run {run.pk}: label purchased-q2 → Customer, lost contacts left as they are then, Max Weber: "
        "3 put back",
        "Label purchased-q2 → Customer, lost contacts left as they are then, Max Weber: 3 moved, 1 back, "
        f"1 unchanged, 1 refused Undone by run {undo.pk} on then",
        "Leads.csv then: 5 new, 3 changed, 1 unchanged",
    ]


def test_what_can_be_undone(managing, marketer, label, crowd, customer) -> None:
    def undoable() -> list[int]:
        page = managing.get(MANAGE_FUNNEL).text
        return [int(pk) for pk in re.findall(r'action="/runs/(\d+)/undo"', page)]

    rule = kept(label, customer, marketer)
    run = ran(rule, marketer)
    ran(rule, marketer)  # nobody is left to be changed
    Run.objects.create(kind="import", state="finished", words="leads.csv", records=1, updated=1)
    Run.objects.create(kind="label_rule", words="going on", records=9, updated=2, slices=1, operation=run.operation)
    assert undoable() == [run.pk]
    undo = undone(run, marketer)
    assert undoable() == [undo.pk]


def test_undo_shows_what_would_go_back_first(managing, marketer, label, crowd, customer) -> None:
    run = ran(kept(label, customer, marketer), marketer)
    address = reverse("journeys:undo_run", args=[run.pk])
    page = managing.get(MANAGE_FUNNEL).text
    (button,) = re.findall(rf'<form method="post" action="{address}">.*?</form>', page, re.DOTALL)
    assert words(button) == "Undo…"
    answer = managing.post(address)
    preview = RunPreview.objects.get(run=None)
    assert answer["Location"] == preview_address(preview, back=reverse("journeys:run", args=[run.pk]))
    assert (preview.operation, preview.records) == ({"act": "put_back", "cause": "undo", "run": run.pk}, 4)
    assert status_of(crowd[0]).stage == customer
    undone(run, marketer)
    assert address not in managing.get(MANAGE_FUNNEL).text


# The price


def test_it_costs_the_same_however_many_rules_labels_and_runs(managing, marketer, customer, aware, promoter) -> None:
    def price() -> int:
        managing.get(MANAGE_FUNNEL)
        with CaptureQueriesContext(connection) as queries:
            assert managing.get(MANAGE_FUNNEL).status_code == 200
        return len(queries)

    def add(stage: Stage) -> None:
        contact, label = contact_in(stage), LabelFactory()
        put_on(label, contact)
        undone(ran(kept(label, customer, marketer), marketer), marketer)

    add(aware)
    one = price()
    for stage in (aware, promoter):
        add(stage)
    assert (one, price()) == (19, 19)
    assert len(managing.get(MANAGE_FUNNEL).context["kept_rules"]) == 3


def test_a_live_preview_costs_what_its_own_part_needs(managing, label, crowd, customer, marketer) -> None:
    kept(label, customer, marketer)
    sent = {"label": label.name, "stage": customer.pk}
    whole = managing.post(MANAGE_FUNNEL, sent, follow=True)
    assert "Kept rules" in whole.text
    with CaptureQueriesContext(connection) as queries:
        live = managing.post(MANAGE_FUNNEL, sent, headers=LIVE)
    assert "Kept rules" not in live.text
    assert not [query for query in queries if "journeys_funnelsettings" in query["sql"]]


def test_days_ago_a_run_is_said_so(managing, marketer, label, crowd, customer) -> None:
    rule = kept(label, customer, marketer)
    run, days_ago = ran(rule, marketer), timezone.now() - timedelta(days=3)
    Run.objects.filter(pk=run.pk).update(started_at=days_ago, frozen_at=days_ago)
    said = said_of(managing, rule)
    assert "5 more carry the label since the last run." in said
    assert "Last run 3 days ago by Max Weber" in said
