"""Conversion, time in stage, lost and stuck in a real browser: readable in every width and scheme, and by keys."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.status import actions as status
from journeys.status.models import FunnelStatus
from stages.models import Stage
from tests.factories import contact_in
from tests.fixtures.browser import axe

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
REPORTS = [
    "conversion?by=month&period=this-month",
    "time-in-stage?period=this-month",
    "lost?period=this-month",
    "stuck",
]


@pytest.fixture
def book(aware: Stage, customer: Stage) -> None:
    """Somebody who moved on, who was lost, who came back, and two who are over target."""
    now = timezone.now()
    Stage.objects.filter(pk=aware.pk).update(target_days=10)
    for days, name in ((40, "Bea"), (20, "Ali")):
        contact_in(aware, since=now - timedelta(days=days), first_name=name)
    first = now - timedelta(days=3)
    contact_in(aware, since=first, lost=True)
    came_back = contact_in(customer, since=first, lost=True)
    status.recover(contacts=[came_back.pk], cause=Cause.MANUAL, by=None)
    moved = contact_in(aware, since=first)
    status.change_status(contacts=[moved.pk], to=customer, cause=Cause.MANUAL, by=None)


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_everybody_can_read_it(
    signed_in_page: OpenPage, marketer: TeamMember, book: None, report: str, width: int, scheme: str
) -> None:
    page = signed_in_page(marketer, width=width, scheme=scheme)
    page.goto(f"/reports/{report}")
    expect(page.locator(".report-table").first).to_be_visible()
    assert axe(page) == []
    if width == 390:
        page.set_viewport_size({"width": 320, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_those_over_target_are_gone_through_by_keys(signed_in_page: OpenPage, operator: TeamMember, book: None) -> None:
    page = signed_in_page(operator)
    page.goto("/reports/stuck")
    rows = page.locator(".stuck-table tbody tr")
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(rows.nth(0)).to_be_focused()

    page.keyboard.press("c")
    expect(page.locator("#dialog")).to_contain_text("Bea")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("l")
    expect(page.locator("#dialog")).to_contain_text("Ali")
    page.locator("#dialog").get_by_role("button", name="Mark lost").click()
    expect(rows.nth(1)).to_contain_text("Lost from")
    ali = FunnelStatus.objects.get(contact__first_name="Ali")
    bea = FunnelStatus.objects.get(contact__first_name="Bea")
    assert (ali.is_lost, ali.changed_by, bea.is_lost) == (True, operator, False)
    page.keyboard.press("k")
    expect(rows.nth(0)).to_be_focused()


def test_the_keys_can_be_switched_off(signed_in_page: OpenPage, operator: TeamMember, book: None) -> None:
    TeamMember.objects.filter(pk=operator.pk).update(shortcuts=False)
    page = signed_in_page(operator)
    page.goto("/reports/stuck")
    expect(page.locator(".stuck-keys")).to_be_hidden()
    page.keyboard.press("j")
    expect(page.locator(".stuck-table tr:focus")).to_have_count(0)


def test_without_scripts(signed_in_page: OpenPage, viewer: TeamMember, book: None) -> None:
    page = signed_in_page(viewer, javascript=False)
    page.goto("/reports/conversion?period=last-year")
    page.get_by_role("link", name="Count now").click()
    expect(page.locator("#conversion-figures")).to_contain_text("Nobody entered")
    page.goto("/reports/stuck")
    page.locator(".stuck-stages").get_by_role("link", name="2").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Over target in Aware now")
