"""Manage Funnel in a real browser: with the mouse, with keys alone, and without JavaScript."""

import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import Label
from journeys.rules import actions as rules
from journeys.rules.models import FunnelSettings, LabelRule, MovementRule
from journeys.rules.queries import movement_policy
from journeys.runs import actions
from journeys.runs.models import Run, RunPreview
from journeys.status.models import StatusChange
from journeys.status.transitions import PEOPLE_DECIDE
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.fixtures.browser import axe

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"
WIDTHS_AND_SCHEMES = [(1280, "light"), (390, "dark"), (1280, "dark"), (390, "light")]
PLAIN = {"only_forward": False, "leave_lost": False, "note": ""}


@pytest.fixture
def label(aware: Stage, customer: Stage, promoter: Stage) -> Label:
    """Carried by two in Aware, one lost from there, one in Customer, one in Promoter, one in none."""
    label = LabelFactory(name="purchased-q2", colour="#30a46c")
    people = [contact_in(aware), contact_in(aware), contact_in(aware, lost=True), contact_in(customer)]
    people += [contact_in(promoter), contact_in(None)]
    put_on_label(contacts=[person.pk for person in people], label=label, by=None, cause=Cause.MANUAL)
    return label


@pytest.fixture
def a_full_screen(label: Label, engaged: Stage, loyal: Stage, marketer: TeamMember) -> LabelRule:
    """Something of every kind that the screen shows."""
    long = LabelFactory(name="L" + "o" * 90 + "ng")
    rules.keep_label_rule(label=long, stage=loyal, only_forward=True, leave_lost=True, note="N" * 200, by=marketer)
    rule = rules.keep_label_rule(label=label, stage=engaged, **PLAIN, by=marketer)
    preview = rules.preview_label_rule(label=label, stage=engaged, **{**PLAIN, "leave_lost": True}, by=marketer)
    run = actions.start_run(preview=preview, by=marketer, rule=rule)
    actions.work_on_run(run=run.pk, seconds=60)
    contact_in(None)
    Run.objects.create(kind=Run.Kind.BULK, words="W" * 300, records=9, updated=2, slices=1)
    Stage.objects.filter(pk=loyal.pk).update(retired_at=timezone.now())
    FunnelSettings.objects.update(default_stage=loyal)
    return rule


