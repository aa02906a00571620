"""Reports in a browser: by keyboard and by pointer, with and without scripts, on paper, in both schemes."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.status import actions as status
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.fixtures.browser import axe

pytestmark = pytest.mark.django_db(transaction=True)

SignedIn = Callable[..., Page]
REPORTS = ["/reports", "/reports/compare", "/reports/ins-and-outs", "/reports/flows", "/reports/trend"]


@pytest.fixture
def last_month(db: None) -> str:
    """A month in which something of everything happened, as the address of a report says it."""
    today = timezone.localdate()
    last = today.replace(day=1) - timedelta(days=1)
    start = timezone.now() - timedelta(days=150)
    during = timezone.now() - timedelta(days=today.day + 9)
    stages = list(Stage.objects.in_use())
    for number in range(24):
        contact = contact_in(stages[number % 4], since=start)
        dates = {contact.pk: during}
        if number % 3 == 0:
            to = stages[(number * 7 + 1) % 5]
            status.change_status(
                contacts=[contact.pk], to=to, cause=Cause.MANUAL, by=None, dates=dates, back_allowed=True
            )
        elif number % 5 == 0:
            status.mark_lost(contacts=[contact.pk], reason=None, cause=Cause.MANUAL, by=None, dates=dates)
    for stage in stages[:3]:
        contact_in(stage, since=during)
    contact_in(None, since=start)
    return f"since={last.replace(day=1)}&until={last}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    signed_in_page: SignedIn, marketer: TeamMember, last_month: str, width: int, scheme: str
) -> None:
    page = signed_in_page(marketer, width=width, scheme=scheme)
    customer = Stage.objects.get(name="Customer")
    others = [f"/reports/contacts?{last_month}&place={customer.pk}", f"/reports/notes?{last_month}&report=flows"]
    for address in [*REPORTS, *others]:
        page.goto(f"{address}{'&' if '?' in address else '?'}{last_month}")
        expect(page.locator("[hx-trigger=load]")).to_have_count(0)
        assert (address, axe(page)) == (address, [])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    page.set_viewport_size({"width": 320, "height": 800})
    for address in REPORTS:
        page.goto(f"{address}?{last_month}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_long_names_of_stages_are_read_at_every_width_and_on_paper(
    signed_in_page: SignedIn, viewer: TeamMember, last_month: str
) -> None:
    Stage.objects.filter(name="Customer").update(name="Customer of the extended partner programme")
    page = signed_in_page(viewer)
    others = ["/reports/conversion", "/reports/time-in-stage", "/reports/lost", "/reports/stuck"]
    for address in [*REPORTS[1:], *others]:
        page.goto(f"{address}?{last_month}&by=month")
        for media, width in (("screen", 1280), ("screen", 1000), ("screen", 390), ("screen", 320), ("print", 718)):
            page.emulate_media(media=media)
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (address, width)
            names = page.locator(".report-table tbody th .stage")
            heights = names.evaluate_all("names => names.map(name => name.getBoundingClientRect().height)")
            assert heights, address
            assert max(heights) < 110, (address, width)


def test_from_the_navigation_to_the_names(signed_in_page: SignedIn, viewer: TeamMember, last_month: str) -> None:
    page = signed_in_page(viewer)
    page.goto("/")
    page.get_by_role("navigation").get_by_role("link", name="Reports", exact=True).first.click()
    page.get_by_role("link", name="Ins and outs").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ins and outs in")
    expect(page.get_by_text("It adds up: every row, the lost, and the whole book.")).to_be_visible()
    expect(page.get_by_text("was recorded after it").or_(page.get_by_text("were recorded after it"))).to_be_visible()
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Aware"))
    row.get_by_role("link").first.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("In Aware at the end of")
    expect(page.locator("tbody tr")).not_to_have_count(0)
    page.get_by_role("link", name="The report").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ins and outs in")


def test_other_days_are_chosen_and_stay_in_the_address(
    signed_in_page: SignedIn, viewer: TeamMember, last_month: str
) -> None:
    page = signed_in_page(viewer)
    page.goto("/reports/trend")
    page.get_by_text("Other days, or some of the contacts").click()
    page.get_by_label("From", exact=False).first.fill("2025-05-01")
    page.get_by_label("To", exact=True).or_(page.get_by_label(re.compile("^To"))).first.fill("2025-05-31")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Contacts in each stage over May 2025")
    expect(page).to_have_url(re.compile("since=2025-05-01&until=2025-05-31"))
    page.go_back()
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("May 2025")


def test_a_long_period_is_counted_while_one_looks_at_the_page(
    signed_in_page: SignedIn, viewer: TeamMember, last_month: str
) -> None:
    page = signed_in_page(viewer)
    page.goto("/reports/flows?period=this-year")
    expect(page.locator(".flows-matrix")).to_be_visible()
    expect(page.get_by_text("takes a few seconds")).to_have_count(0)


def test_without_scripts(signed_in_page: SignedIn, viewer: TeamMember, last_month: str) -> None:
    page = signed_in_page(viewer, javascript=False)
    label = LabelFactory(name="newsletter")
    page.goto(f"/reports/flows?period=this-year&label={label.pk}")
    page.get_by_role("link", name="Count now").click()
    expect(page.get_by_text("No contact was in the book")).to_be_visible()
    page.get_by_role("link", name="What is left out, and what was recorded later").click()
    expect(page.get_by_role("heading", name="What is left out")).to_be_visible()
    expect(page.get_by_role("button", name="Print")).to_have_count(0)


def test_on_paper_there_is_the_sentence_the_table_and_the_definitions(
    signed_in_page: SignedIn, viewer: TeamMember, last_month: str
) -> None:
    page = signed_in_page(viewer)
    page.goto(f"/reports/ins-and-outs?{last_month}")
    page.emulate_media(media="print")
    for seen in (page.get_by_role("heading", level=1), page.locator(".ledger"), page.locator(".report-largest")):
        expect(seen).to_be_visible()
    expect(page.get_by_text("How this is counted")).to_be_visible()
    for hidden in (page.locator(".report-presets"), page.locator(".side"), page.get_by_role("button", name="Print")):
        expect(hidden).to_be_hidden()
