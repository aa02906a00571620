"""The journey, worked end to end in a real browser: with the mouse, with keys alone, and without JavaScript."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Contact
from journeys.status.actions import change_status
from journeys.status.models import LostReason
from stages.models import Stage
from tests.factories import contact_in
from tests.fixtures.browser import axe
from tests.heart import moves

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
LONG_AGO = datetime(2025, 3, 3, 12, tzinfo=UTC)
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}

TARGETS = ".funnel-number, .funnel summary, .contact-menu summary, .day-choice summary"
SMALL_ONES = """([targets, least]) => [...document.querySelectorAll(targets)]
  .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < least)
  .map((element) => element.id)"""


@pytest.fixture
def book(aware: Stage, engaged: Stage, customer: Stage, promoter: Stage) -> dict[str, Contact]:
    """Some contacts in some stages, by first name; a stage with a long name; one retired."""
    Stage.objects.create(name="Somebody who has been with us for a very long time indeed", weight=45, colour="#e5484d")
    reason = LostReason.objects.get(name="Chose a competitor")
    names = {"Ana": (aware, False), "Bo": (aware, False), "Carla": (aware, True), "Dora": (customer, False)}
    names |= {"Emil": (customer, True), "Finn": (promoter, False), "Greta": (None, False)}
    book = {
        name: contact_in(
            stage, since=LONG_AGO, lost=lost, reason=reason if lost else None, first_name=name, last_name="Lee"
        )
        for name, (stage, lost) in names.items()
    }
    Stage.objects.filter(pk=promoter.pk).update(retired_at=timezone.now())
    return book


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")


def number(page: Page, show: str, stage: Stage | str) -> Locator:
    return page.locator(f"#number-{show}-{stage if isinstance(stage, str) else stage.pk}")


def row(page: Page, contact: Contact) -> Locator:
    return page.locator(f"#contact-{contact.pk}")


def menu(page: Page, contact: Contact) -> Locator:
    return page.locator(f"#contact-menu-button-{contact.pk}")


# Seen by everybody


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    signed_in_page: OpenPage, operator: TeamMember, book, aware: Stage, width: int, scheme: str
) -> None:
    page = signed_in_page(operator, width=width, scheme=scheme)
    yesterday = timezone.localdate() - timedelta(days=1)
    ana, carla = book["Ana"].pk, book["Carla"].pk
    for address in (
        *("/", "/?lost=all", f"/?entered={aware.pk}", f"/?at={yesterday}&stage=all", "/?at=2999-01-01"),
        *(f"/contacts/{ana}/change-status?to={aware.pk}", f"/contacts/{ana}/mark-lost"),
        *(f"/contacts/{carla}/recover", f"/contacts/{carla}/change-status"),
    ):
        page.goto(address)
        assert axe(page) == [], address


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing_on_what_opens(
    signed_in_page: OpenPage, operator: TeamMember, book, aware: Stage, width: int, scheme: str
) -> None:
    page = signed_in_page(operator, width=width, scheme=scheme, height=1400)
    page.goto("/")
    page.click("#day-menu")
    assert axe(page) == []
    page.keyboard.press("Escape")
    page.click(f"#about-{aware.pk}")
    expect(page.locator(".funnel-help:visible")).to_contain_text("Contact is aware of your product. Top of funnel.")
    assert axe(page) == []
    page.keyboard.press("Escape")
    menu(page, book["Ana"]).click()
    assert axe(page) == []
    page.click("text=Mark lost >> visible=true")
    expect(page.locator("dialog #id_reason")).to_be_focused()
    assert axe(page) == []
    page.click("dialog button.danger")
    expect(row(page, book["Ana"])).to_contain_text("Undo")
    expect(menu(page, book["Ana"])).to_be_focused()  # which has scrolled to it
    page.evaluate("scrollTo(0, 0)")
    assert axe(page) == []


@pytest.mark.parametrize("width", [1280, 800, 640, 390, 320])
def test_nothing_scrolls_sideways(signed_in_page: OpenPage, operator: TeamMember, book, aware: Stage, width) -> None:
    page = signed_in_page(operator, width=width)
    yesterday = timezone.localdate() - timedelta(days=1)
    for address in ("/", "/?lost=all", f"/?entered={aware.pk}", f"/?at={yesterday}&stage=all"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") == width, address


@pytest.mark.parametrize("width", [1280, 800, 640, 390, 320])
def test_the_funnel_of_millions_scrolls_nowhere(signed_in_page: OpenPage, operator: TeamMember, book, width) -> None:
    page = signed_in_page(operator, width=width)
    page.goto("/")
    counts = page.locator(".funnel-row .funnel-number")
    expect(counts).not_to_have_count(0)
    counts.evaluate_all("counts => counts.forEach(count => { count.lastChild.textContent = '1,234,567' })")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_targets_are_24_px_and_44_on_touch(signed_in_page: OpenPage, operator: TeamMember, book) -> None:
    page = signed_in_page(operator)
    page.goto("/")
    assert page.evaluate(SMALL_ONES, [TARGETS, 24]) == []
    phone = signed_in_page(operator, **PHONE)
    phone.goto("/")
    assert phone.evaluate(SMALL_ONES, [TARGETS, 44]) == []


def test_viewers_have_no_menu(signed_in_page: OpenPage, viewer: TeamMember, book) -> None:
    page = signed_in_page(viewer)
    page.goto("/?stage=all")
    expect(row(page, book["Ana"])).to_be_visible()
    expect(page.locator(".contact-menu")).to_have_count(0)


# With the mouse


@pytest.mark.parametrize("width", [1280, 390])
def test_the_journey_with_the_mouse(
    signed_in_page: OpenPage, operator: TeamMember, book, aware: Stage, customer: Stage, width: int
) -> None:
    ana = book["Ana"]
    page = signed_in_page(operator, width=width)
    page.goto("/")
    number(page, "lost", customer).click()
    expect(page.locator("#contacts-title")).to_contain_text("Lost from Customer 1")
    assert page.url.endswith(f"/?lost={customer.pk}")
    expect(page.locator("#contacts-title")).to_be_in_viewport()
    page.go_back()
    expect(page.locator("#contacts-title")).to_contain_text("In Aware 2")

    menu(page, ana).click()
    page.click("text=Change status >> visible=true")
    page.select_option("dialog #id_to", label="Customer")
    expect(page.locator("#change-status-effect")).to_contain_text("Forward from Aware to Customer.")
    page.fill("dialog #id_note", "She bought.")
    page.click("dialog button.primary")
    expect(row(page, ana)).to_contain_text("Customer")
    expect(page.get_by_role("status")).to_have_text("Ana Lee is in Customer now. Undo")
    expect(page.locator("dialog")).to_be_hidden()
    expect(number(page, "stage", aware)).to_have_text("1")
    expect(number(page, "stage", customer)).to_have_text("2")
    expect(page.locator("#customer-journey-count")).to_have_text("1")
    assert moves(ana) == ["outside > Aware", "Aware > Customer"]

    menu(page, ana).click()
    page.click("text=Mark lost >> visible=true")
    page.select_option("dialog #id_reason", label="No answer")
    page.click("dialog button.danger")
    expect(row(page, ana).locator(".is-gone")).to_contain_text("Lost from Customer")
    expect(row(page, ana)).to_contain_text("No answer")
    expect(number(page, "lost", customer)).to_have_text("2 lost")

    row(page, ana).get_by_role("button", name="Undo").click()
    expect(row(page, ana).locator(".is-gone")).to_have_count(0)
    expect(number(page, "lost", customer)).to_have_text("1 lost")

    page.goto("/?lost=all")
    menu(page, book["Carla"]).click()
    page.click("text=Recover to Aware >> visible=true")
    expect(page.get_by_role("status")).to_have_text("Carla Lee is in Aware now. Undo")
    assert focused(page) == f"contact-menu-button-{book['Carla'].pk}"
    page.click("#messages >> text=Undo")
    expect(page.get_by_role("status")).to_have_text("Carla Lee is lost from Aware again. Undo")
    assert page.url.endswith("/?lost=all")
    assert moves(book["Carla"])[2:] == ["lost from Aware > Aware", "Aware > lost from Aware"]


def test_errors_stand_in_the_dialog(signed_in_page: OpenPage, operator: TeamMember, book) -> None:
    page = signed_in_page(operator)
    page.goto("/")
    menu(page, book["Ana"]).click()
    page.click("text=Change status >> visible=true")
    page.fill("dialog #id_note", "Kept")
    page.click("dialog button.primary")
    expect(page.locator("dialog .error-summary")).to_be_focused()
    expect(page.locator("#id_to_error")).to_contain_text("Choose a stage.")
    assert page.input_value("dialog #id_note") == "Kept"
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    assert moves(book["Ana"]) == ["outside > Aware"]


def test_the_second_of_two_is_told_in_the_dialog(
    signed_in_page: OpenPage, operator: TeamMember, marketer: TeamMember, book, engaged: Stage
) -> None:
    ana = book["Ana"]
    page = signed_in_page(operator)
    page.goto("/")
    menu(page, ana).click()
    page.click("text=Change status >> visible=true")
    page.select_option("dialog #id_to", label="Customer")
    page.fill("dialog #id_note", "She bought.")
    change_status(contacts=[ana.pk], to=engaged, cause=Cause.MANUAL, by=marketer)
    page.click("dialog button.primary")

    expect(page.locator("dialog .notice")).to_contain_text("by Max Weber: Aware → Engaged.")
    expect(page.locator("dialog .notice")).to_be_focused()
    assert page.input_value("dialog #id_note") == "She bought."
    assert axe(page) == []
    page.click("dialog >> text=Save anyway")
    expect(page.get_by_role("status")).to_have_text("Ana Lee is in Customer now. Undo")
    assert moves(ana)[1:] == ["Aware > Engaged", "Engaged > Customer"]


# With keys alone


@pytest.mark.parametrize("width", [1280, 390])
def test_the_journey_with_keys_alone(
    signed_in_page: OpenPage, operator: TeamMember, book, aware: Stage, customer: Stage, width: int
) -> None:
    dora = book["Dora"]
    page = signed_in_page(operator, width=width)
    page.goto("/")

    def tab_to(wanted: str, most: int = 60) -> None:
        for _ in range(most):
            page.keyboard.press("Tab")
            if focused(page) == wanted:
                return
        raise AssertionError(f"{wanted} was not reached")

    tab_to(f"number-stage-{customer.pk}")
    page.keyboard.press("Enter")
    expect(page.locator("#contacts-title")).to_contain_text("In Customer 1")
    assert focused(page) == f"number-stage-{customer.pk}"

    tab_to(f"contact-menu-button-{dora.pk}")
    page.keyboard.press("Enter")
    tab_to("Change status", 1)
    page.keyboard.press("Enter")
    expect(page.locator("dialog #id_to")).to_be_focused()
    page.keyboard.type("Aware")
    expect(page.locator("#change-status-effect")).to_contain_text("This goes back, from Customer")
    page.keyboard.press("Tab")
    page.keyboard.type("Refunded.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_be_hidden()
    expect(menu(page, dora)).to_be_focused()
    assert moves(dora)[1:] == ["Customer > Aware"]
    expect(number(page, "stage", customer)).to_have_text("0")

    page.keyboard.press("Enter")
    tab_to("Mark lost", 2)
    page.keyboard.press("Enter")
    expect(page.locator("dialog #id_reason")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    expect(menu(page, dora)).to_be_focused()

    page.keyboard.press("Shift+Tab")
    assert focused(page) == "Undo"
    page.keyboard.press("Enter")
    expect(number(page, "stage", customer)).to_have_text("1")
    assert moves(dora)[2:] == ["Aware > Customer"]
    assert focused(page) == f"contact-standing-{dora.pk}"


# Without JavaScript


@pytest.mark.parametrize("width", [1280, 390])
def test_the_journey_without_javascript(
    signed_in_page: OpenPage, operator: TeamMember, book, aware: Stage, customer: Stage, width: int
) -> None:
    ana = book["Ana"]
    page = signed_in_page(operator, width=width, javascript=False)
    page.goto("/")
    number(page, "stage", aware).click()
    expect(page.locator("#contacts-title")).to_be_in_viewport()

    menu(page, ana).click()
    page.click("text=Change status >> visible=true")
    assert f"/contacts/{ana.pk}/change-status" in page.url
    page.click("main button.primary")
    expect(page.locator("main .error-summary")).to_contain_text("Choose a stage.")
    page.select_option("#id_to", label="Customer")
    page.fill("#id_note", "She bought.")
    page.click("main button.primary")
    assert page.url.endswith(f"/?stage={aware.pk}")
    expect(page.locator("#messages")).to_contain_text("Ana Lee is in Customer now.")
    expect(number(page, "stage", customer)).to_have_text("2")

    page.click("#messages >> text=Undo")
    expect(page.locator("#messages")).to_contain_text("Ana Lee is in Aware again.")

    page.goto("/?lost=all")
    menu(page, book["Emil"]).click()
    page.click("text=Recover to Customer >> visible=true")
    assert page.url.endswith("/?lost=all")
    expect(row(page, book["Emil"])).to_have_count(0)
    assert moves(book["Emil"])[2:] == ["lost from Customer > Customer"]


def test_another_day_without_javascript(signed_in_page: OpenPage, operator: TeamMember, book, aware: Stage) -> None:
    change_status(contacts=[book["Ana"].pk], to=None, cause=Cause.MANUAL, by=operator)
    page = signed_in_page(operator, javascript=False)
    page.goto("/")
    page.click("#day-menu")
    page.click("text=Yesterday")
    expect(number(page, "stage", aware)).to_have_text("3")
    number(page, "stage", aware).click()
    expect(page.locator("#customer-journey-contacts tbody tr")).to_have_count(3)
    page.click("#day-menu")
    page.fill("#id_at", "2025-03-02")
    page.get_by_role("button", name="Show", exact=True).click()
    assert page.url.endswith("/?at=2025-03-02")
    expect(number(page, "stage", "all")).to_have_text("0 contacts")