@pytest.mark.parametrize(("width", "scheme"), WIDTHS_AND_SCHEMES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    signed_in_page: OpenPage, administrator, marketer, a_full_screen, label, customer: Stage, width: int, scheme: str
) -> None:
    preview = rules.preview_label_rule(label=label, stage=customer, **PLAIN, by=marketer)
    for member in (administrator, marketer):
        page = signed_in_page(member, width=width, scheme=scheme)
        for address in ("/manage-funnel", f"/manage-funnel?preview={preview.pk}"):
            page.goto(address)
            assert axe(page) == [], address
            assert not page.evaluate(SIDEWAYS), address
    page.click(".form-foot >> text=Preview")
    page.fill("#id_label", "nobody")
    page.click(".form-foot >> text=Preview")
    expect(page.locator(".error-summary")).to_be_focused()
    assert axe(page) == []
    assert not page.evaluate(SIDEWAYS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_there_is_nothing(signed_in_page: OpenPage, administrator, scheme: str) -> None:
    FunnelSettings.objects.update(default_stage=None)
    page = signed_in_page(administrator, scheme=scheme)
    page.goto("/manage-funnel")
    expect(page.locator("#manage-funnel-box")).to_contain_text("No labels yet")
    assert axe(page) == []


def test_nothing_scrolls_sideways_at_320(
    signed_in_page: OpenPage, administrator, marketer, a_full_screen, label, customer: Stage
) -> None:
    preview = rules.preview_label_rule(label=label, stage=customer, **PLAIN, by=marketer)
    page = signed_in_page(administrator, width=320)
    for address in ("/manage-funnel", f"/manage-funnel?preview={preview.pk}", "/"):
        page.goto(address)
        assert not page.evaluate(SIDEWAYS), address


def test_the_preview_follows_the_box(signed_in_page: OpenPage, marketer: TeamMember, label: Label) -> None:
    history = StatusChange.objects.count()
    page = signed_in_page(marketer)
    page.goto("/manage-funnel")
    page.evaluate("window.stays = true")
    preview = page.locator("#manage-funnel-preview")
    expect(preview).to_contain_text("Choose a label and a stage.")

    page.fill("#id_label", "Purchased-Q2")
    page.locator("#id_label").blur()
    expect(preview).to_have_text("Choose a stage.")
    page.select_option("#id_stage", label="Customer")
    sentence = page.locator(".preview-sentence")
    expect(sentence).to_contain_text("5 will move: 3 forward, 1 back, 1 from no status yet")
    expect(page.locator("#manage-funnel-said")).to_contain_text("5 will move: 3 forward, 1 back")
    expect(page).to_have_url(re.compile(r"\?preview=\d+$"))
    page.check("#id_only_forward")
    expect(sentence).to_contain_text("4 will move: 3 forward, 1 from no status yet")
    expect(page.locator("#id_only_forward")).to_be_focused()
    page.check("#id_leave_lost")
    expect(sentence).to_contain_text("3 will move: 2 forward, 1 from no status yet")
    page.fill("#id_label", "purchased")
    page.locator("#id_label").blur()
    expect(preview).to_have_text("There is no label purchased.")
    expect(preview.locator("button")).to_have_count(0)
    assert page.evaluate("window.stays") is True
    assert (StatusChange.objects.count(), Run.objects.count(), LabelRule.objects.count()) == (history, 0, 0)


def test_a_reload_shows_the_same_preview(signed_in_page: OpenPage, marketer: TeamMember, label: Label) -> None:
    page = signed_in_page(marketer)
    page.goto("/manage-funnel")
    page.fill("#id_label", "purchased-q2")
    page.fill("#id_note", "Q2 is over")
    page.select_option("#id_stage", label="Customer")
    expect(page).to_have_url(re.compile(r"\?preview=\d+$"))
    page.reload()
    expect(page.locator(".preview-sentence")).to_contain_text("5 will move")
    expect(page.locator("#id_label")).to_have_value("purchased-q2")
    expect(page.locator("#id_note")).to_have_value("Q2 is over")


def test_a_note_goes_along_and_no_old_preview_is_confirmed(
    signed_in_page: OpenPage, marketer: TeamMember, label: Label
) -> None:
    page = signed_in_page(marketer)
    page.goto("/manage-funnel")
    page.fill("#id_label", "purchased-q2")
    page.select_option("#id_stage", label="Customer")
    page.focus("#id_note")
    with page.expect_response(lambda answer: "Q2%20is%20over" in (answer.request.post_data or "")):
        page.keyboard.type("Q2 is over")
    expect(page.locator("#id_note")).to_be_focused()
    assert RunPreview.objects.latest("pk").note == "Q2 is over"
    page.route("**/manage-funnel", lambda route: None)  # the next preview is long in coming
    page.check("#id_leave_lost")
    page.fill("#id_typed", "5")
    page.click("text=Move 5 contacts")
    page.click("text=Keep rule without running")
    expect(page.locator("h1")).to_have_text("Manage Funnel")
    assert (Run.objects.count(), LabelRule.objects.count()) == (0, 0)


def test_a_rule_is_kept_with_the_keyboard_alone(
    signed_in_page: OpenPage, marketer: TeamMember, label: Label, customer: Stage
) -> None:
    page = signed_in_page(marketer)
    page.goto("/manage-funnel")
    page.focus("#id_label")
    page.keyboard.type("purchased-q2")
    page.keyboard.press("Tab")
    expect(page.locator("#id_stage")).to_be_focused()
    page.keyboard.type("Cust")
    page.keyboard.press("Tab")
    expect(page.locator("#id_only_forward")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator(".preview-sentence")).to_contain_text("4 will move: 3 forward")
    page.focus("text=Keep rule without running")
    page.keyboard.press("Enter")
    expect(page.locator(".message")).to_contain_text("The rule purchased-q2 → Customer is kept. Nobody was moved.")
    rule = LabelRule.objects.get()
    assert (rule.label, rule.stage, rule.only_forward, rule.leave_lost) == (label, customer, True, False)
    expect(page.locator(f"#label-rule-{rule.pk}")).to_contain_text("6 carry the label. The rule has not run yet.")

    page.focus(f"#label-rule-menu-{rule.pk}")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".message")).to_contain_text("The rule purchased-q2 → Customer is forgotten.")
    assert not LabelRule.objects.exists()
    page.focus(".message-action")
    page.keyboard.press("Enter")
    expect(page.locator("#manage-funnel-rules")).to_contain_text("Only forward.")
    assert LabelRule.objects.get().only_forward


