"""The first run and the team, in a real browser: by keyboard, without JavaScript, in both schemes."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from config.team.links.actions import invite, make_first_run_link, make_password_link
from config.team.models import Organisation, SingleUseLink, TeamMember
from config.team.roles import Role
from journeys.rules.models import FunnelSettings
from stages.models import Stage
from tests.factories import TeamMemberFactory
from tests.fixtures.browser import Watch, axe
from tests.team.joining import PASSWORD, addressed, role_of

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"
WIDTHS_AND_SCHEMES = [(1280, "light"), (390, "dark"), (1280, "dark"), (390, "light")]


def begin() -> str:
    """The first-run address."""
    link = make_first_run_link(by=None)
    assert link
    return addressed(link)


def confirm(page: Page) -> None:
    """Give the password that is asked for."""
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


@pytest.fixture
def ana(administrator: TeamMember) -> TeamMember:
    administrator.set_password(PASSWORD)
    administrator.save()
    return administrator


@pytest.mark.parametrize(("width", "scheme"), WIDTHS_AND_SCHEMES)
def test_the_first_run_by_keyboard(open_page: OpenPage, watch: Watch, width: int, scheme: str) -> None:
    page = open_page(width=width, scheme=scheme, timezone_id="Europe/Lisbon")
    page.goto("/")
    expect(page.get_by_role("heading", name="Not set up yet")).to_be_visible()
    assert axe(page) == []
    watch.complaints.clear()  # 503 was meant
    page.goto(begin())
    assert axe(page) == []
    assert not page.evaluate(SIDEWAYS)

    keys = page.keyboard
    expect(page.get_by_label("Name").first).to_be_focused()
    keys.press("Enter")
    expect(page.locator(".error-summary").first).to_be_focused()
    assert axe(page) == []
    page.get_by_label("Name").first.focus()
    for typed in ("Ana Silva", "ana@example.com", PASSWORD, "Acme"):
        keys.type(typed) if typed != "Acme" else page.get_by_label("Name").nth(1).fill(typed)
        keys.press("Tab")
    expect(page.get_by_label("Time zone")).to_be_focused()
    page.get_by_label("Time zone").select_option("Europe/Lisbon")
    page.get_by_label("One direction only").focus()
    keys.press("Space")
    page.get_by_label("New contacts come to Engaged").focus()
    keys.press("Space")
    page.get_by_role("button", name="Begin").focus()
    keys.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("Funnelbook is set up.")
    assert axe(page) == []
    assert page.url.endswith("/imports/new")
    assert (Organisation.objects.get().name, role_of(TeamMember.objects.get())) == ("Acme", Role.ADMINISTRATOR)
    assert FunnelSettings.objects.get().default_stage == Stage.objects.get(name="Engaged")


def test_the_time_zone_of_the_browser_is_proposed(open_page: OpenPage) -> None:
    page = open_page(timezone_id="America/New_York")
    page.goto(begin())
    expect(page.get_by_label("Time zone")).to_have_value("America/New_York")


def test_the_first_run_without_javascript(open_page: OpenPage) -> None:
    page = open_page(javascript=False)
    page.goto(begin())
    expect(page.get_by_label("Time zone")).to_have_value("UTC")
    page.get_by_label("Name").first.fill("Ana Silva")
    page.get_by_label("E-mail").fill("ana@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Meaning").first.fill("Has heard of us.")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("status")).to_contain_text("Funnelbook is set up.")
    assert Stage.objects.get(name="Aware").description == "Has heard of us."


@pytest.mark.parametrize(("width", "scheme"), WIDTHS_AND_SCHEMES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    signed_in_page: OpenPage, open_page: OpenPage, ana: TeamMember, width: int, scheme: str, settings
) -> None:
    left = TeamMemberFactory(name="L" + "o" * 140, role=Role.MARKETER, is_active=False)
    invitation = invite(email="n" * 60 + "@example.org", role=Role.VIEWER, by=ana)
    password = make_password_link(member=ana, by=ana)
    page = signed_in_page(ana, width=width, scheme=scheme)
    for address in (
        "/settings/team",
        "/settings/team/invite",
        f"/settings/team/{left.pk}",
        f"/settings/team/{ana.pk}/password",
        "/settings/email",
        "/account",
        "/forgotten-password",
    ):
        page.goto(address)
        assert axe(page) == [], address
        assert not page.evaluate(SIDEWAYS), address
    settings.SENDS_MAIL = True
    page.goto("/settings/email")
    assert axe(page) == []
    stranger = open_page(width=width, scheme=scheme)
    for address in (addressed(invitation), addressed(password), "/forgotten-password", "/sign-in", "/invitation/gone"):
        stranger.goto(address)
        assert axe(stranger) == [], address
        assert not stranger.evaluate(SIDEWAYS), address


def test_inviting_in_a_dialog_asks_for_the_password_there(signed_in_page: OpenPage, ana: TeamMember) -> None:
    page = signed_in_page(ana, confirmed=False)
    page.goto("/settings/team")
    opener = page.get_by_role("link", name="Invite")
    opener.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Your password, please")).to_be_visible()
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    assert axe(page) == []
    page.get_by_label("Password", exact=True).fill("wrong")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("This is not your password.")).to_be_visible()
    assert axe(page) == []
    confirm(page)
    expect(dialog.get_by_role("heading", name="Invite")).to_be_visible()
    page.get_by_label("E-mail").fill("nia@example.org")
    page.keyboard.press("Enter")
    expect(page.locator("#address")).to_be_focused()
    assert axe(page) == []
    assert page.locator("#address").input_value().endswith(addressed(SingleUseLink.objects.get()))
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


@pytest.mark.parametrize("javascript", [True, False])
def test_somebody_is_deactivated_after_the_password(
    signed_in_page: OpenPage, ana: TeamMember, operator: TeamMember, javascript: bool
) -> None:
    page = signed_in_page(ana, confirmed=False, javascript=javascript)
    page.goto("/settings/team")
    page.locator(f"#member-menu-{operator.pk}").click()
    page.get_by_role("button", name="Deactivate").locator("visible=true").click()
    expect(page.get_by_role("heading", name="Your password, please")).to_be_visible()
    assert TeamMember.objects.get(pk=operator.pk).is_active
    confirm(page)
    expect(page.get_by_role("status")).to_contain_text("Olga Petrova was deactivated.")
    assert not TeamMember.objects.get(pk=operator.pk).is_active


def test_who_is_invited_joins_by_keyboard(open_page: OpenPage, ana: TeamMember) -> None:
    page = open_page(width=390)
    page.goto(addressed(invite(email="nia@example.org", role=Role.OPERATOR, by=ana)))
    page.keyboard.type("Nia Hale")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Welcome, Nia Hale.")
    assert role_of(TeamMember.objects.get(email="nia@example.org")) is Role.OPERATOR
