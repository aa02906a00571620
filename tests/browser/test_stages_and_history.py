"""Stages, status history, lost reasons and the admin in a real browser."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Contact
from journeys.history import queries
from journeys.rules.models import FunnelSettings
from journeys.runs.models import Run
from journeys.status.actions import change_status
from journeys.status.models import FunnelStatus, LostReason, StatusChange
from stages.models import Category, Stage
from tests.factories import contact_in
from tests.fixtures.browser import Watch, axe

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"
WIDTHS_AND_SCHEMES = [(1280, "light"), (390, "dark"), (1280, "dark"), (390, "light")]


@pytest.fixture
def a_full_book(aware: Stage, customer: Stage, promoter: Stage, operator: TeamMember, marketer: TeamMember) -> Contact:
    """Something of every kind that these screens show."""
    sales = Category.objects.create(title="Sales", alias="sales")
    now = timezone.now()
    Stage.objects.filter(pk=customer.pk).update(weight=50, category=sales, target_days=60)
    Stage.objects.filter(pk=promoter.pk).update(publish_up=now + timedelta(days=3))
    Stage.objects.filter(name="Engaged").update(publish_down=now - timedelta(days=3))
    Stage.objects.filter(name="Loyal Customer").update(is_published=False, name="L" + "o" * 60 + "yal")
    run = Run.objects.create(kind=Run.Kind.LABEL_RULE, words="everybody carrying purchased-q2 → Customer")
    bounced = LostReason.objects.get(name="Bounced")
    contact = contact_in(aware, since=datetime(2025, 3, 3, tzinfo=UTC), first_name="Ana", company="Acme Ltd")
    change_status(contacts=[contact.pk], to=customer, cause=Cause.LABEL_RULE, by=marketer, run=run, note="She bought.")
    change_status(contacts=[contact.pk], to=aware, cause=Cause.MANUAL, by=operator, review_needed=True)
    contact_in(customer, lost=True, reason=bounced, by=operator, first_name="M" + "a" * 70)
    contact_in(None, lost=True)
    LostReason.objects.filter(name="Duplicate").update(is_retired=True)
    return contact


ADDRESSES = [
    "/stages",
    "/stages/new",
    "/stages/3",
    "/stages/4",
    "/stages/3/edit",
    "/stages/1/retire",
    "/stages/4/retire",
    "/stages/4/merge",
    "/status-history",
    "/status-history?what=lost&since=2026-02-30",
    "/status-history?what=erased",
    "/settings/lost-reasons",
    "/settings/lost-reasons/2/rename",
    "/settings/categories",
    "/settings/categories/new",
]


@pytest.mark.parametrize(("width", "scheme"), WIDTHS_AND_SCHEMES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    signed_in_page: OpenPage, marketer: TeamMember, a_full_book: Contact, width: int, scheme: str
) -> None:
    page = signed_in_page(marketer, width=width, scheme=scheme)
    for address in ADDRESSES:
        page.goto(address)
        assert axe(page) == [], address
        assert not page.evaluate(SIDEWAYS), address
    page.goto("/settings/lost-reasons")
    page.click("text=1 retired")
    assert axe(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_there_is_nothing(signed_in_page: OpenPage, marketer, scheme: str) -> None:
    Stage.objects.update(retired_at=timezone.now())
    LostReason.objects.update(is_retired=True)
    page = signed_in_page(marketer, scheme=scheme)
    for address in ("/stages", "/status-history", "/settings/lost-reasons", "/settings/categories"):
        page.goto(address)
        assert axe(page) == [], address


def test_nothing_scrolls_sideways_at_320(signed_in_page: OpenPage, marketer: TeamMember, a_full_book: Contact) -> None:
    page = signed_in_page(marketer, width=320)
    for address in ADDRESSES:
        page.goto(address)
        assert not page.evaluate(SIDEWAYS), address


def test_a_stage_is_made_and_corrected_by_hand(signed_in_page: OpenPage, marketer: TeamMember) -> None:
    page = signed_in_page(marketer)
    page.goto("/stages")
    page.click("text=New stage")
    page.fill("[name=description]", "Tries it for thirty days.")
    page.fill("[name=weight]", "25")
    page.click("text=Save & Close")
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator(".error-summary")).to_contain_text("Name: Give the stage a name.")
    expect(page.locator("[name=description]")).to_have_value("Tries it for thirty days.")
    assert axe(page) == []

    page.fill("[name=name]", "Trial")
    page.fill("[name=colour]", "#aa1122")
    page.fill("[name=publish_up]", "2030-05-01T09:30")
    page.click("text=Save & Close")

    expect(page.locator(".message")).to_contain_text("Trial was created.")
    names = page.locator(".stages tbody th .stage").all_inner_texts()
    assert names == ["Aware", "Engaged", "Trial", "Customer", "Loyal Customer", "Promoter"]
    row = page.locator("tr", has_text="Trial")
    expect(row).to_contain_text("Pending")
    assert row.locator(".swatch rect").get_attribute("fill") == "#aa1122"

    row.locator("a.name").click()
    page.click("text=Edit")
    expect(page.locator("[name=publish_up]")).to_have_value("2030-05-01T09:30")
    page.click("text=Cancel")
    expect(page).to_have_url(re.compile("/stages$"))


def test_two_people_at_one_stage_the_second_is_told(
    signed_in_page: OpenPage, marketer: TeamMember, administrator: TeamMember, customer: Stage
) -> None:
    page = signed_in_page(marketer)
    page.goto(f"/stages/{customer.pk}/edit")
    page.fill("[name=description]", "Mine")
    Stage.objects.filter(pk=customer.pk).update(name="Client", modified_by=administrator, modified_at=timezone.now())

    page.click(".form-foot >> text=Save >> nth=0")

    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator(".error-summary")).to_contain_text("Ana Silva changed this stage just now.")
    expect(page.locator("[name=description]")).to_have_value("Mine")
    assert axe(page) == []
    assert Stage.objects.get(pk=customer.pk).description != "Mine"
    page.click(".form-foot >> text=Save >> nth=0")
    expect(page.locator(".message")).to_contain_text("was saved.")
    assert Stage.objects.get(pk=customer.pk).description == "Mine"


def test_history_is_narrowed_and_paged_in_place_and_back_works(
    signed_in_page: OpenPage, viewer: TeamMember, a_full_book: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    page = signed_in_page(viewer)
    page.goto("/status-history")
    page.evaluate("window.stays = true")
    rows = page.locator("#status-history-list tbody tr")

    page.select_option("[name=what]", "new")
    page.click("text=Apply")
    expect(page).to_have_url(re.compile("what=new"))
    expect(rows).to_have_count(2)
    page.click("#pager-next")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Ana")
    assert page.evaluate("window.stays") is True
    page.go_back()
    expect(rows).to_have_count(2)


def test_it_all_works_without_scripts(signed_in_page: OpenPage, marketer: TeamMember, a_full_book: Contact) -> None:
    page = signed_in_page(marketer, javascript=False)
    page.goto("/status-history")
    page.select_option("[name=cause]", "label_rule")
    page.click("text=Apply")
    expect(page.locator("#status-history-list tbody tr")).to_have_count(1)
    expect(page.locator(".history-note")).to_have_text("She bought.")

    page.goto("/settings/lost-reasons")
    page.click("#lost-reason-2-up")
    assert page.locator(".rows .row-name").first.inner_text() == "Unsubscribed"
    page.click("#lost-reason-menu-2")
    page.click("text=Rename >> visible=true")
    page.fill("[name=rename-name]", "Left the list")
    page.click(".rows >> text=Save")
    assert page.locator(".rows .row-name").first.inner_text() == "Left the list"


def test_reasons_are_ordered_in_place_and_the_focus_stays(signed_in_page: OpenPage, marketer: TeamMember) -> None:
    page = signed_in_page(marketer)
    page.goto("/settings/lost-reasons")
    for place in ("3", "2", "1"):
        page.focus("#lost-reason-4-up")
        page.keyboard.press("Enter")
        expect(page.locator("#messages")).to_contain_text(f"Chose a competitor is number {place} of the list.")
        expect(page.locator("#lost-reason-4-up")).to_be_focused()
    expect(page.locator(".rows .row-name").first).to_have_text("Chose a competitor")


def test_what_was_swapped_in_works_at_once(signed_in_page: OpenPage, marketer: TeamMember) -> None:
    page = signed_in_page(marketer)
    page.goto("/settings/lost-reasons")
    page.evaluate("""() => {
        window.isSamePage = true;
        const list = document.getElementById("lost-reasons-list").parentElement;
        new MutationObserver((_, observer) => {
            observer.disconnect();
            document.getElementById("lost-reason-4-up").click();
        }).observe(list, { childList: true });
    }""")
    page.click("#lost-reason-4-up")
    expect(page.locator("#messages")).to_contain_text("Chose a competitor is number 2 of the list.")
    assert page.evaluate("window.isSamePage")
    expect(page.locator("#lost-reason-4-up")).to_be_focused()


def test_required_is_saved_and_said(signed_in_page: OpenPage, marketer: TeamMember) -> None:
    page = signed_in_page(marketer)
    page.goto("/settings/lost-reasons")
    page.check("text=required >> nth=-1")
    page.click(".section >> text=Save")
    expect(page.locator("#messages")).to_contain_text("A lost reason is required now.")
    assert FunnelSettings.objects.get().lost_reason_required


def test_the_admin_works_under_our_content_security_policy(
    signed_in_page: OpenPage, administrator: TeamMember, a_full_book: Contact, customer: Stage, watch: Watch
) -> None:
    page = signed_in_page(administrator)
    for address in (
        "/admin/",
        "/admin/contacts/contact/",
        f"/admin/contacts/contact/{a_full_book.pk}/change/",
        "/admin/contacts/contact/add/",
        "/admin/contacts/label/add/",
        "/admin/stages/stage/",
        f"/admin/stages/stage/{customer.pk}/change/",
        "/admin/stages/category/add/",
        "/admin/journeys/statuschange/",
        f"/admin/journeys/statuschange/{StatusChange.objects.latest('id').pk}/change/",
        "/admin/journeys/run/",
        f"/admin/contacts/contact/{a_full_book.pk}/history/",
    ):
        response = page.goto(address)
        assert response and response.status == 200, address
        assert "unsafe" not in response.headers["content-security-policy"]
        assert watch.complaints == [], address

    page.goto("/admin/journeys/funnelstatus/")
    page.fill("#searchbar", "ana")
    page.press("#searchbar", "Enter")
    page.click("#result_list a >> text=Ana")
    page.select_option("[name=stage]", str(customer.pk))
    page.fill("[name=why]", "It was Customer all along")
    page.click("[name=_save]")
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")

    status = FunnelStatus.objects.get(pk=a_full_book.pk)
    assert (status.stage, status.cause, status.changed_by) == (customer, "data_fix", administrator)
    page.goto("/status-history?cause=data_fix")
    expect(page.locator("#status-history-list tbody tr")).to_have_count(1)
    expect(page.locator(".history-why")).to_contain_text("Ana Silva")
    expect(page.locator(".history-why")).to_contain_text("Corrected by an administrator")
