"""The search in the top bar, and lists under the keys, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from config.team.models import TeamMember
from contacts.models import Contact
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.fixtures.browser import axe

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]


@pytest.fixture
def people(customer: Stage, aware: Stage) -> list[Contact]:
    """Three whose names begin alike, the newest last; a label of the same beginning."""
    LabelFactory(name="ada's friends", colour="#b42318")
    names = [("Ada", "Berg"), ("Ada", "Lund"), ("Adam", "Silva")]
    return [contact_in(customer, first_name=first, last_name=last) for first, last in names]


def chosen(page: Page) -> str:
    """The option that the keys are on, as a screen reader is told; empty if there is none."""
    option = page.get_attribute("#search", "aria-activedescendant")
    return page.locator(f"#{option}").inner_text().split("\n")[0] if option else ""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    signed_in_page: OpenPage, viewer: TeamMember, people: list[Contact], width: int, scheme: str
) -> None:
    page = signed_in_page(viewer, width=width, scheme=scheme)
    for address in ("/search", "/search?q=ada", "/search?q=zzz"):
        page.goto(address)
        assert axe(page) == [], address
    page.fill("#search", "ada")
    expect(page.locator("#search-options [role=option]")).to_have_count(5)
    page.keyboard.press("ArrowDown")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_results_come_while_typing_and_the_keys_lead_through_them(
    signed_in_page: OpenPage, viewer: TeamMember, people: list[Contact]
) -> None:
    page = signed_in_page(viewer)
    page.goto("/stages")
    field = page.get_by_role("combobox", name="Search")
    expect(field).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("/")
    expect(field).to_be_focused()
    page.keyboard.type("ada")
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#search-said")).to_have_text("3 contacts, 1 label found")
    expect(page.get_by_role("option")).to_have_count(5)
    assert chosen(page) == ""

    for key, name in (
        ("ArrowDown", "Adam Silva"),
        ("ArrowDown", "Ada Lund"),
        ("ArrowUp", "Adam Silva"),
        ("ArrowUp", "All results for “ada”"),
        ("ArrowUp", "ada's friends"),
    ):
        page.keyboard.press(key)
        assert chosen(page) == name
    expect(field).to_be_focused()
    expect(page.locator("[role=option][aria-selected=true]")).to_have_count(1)

    page.keyboard.press("Escape")
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(field).to_have_value("ada")
    assert page.locator("#search-results").is_hidden()
    page.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/contacts/{people[2].pk}")


def test_whoever_goes_on_leaves_no_results_behind(
    signed_in_page: OpenPage, viewer: TeamMember, people: list[Contact]
) -> None:
    page = signed_in_page(viewer)
    page.goto("/stages")
    page.fill("#search", "ada")
    expect(page.locator("#search-options")).to_be_visible()
    page.mouse.click(1100, 700)
    expect(page.locator("#search-options")).to_be_hidden()
    page.fill("#search", "")
    expect(page.locator("#search-options")).to_have_count(0)
    page.fill("#search", "zzz")
    expect(page.locator("#search-said")).to_have_text("Nothing found")
    page.click("text=Nothing found for “zzz”")
    page.wait_for_url("**/search?q=zzz")


def test_a_result_is_clicked(signed_in_page: OpenPage, viewer: TeamMember, people: list[Contact]) -> None:
    page = signed_in_page(viewer, width=390, has_touch=True)
    page.goto("/stages")
    page.fill("#search", "ada lund")
    page.get_by_role("option", name="Ada Lund person").tap()
    page.wait_for_url(f"**/contacts/{people[1].pk}")


def test_the_same_without_javascript(signed_in_page: OpenPage, viewer: TeamMember, people: list[Contact]) -> None:
    page = signed_in_page(viewer, javascript=False)
    page.goto("/stages")
    page.fill("#search", "ada")
    page.keyboard.press("Enter")
    expect(page.locator(".search-list .search-name")).to_have_text(
        ["Adam Silva", "Ada Lund", "Ada Berg", "ada's friends"]
    )
    page.click(".search-list >> text=Ada Berg")
    assert page.url.endswith(f"/contacts/{people[0].pk}")


# A list under the keys


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.innerText || document.activeElement.id")


def test_contacts_are_gone_through_selected_and_opened_by_keys(
    signed_in_page: OpenPage, operator: TeamMember, people: list[Contact]
) -> None:
    page = signed_in_page(operator)
    page.goto("/contacts")
    for key, name in (
        ("j", "Adam Silva"),
        ("j", "Ada Lund"),
        ("k", "Adam Silva"),
        ("k", "Adam Silva"),
        ("ArrowDown", "Ada Lund"),
        ("ArrowDown", "Ada Berg"),
        ("ArrowDown", "Ada Berg"),
        ("ArrowUp", "Ada Lund"),
    ):
        page.keyboard.press(key)
        assert focused(page) == name, key
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-selected]")).to_have_text("2 selected")
    page.keyboard.press("x")
    expect(page.locator("[data-selected]")).to_have_text("1 selected")
    assert focused(page) == "Ada Berg"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/contacts/{people[0].pk}")


def test_whoever_switched_the_keys_off_moves_by_arrows_alone(
    signed_in_page: OpenPage, operator: TeamMember, people: list[Contact]
) -> None:
    TeamMember.objects.filter(pk=operator.pk).update(shortcuts=False)
    page = signed_in_page(operator)
    page.goto("/contacts")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[name=contact]:checked")).to_have_count(0)
    page.focus("#contacts-list .name")
    page.keyboard.press("ArrowDown")
    assert focused(page) == "Ada Lund"


def test_the_keys_are_said(signed_in_page: OpenPage, operator: TeamMember) -> None:
    page = signed_in_page(operator)
    page.goto("/stages")
    page.keyboard.press("?")
    for said in ("Next, previous contact of a list", "Select the contact", "Open the contact"):
        expect(page.locator("dialog")).to_contain_text(said)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("main h1")).to_have_text("Stages")


def test_letters_typed_into_the_search_of_the_list_move_nothing(
    signed_in_page: OpenPage, operator: TeamMember, people: list[Contact]
) -> None:
    page = signed_in_page(operator)
    page.goto("/contacts")
    page.focus("#contacts-search")
    page.keyboard.type("jxk")
    expect(page.locator("#contacts-search")).to_have_value("jxk")
    expect(page.locator("[name=contact]:checked")).to_have_count(0)


# Columns, order, tabs


@pytest.mark.parametrize("javascript", [True, False])
def test_columns_are_chosen_and_kept(
    signed_in_page: OpenPage, viewer: TeamMember, people: list[Contact], javascript: bool
) -> None:
    page = signed_in_page(viewer, javascript=javascript)
    page.goto("/contacts?q=ada")
    page.click("#columns-menu")
    page.uncheck("#contacts-columns >> text=Company")
    page.check("#contacts-columns >> text=E-mail")
    page.click("text=Show these")
    heads = page.locator("#contacts-list thead th")
    expect(heads).to_have_text(["Contact", "Stands in", "Since", "Labels", "Last open", "E-mail", "Actions"])
    assert "q=ada" in page.url
    page.click("text=Keep these columns for me")
    expect(page.get_by_role("status")).to_contain_text("You see these columns from now on.")
    page.goto("/contacts")
    expect(heads).to_have_text(["Contact", "Stands in", "Since", "Labels", "Last open", "E-mail", "Actions"])


def test_the_order_stays_while_the_list_is_narrowed(
    signed_in_page: OpenPage, viewer: TeamMember, people: list[Contact], aware: Stage, customer: Stage
) -> None:
    page = signed_in_page(viewer)
    page.goto("/contacts")
    page.click("thead >> text=Contact")
    names = page.locator("#contacts-list .name")
    expect(names).to_have_text(["Ada Berg", "Ada Lund", "Adam Silva"])
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Contact")
    page.click("thead >> text=Contact")
    expect(names).to_have_text(["Adam Silva", "Ada Lund", "Ada Berg"])
    expect(page.locator("#contacts-sort")).to_have_value("-name")
    page.select_option("#id_stage", str(customer.pk))
    expect(page.locator("caption")).to_have_text("3 contacts found, by name, Z to A")
    expect(page.locator("#contacts-tabs [aria-current]")).to_contain_text("Customer")
    page.select_option("#contacts-sort", "name")
    expect(names).to_have_text(["Ada Berg", "Ada Lund", "Adam Silva"])
    page.click("#contacts-tabs >> text=Aware")
    expect(page.locator("main h2")).to_contain_text(["No contact is like this"])