def test_a_kept_rule_is_run_again_by_way_of_its_preview(
    signed_in_page: OpenPage, marketer: TeamMember, label: Label, customer: Stage
) -> None:
    rule = rules.keep_label_rule(label=label, stage=customer, **PLAIN, by=marketer)
    page = signed_in_page(marketer)
    page.goto("/manage-funnel")
    page.click(f"#label-rule-{rule.pk} >> text=Run…")
    expect(page).to_have_url(re.compile(r"/previews/\d+\?next="))
    expect(page.locator("h1")).to_have_text("Label purchased-q2 → Customer")
    expect(page.locator(".preview-sentence")).to_contain_text("5 will move")
    assert not Run.objects.exists()
    page.fill("#id_typed", "5")
    page.click("text=Move 5 contacts")
    expect(page).to_have_url(re.compile(r"/runs/\d+$"))
    run = Run.objects.get()
    assert (run.rule, run.updated, run.state) == (rule, 5, "finished")
    page.goto("/manage-funnel")
    expect(page.locator(f"#label-rule-{rule.pk}")).to_contain_text("Nobody got the label since the last run.")
    page.click(f"#recent-run-{run.pk} >> text=Undo…")
    expect(page.locator(".preview-sentence")).to_contain_text("5 will go back")
    assert Run.objects.get() == run


def test_the_default_and_the_movement_rules_are_set(
    signed_in_page: OpenPage, administrator: TeamMember, label: Label, engaged: Stage
) -> None:
    page = signed_in_page(administrator)
    page.goto("/manage-funnel")
    page.check("#manage-funnel-default >> text=Engaged")
    page.click("text=Use this default")
    expect(page.locator(".message")).to_contain_text("come to Engaged from now on.")
    assert FunnelSettings.objects.get().default_stage == engaged
    page.click("text=Give it Engaged…")
    expect(page).to_have_url(re.compile(r"/previews/\d+\?next="))
    assert RunPreview.objects.get().operation["stage"] == engaged.pk

    page.goto("/manage-funnel")
    page.select_option("[name='api-onto_lost']", label="Refuse")
    page.click("text=Use these rules")
    expect(page.locator("#manage-funnel-movement")).to_contain_text("Your organisation has set rules of its own.")
    assert MovementRule.objects.get().onto_lost == "refuse"
    page.click("[aria-label='Use One direction only']")
    expect(page.locator(".presets .is-held")).to_contain_text("One direction only")
    page.click("[aria-label='Use People decide']")
    expect(page.locator(".presets .is-held")).to_contain_text("People decide")
    assert movement_policy() == PEOPLE_DECIDE


def test_it_all_works_without_scripts(
    signed_in_page: OpenPage, marketer: TeamMember, label: Label, customer: Stage
) -> None:
    page = signed_in_page(marketer, javascript=False)
    page.goto("/")
    page.click(".page-actions >> text=Manage Funnel")
    page.fill("#id_label", "purchased")
    page.fill("#id_note", "Q2 is over")
    page.click(".form-foot >> text=Preview")
    expect(page.locator("#id_label_error")).to_have_text("There is no label purchased.")
    expect(page.locator("#id_stage_error")).to_have_text("Choose a stage.")
    expect(page.locator("#id_note")).to_have_value("Q2 is over")
    page.fill("#id_label", "PURCHASED-q2")
    page.select_option("#id_stage", label="Customer")
    page.click(".form-foot >> text=Preview")
    expect(page.locator(".preview-sentence")).to_contain_text("5 will move: 3 forward, 1 back, 1 from no status yet")
    assert not Run.objects.exists()
    page.click("text=Keep rule without running")
    expect(page.locator(".message")).to_contain_text("The rule purchased-q2 → Customer is kept.")
    rule = LabelRule.objects.get()
    assert (rule.note, rule.stage) == ("Q2 is over", customer)
    page.click(f"#label-rule-menu-{rule.pk}")
    page.click("text=Forget the rule >> visible=true")
    expect(page.locator("#manage-funnel-rules")).to_contain_text("No rule is kept")
