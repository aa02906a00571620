"""Campaigns in a real browser: in both schemes and widths, built by keyboard, and without scripts."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from journeys.campaigns.models import Campaign, CampaignStep
from stages.models import Stage
from tests.browser.test_tokens_and_applications import SIDEWAYS, WIDTHS_AND_SCHEMES
from tests.factories import LabelFactory, contact_in
from tests.fixtures.browser import axe
from tests.journeys.campaigning import Kind, Unit, When, active, add, after, campaign_of, carrying, paused, work

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]


def a_busy_campaign(by: TeamMember) -> list[str]:
    """One with three conditions deep and contacts in it. Returns every address there is to see."""
    stages = {stage.name: stage for stage in Stage.objects.all()}
    label = LabelFactory(name="webinar-" + "may" * 20)
    campaign = campaign_of(by, carrying(label, by, "Came to the webinar"), description="Words " * 30, may_restart=True)
    one = add(campaign, by, Kind.IN_STAGES, stages=[stages["Aware"].pk, stages["Engaged"].pk], name="Early?" * 10)
    two = add(campaign, by, Kind.CARRIES_LABEL, one, "yes", label=label)
    three = add(campaign, by, Kind.IS_LOST, two, "yes")
    add(campaign, by, Kind.CHANGE_STAGE, three, "no", stage=stages["Customer"], **after(3, Unit.DAYS))
    add(campaign, by, Kind.CHANGE_STAGE, one, "no", stage=stages["Aware"], name="Back")
    add(campaign, by, Kind.PUT_ON_LABEL, label=label, when=When.AT, at=timezone.now() + timedelta(days=1))
    people = [contact_in(stages[name], first_name="Ana" * 20) for name in ("Aware", "Customer")]
    put_on_label(contacts=[one.pk for one in people], label=label, by=None, cause=Cause.MANUAL)
    active(campaign, by)
    work(campaign)
    paused(campaign, by)
    page, step = f"/campaigns/{campaign.pk}", f"/campaigns/steps/{one.pk}"
    return [
        *("/campaigns", "/campaigns/new", page, f"{page}/edit", f"{page}/end", f"{page}/contacts"),
        *(f"{page}/contacts?state=left", f"{page}/contacts/{people[0].pk}", f"{page}/contacts/add"),
        *(f"{page}/steps/new", f"{page}/steps/new?kind=in_stages", f"{page}/steps/new?kind=mark_lost"),
        *(f"{step}/edit", f"{step}/remove", f"{step}/contacts?outcome=done"),
    ]


@pytest.mark.parametrize(("width", "scheme"), WIDTHS_AND_SCHEMES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    signed_in_page: OpenPage, marketer: TeamMember, width: int, scheme: str
) -> None:
    page = signed_in_page(marketer, width=width, scheme=scheme)
    page.goto("/campaigns")
    assert axe(page) == []
    for address in a_busy_campaign(marketer):
        page.goto(address)
        if page.locator("#campaign-foresight").count():
            expect(page.locator("#campaign-foresight")).to_contain_text("would enter now")
        assert axe(page) == [], address
        assert not page.evaluate(SIDEWAYS), address


def test_it_is_built_by_keyboard_in_dialogs(signed_in_page: OpenPage, marketer: TeamMember) -> None:
    campaign = campaign_of(marketer, carrying(LabelFactory(name="vip"), marketer))
    page = signed_in_page(marketer, width=390)
    page.goto(f"/campaigns/{campaign.pk}")
    page.get_by_role("link", name="Add step", exact=True).press("Enter")
    expect(page.get_by_label("Find a condition or an action")).to_be_focused()
    assert axe(page) == []
    page.keyboard.type("lost")
    expect(page.locator(".chooser a")).to_have_count(2)
    page.get_by_role("link", name="Is lost").press("Enter")
    expect(page.get_by_label("Name")).to_be_focused()
    page.get_by_label("at a relative time period").press("Space")
    page.get_by_role("button", name="Add", exact=True).press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    assert axe(page) == []
    page.locator("input[name=amount]").fill("3")
    page.locator("input[name=amount]").press("Enter")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("#campaign-plan")).to_contain_text("after 3 days")
    page.get_by_role("link", name="Add step if yes: is lost").press("Enter")
    page.get_by_role("link", name="Change contact's stage").press("Enter")
    page.get_by_label("Select stage").select_option("Customer")
    page.get_by_role("button", name="Add", exact=True).press("Enter")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.get_by_label("If yes: Is lost")).to_contain_text("Move to Customer")
    step = CampaignStep.objects.get(kind="change_stage")
    assert (step.branch, step.parent and step.parent.kind) == ("yes", "is_lost")


def test_steps_change_places_and_the_focus_stays(signed_in_page: OpenPage, marketer: TeamMember) -> None:
    campaign = campaign_of(marketer)
    for name in "ab":
        add(campaign, marketer, Kind.IS_LOST, name=name)
    page = signed_in_page(marketer)
    page.goto(f"/campaigns/{campaign.pk}")
    button = page.get_by_role("button", name="Move b up")
    button.press("Enter")
    expect(page.locator("#campaign-plan .plan-name").first).to_have_text("b")
    expect(button).to_be_focused()


def test_without_scripts_it_is_built_and_switched_on(open_page: OpenPage, marketer: TeamMember) -> None:
    carrying(LabelFactory(name="vip"), marketer, "Vips")
    page = open_page(marketer, javascript=False)
    page.goto("/campaigns")
    page.get_by_role("link", name="New campaign").first.click()
    page.get_by_label("Name").fill("Win-back")
    page.get_by_label("Vips").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Add step", exact=True).click()
    page.get_by_label("Find a condition or an action").fill("stage")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Change contact's stage").click()
    page.get_by_label("Select stage").select_option("Engaged")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("link", name="What would happen now?").click()
    expect(page.locator("#campaign-foresight")).to_contain_text("0 contacts would enter now.")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert Campaign.objects.get().is_active
