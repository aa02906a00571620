"""The frame every screen stands in, and the components, in a real browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from config.team.models import Organisation, TeamMember
from tests.fixtures.browser import Watch, axe

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.browser.gallery")]

OpenPage = Callable[..., Page]
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}

SIDEWAYS = """[...document.querySelectorAll("body *")].filter((element) => {
  const box = element.getBoundingClientRect();
  const isMeant = element.closest(".sr, .skip, .top .account-name");
  return element.checkVisibility() && box.width && box.right > innerWidth + 1 && !isMeant;
}).map((element) => element.tagName + "." + element.className)"""

CONTROLS = (
    ".button, .menu-items > a, .menu-items button, .side-nav a, .bottom > a, .tabs a, .fold > summary, input, select"
)

LOW_CONTROLS = """(controls) => [...document.querySelectorAll(controls)]
  .filter((control) => control.checkVisibility() && !control.closest("label, .check, .sr"))
  .map((control) => [control.outerHTML.slice(0, 60), control.getBoundingClientRect().height])"""


@pytest.fixture(autouse=True)
def gallery_templates(settings: Any) -> None:
    (templates,) = settings.TEMPLATES
    folder = Path(__file__).parent / "templates"
    settings.TEMPLATES = [{**templates, "DIRS": [*templates["DIRS"], folder]}]


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.id || document.activeElement.className")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(signed_in_page: OpenPage, administrator: TeamMember, width: int, scheme: str) -> None:
    page = signed_in_page(administrator, width=width, scheme=scheme)
    for address in ("/gallery", "/gallery/move", "/account", "/settings/organisation", "/sign-out", "/nowhere"):
        page.goto(address)
        assert axe(page) == [], address

    anonymous = signed_in_page(width=width, scheme=scheme)
    for address in ("/sign-in", "/sign-out", "/nowhere"):
        anonymous.goto(address)
        assert axe(anonymous) == [], address


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark"), (1280, "dark"), (390, "light")])
def test_axe_finds_nothing_where_one_has_to_wait(
    signed_in_page: OpenPage, viewer, settings, width: int, scheme: str
) -> None:
    settings.AXES_FAILURE_LIMIT = 1
    page = signed_in_page(width=width, scheme=scheme)
    page.goto("/sign-in")
    page.fill("[name=username]", "nobody@example.com")
    page.fill("[name=password]", "guess")
    page.click("text=Sign in >> nth=-1")
    expect(page.locator("h1")).to_have_text("Wait a little")
    assert axe(page) == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
def test_axe_finds_nothing_on_what_opens(
    signed_in_page: OpenPage, administrator: TeamMember, width: int, scheme: str
) -> None:
    page = signed_in_page(administrator, width=width, scheme=scheme)
    page.goto("/gallery")
    page.click("#menu-1")
    page.click("#contact-1 >> text=Change status")
    page.click("dialog button.primary")
    expect(page.locator("dialog .error-summary")).to_be_focused()
    assert axe(page) == []

    page.fill("dialog #id_days", "1")
    page.click("dialog button.primary")
    expect(page.locator("#messages .message")).to_be_visible()
    assert axe(page) == []


@pytest.mark.parametrize("width", [640, 390, 320])
def test_nothing_scrolls_sideways(signed_in_page: OpenPage, administrator: TeamMember, width: int) -> None:
    Organisation.objects.update(name="A " + "very " * 20 + "long name", is_sample=True)
    page = signed_in_page(administrator, width=width)
    for address in ("/gallery", "/gallery/move", "/account", "/settings/organisation", "/nowhere"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") == width, address
        assert page.evaluate(SIDEWAYS) == [], address


@pytest.mark.parametrize(("window", "least"), [({}, 24), (PHONE, 44)])
def test_controls_are_24_px_high_and_44_on_touch(
    signed_in_page: OpenPage, administrator: TeamMember, window: dict[str, Any], least: int
) -> None:
    page = signed_in_page(administrator, **window)
    for address in ("/gallery", "/account"):
        page.goto(address)
        heights = page.evaluate(LOW_CONTROLS, CONTROLS)
        assert len(heights) > 10
        assert [control for control in heights if control[1] < least] == [], address


def test_the_palette_is_the_one_that_passed(signed_in_page: OpenPage, administrator: TeamMember) -> None:
    colours = "[getComputedStyle(document.body).color, getComputedStyle(document.documentElement).backgroundColor]"
    light, dark = ["rgb(26, 29, 35)", "rgb(255, 255, 255)"], ["rgb(232, 234, 238)", "rgb(20, 22, 26)"]
    for chosen, by_light_system, by_dark_system in (
        ("system", light, dark),
        ("light", light, light),
        ("dark", dark, dark),
    ):
        TeamMember.objects.filter(pk=administrator.pk).update(theme=chosen)
        for scheme, expected in (("light", by_light_system), ("dark", by_dark_system)):
            page = signed_in_page(administrator, scheme=scheme)
            page.goto("/account")
            assert page.evaluate(colours) == expected, (chosen, scheme)


def test_the_theme_is_chosen_in_the_account_menu(signed_in_page: OpenPage, viewer: TeamMember) -> None:
    page = signed_in_page(viewer)
    page.goto("/gallery")
    page.click("#account-menu")
    page.click("button[aria-label='Dark']")

    expect(page.locator("html[data-theme=dark]")).to_be_attached()
    assert page.url.endswith("/gallery")
    assert TeamMember.objects.get(pk=viewer.pk).theme == "dark"


def test_a_phone_has_a_bar_at_the_foot_instead(signed_in_page: OpenPage, administrator: TeamMember) -> None:
    page = signed_in_page(administrator)
    page.goto("/account")
    side, foot = page.get_by_role("navigation", name="Main", exact=True), page.locator("nav.bottom")
    expect(side).to_be_visible()
    expect(foot).to_be_hidden()

    page.set_viewport_size({"width": 390, "height": 844})
    expect(side).to_be_hidden()
    expect(foot).to_be_visible()
    page.click("#bottom-more")
    expect(foot.get_by_role("link", name="Settings")).to_be_visible()
    page.mouse.click(200, 60)
    expect(foot.get_by_role("link", name="Settings")).to_be_hidden()


def test_menus_work_without_javascript(signed_in_page: OpenPage, viewer: TeamMember) -> None:
    page = signed_in_page(viewer, javascript=False)
    page.goto("/gallery")
    page.click("#menu-1")
    expect(page.get_by_role("link", name="Change status")).to_be_visible()
    page.mouse.click(640, 120)
    expect(page.get_by_role("link", name="Change status")).to_be_hidden()


def test_a_menu_closes_by_escape_and_gives_the_focus_back(signed_in_page: OpenPage, viewer: TeamMember) -> None:
    page = signed_in_page(viewer)
    page.goto("/gallery")
    page.click("#menu-1")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Change status"
    page.keyboard.press("Escape")

    expect(page.locator("details[open]")).to_have_count(0)
    assert focused(page) == "menu-1"


def test_a_dialog_takes_the_focus_and_gives_it_back(signed_in_page: OpenPage, viewer: TeamMember) -> None:
    page = signed_in_page(viewer)
    page.goto("/gallery")
    for close in (lambda: page.keyboard.press("Escape"), lambda: page.click("dialog >> text=Cancel")):
        page.click("#menu-1")
        page.click("#contact-1 >> text=Change status")
        expect(page.locator("dialog #id_stage")).to_be_focused()
        assert page.url.endswith("/gallery")
        close()
        expect(page.locator("dialog")).to_be_hidden()
        expect(page.locator("#menu-1")).to_be_focused()
        expect(page.locator("#dialog *")).to_have_count(0)


def test_a_dialog_gives_no_focus_back_to_whoever_went_on(signed_in_page: OpenPage, viewer: TeamMember) -> None:
    page = signed_in_page(viewer)
    page.goto("/gallery")
    page.click("#menu-1")
    page.click("#contact-1 >> text=Change status")
    expect(page.locator("dialog #id_stage")).to_be_focused()
    page.evaluate("() => { document.querySelector('dialog').close(); document.getElementById('search').focus(); }")
    expect(page.locator("#dialog *")).to_have_count(0)
    assert focused(page) == "search"


def test_what_a_dialog_saved_is_swapped_announced_and_can_be_undone(
    signed_in_page: OpenPage, viewer: TeamMember
) -> None:
    page = signed_in_page(viewer)
    page.goto("/gallery")
    page.click("#menu-1")
    page.click("#contact-1 >> text=Change status")
    page.fill("dialog #id_why", "Called")
    page.click("dialog button.primary")
    expect(page.locator("dialog .error-summary")).to_be_focused()
    assert page.input_value("dialog #id_why") == "Called"
    assert page.get_attribute("dialog #id_days", "aria-describedby") == "id_days_error"

    page.fill("dialog #id_days", "4")
    page.select_option("dialog #id_stage", label="Promoter")
    page.click("dialog button.primary")
    expect(page.locator("#contact-1")).to_contain_text("Promoter")
    expect(page.locator("dialog")).to_be_hidden()
    expect(page.get_by_role("status")).to_contain_text("Ana moved to Promoter.")
    expect(page.locator("#menu-1")).to_be_focused()

    page.click("#messages >> text=Undo")
    expect(page.get_by_role("status")).to_contain_text("Change 7 undone.")
    page.click("[aria-label=Dismiss]")
    expect(page.locator(".message")).to_have_count(0)


def test_the_same_without_javascript(signed_in_page: OpenPage, viewer: TeamMember) -> None:
    page = signed_in_page(viewer, javascript=False)
    page.goto("/gallery")
    page.click("#menu-1")
    page.click("#contact-1 >> text=Change status")
    assert page.url.endswith("/gallery/move")
    page.click("main button.primary")
    expect(page.locator("main .error-summary")).to_contain_text("This field is required.")
    page.fill("#id_days", "4")
    page.click("main button.primary")
    expect(page.get_by_role("status")).to_contain_text("Ana moved to Aware.")
    page.click("#messages >> text=Undo")
    expect(page.get_by_role("status")).to_contain_text("Change 7 undone.")


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("Forbidden", "Not for your role. This needs the role Marketer."),
        ("Conflict", "Changed meanwhile. Tomás moved Ana to Customer a minute ago."),
    ],
)
def test_a_refusal_is_shown_where_the_person_looks(
    signed_in_page: OpenPage, viewer: TeamMember, link: str, said: str
) -> None:
    page = signed_in_page(viewer)
    page.goto("/gallery")
    page.click("#menu-1")
    page.click(f"#contact-1 >> text={link}")

    message = page.locator("#messages .message.error")
    expect(message).to_contain_text(said)
    expect(message).to_be_focused()
    expect(page.locator("dialog")).to_be_hidden()
    expect(page.locator("details[open]")).to_have_count(0)


def test_a_refusal_inside_a_dialog_is_shown_in_it(signed_in_page: OpenPage, viewer: TeamMember) -> None:
    page = signed_in_page(viewer)
    page.goto("/gallery")
    page.click("#menu-1")
    page.click("#contact-1 >> text=Change status")
    page.locator("#move-form input[name=csrfmiddlewaretoken]").evaluate("input => input.value = 'stale'")
    page.fill("dialog #id_why", "Called")
    page.click("dialog button.primary")

    expect(page.locator("dialog .message.error")).to_contain_text("This page was open for too long.")
    assert page.input_value("dialog #id_why") == "Called"


def test_no_readable_answer_says_so(signed_in_page: OpenPage, viewer: TeamMember, watch: Watch) -> None:
    page = signed_in_page(viewer)
    page.goto("/gallery")
    page.click("#menu-1")
    page.click("#contact-1 >> text=Broken")

    expect(page.get_by_role("status")).to_contain_text("It may or may not have been saved")
    assert "Bad gateway" not in page.content()
    assert [complaint[:4] for complaint in watch.complaints] == ["502 "]
    watch.complaints.clear()


def test_letters_lead_to_pages_and_are_listed(signed_in_page: OpenPage, administrator: TeamMember) -> None:
    page = signed_in_page(administrator)
    page.goto("/gallery")
    page.keyboard.press("?")
    expect(page.locator("dialog h1")).to_have_text("Keyboard shortcuts")
    assert axe(page) == []
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.keyboard.press("Escape")
    assert page.url.endswith("/gallery")

    page.keyboard.press("g")
    page.keyboard.press("o")
    page.wait_for_url("**/settings/organisation")


def test_letters_do_nothing_while_typing_or_when_switched_off(signed_in_page: OpenPage, viewer: TeamMember) -> None:
    page = signed_in_page(viewer)
    page.goto("/account")
    page.fill("#id_name", "")
    page.focus("#id_name")
    page.keyboard.type("/go?")
    assert page.input_value("#id_name") == "/go?"
    expect(page.locator("dialog")).to_be_hidden()

    TeamMember.objects.filter(pk=viewer.pk).update(shortcuts=False)
    page.goto("/gallery")
    page.keyboard.type("?go/")
    expect(page.locator("dialog")).to_be_hidden()
    assert page.url.endswith("/gallery")


def test_the_skip_link_leads_past_the_navigation(signed_in_page: OpenPage, viewer: TeamMember) -> None:
    page = signed_in_page(viewer)
    page.goto("/gallery")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert focused(page) == "content"


def test_errors_of_a_page_take_the_focus_without_javascript_too(signed_in_page: OpenPage, viewer: TeamMember) -> None:
    for javascript in (True, False):
        page = signed_in_page(viewer, javascript=javascript)
        page.goto("/account")
        page.fill("#id_name", "")
        page.click("button[value=account]")
        expect(page.locator(".error-summary")).to_be_focused()


def test_paper_shows_the_content_alone(signed_in_page: OpenPage, viewer: TeamMember) -> None:
    page = signed_in_page(viewer)
    page.goto("/gallery")
    page.emulate_media(media="print")
    for hidden in (".side", ".top", ".filters", ".pager", ".menu >> nth=0"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator(".table")).to_be_visible()


def test_motion_stops_for_whoever_asked(signed_in_page: OpenPage, viewer: TeamMember) -> None:
    page = signed_in_page(viewer, reduced_motion="reduce")
    page.goto("/gallery")
    page.click("#menu-1")
    assert page.locator(".menu[open] > .menu-items").evaluate("it => getComputedStyle(it).animationName") == "none"


def test_sample_data_is_said_on_every_page(client_of: Callable[[TeamMember], Client], viewer: TeamMember) -> None:
    client = client_of(viewer)
    assert "sample data" not in client.get("/account").text
    Organisation.objects.update(is_sample=True)
    for page in (client.get("/account"), client.get("/nowhere"), Client().get("/sign-in")):
        assert "This is sample data." in page.text
        assert "<code>FUNNELBOOK_DATA=~/funnelbook make serve</code>" in page.text


def test_pages_may_run_and_load_only_what_is_ours(
    client_of: Callable[[TeamMember], Client], viewer: TeamMember
) -> None:
    response = client_of(viewer).get("/account")
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "style-src 'self'" in policy
    assert " style=" not in response.text and "<style" not in response.text and "<script>" not in response.text
    assert response.text.count('role="status"') == 1


def test_the_navigation_shows_what_the_role_may_open(
    client_of: Callable[[TeamMember], Client], administrator: TeamMember, viewer: TeamMember
) -> None:
    settings = {person: client_of(person).get("/account").text for person in (administrator, viewer)}
    assert 'href="/settings/organisation"' in settings[administrator]
    assert 'href="/settings/organisation"' not in settings[viewer]
    for page in settings.values():
        assert '<a href="/account" aria-current="page">My account</a>' in page
    assert 'href="/campaigns"' in settings[administrator]
    assert 'href="/campaigns"' not in settings[viewer]
