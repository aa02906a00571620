"""API tokens, OAuth2 applications and the page that lets one in, in a real browser."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from oauth2_provider.models import Application, Grant
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from config.team.actions import create_application, create_token
from config.team.models import ApiToken, TeamMember
from tests.fixtures.browser import Watch, axe

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"
WIDTHS_AND_SCHEMES = [(1280, "light"), (390, "dark"), (1280, "dark"), (390, "light")]
ADDRESSES = [
    "/settings/tokens",
    "/settings/tokens/new",
    "/settings/applications",
    "/settings/applications/new",
]


def asked(member: TeamMember, back: str) -> str:
    """The address to which an application sends people."""
    application, _ = create_application(
        name="CRM", grant_type=Application.GRANT_AUTHORIZATION_CODE, redirect_uris=back, by=member
    )
    return f"/oauth/v2/authorize?client_id={application.client_id}&response_type=code&redirect_uri={back}&state=s"


@pytest.mark.parametrize(("width", "scheme"), WIDTHS_AND_SCHEMES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    signed_in_page: OpenPage, administrator: TeamMember, width: int, scheme: str
) -> None:
    page = signed_in_page(administrator, width=width, scheme=scheme)
    page.goto("/settings/tokens")
    assert axe(page) == []
    create_token(name="S" + "y" * 90, scope=ApiToken.Scope.ADMIN, expires_at=None, by=administrator)
    for address in [*ADDRESSES, asked(administrator, "https://crm.example.com/back"), "/oauth/v2/authorize"]:
        page.goto(address)
        assert axe(page) == [], address
        assert not page.evaluate(SIDEWAYS), address
    for address in ("/settings/tokens/new", "/settings/applications/new"):
        page.goto(address)
        create = page.get_by_role("button", name="Create")
        create.click()
        expect(page.locator("[role=alert], .error").first).to_be_visible()
        assert axe(page) == [], address
        page.get_by_label("Name").fill("Sync")
        create.click()
        expect(page.locator("#secret")).to_be_visible()
        assert axe(page) == [], address
        assert not page.evaluate(SIDEWAYS), address


def test_nothing_scrolls_sideways_on_the_narrowest(signed_in_page: OpenPage, administrator: TeamMember) -> None:
    create_token(name="S" + "y" * 90, scope=ApiToken.Scope.ADMIN, expires_at=None, by=administrator)
    page = signed_in_page(administrator, width=320)
    for address in [*ADDRESSES, asked(administrator, "https://crm.example.com/back")]:
        page.goto(address)
        assert not page.evaluate(SIDEWAYS), address


def test_a_token_is_made_in_a_dialog_shown_once_and_revoked(
    signed_in_page: OpenPage, operator: TeamMember, live_server: LiveServer
) -> None:
    page = signed_in_page(operator)
    page.goto("/settings/tokens")
    page.get_by_role("link", name="New token").first.click()
    expect(page.get_by_label("Name")).to_be_focused()
    page.get_by_label("Name").fill("CRM")
    page.get_by_label("Read and write").check()
    page.get_by_role("button", name="Create token").click()
    secret = page.get_by_label("Token")
    expect(secret).to_be_focused()
    value = secret.input_value()
    assert Client().get("/api/stages", headers={"Authorization": f"Bearer {value}"}).status_code == 200

    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("row", name="CRM")).to_contain_text(f"{value[:11]}…")
    assert value not in page.content()
    page.locator("summary[aria-label='Actions for CRM']").click()
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("status")).to_contain_text("CRM was revoked.")
    expect(page.get_by_text("No tokens yet")).to_be_visible()
    assert Client().get("/api/stages", headers={"Authorization": f"Bearer {value}"}).status_code == 401


@pytest.mark.parametrize("javascript", [True, False])
def test_letting_an_application_in_goes_back_to_it(
    open_page: OpenPage, operator: TeamMember, administrator: TeamMember, watch: Watch, javascript: bool
) -> None:
    back = "https://crm.example.com/back"
    page = open_page(operator, javascript=javascript)
    page.context.route("https://crm.example.com/**", _answer)
    page.goto(asked(administrator, back))
    page.get_by_role("button", name="Let it in").click()
    expect(page.get_by_text("The CRM is back.")).to_be_visible()
    assert f"{back}?code=" in page.url
    assert Grant.objects.get().user == operator
    assert [line for line in watch.complaints if "crm.example.com" not in line] == []
    watch.complaints.clear()


def _answer(route: Route) -> None:
    route.fulfill(status=200, content_type="text/html", body="<!doctype html><title>CRM</title><p>The CRM is back.</p>")


def test_without_scripts_a_token_is_made_too(open_page: OpenPage, viewer: TeamMember) -> None:
    page = open_page(viewer, javascript=False)
    page.goto("/settings/tokens")
    page.get_by_role("link", name="New token").first.click()
    page.get_by_label("Name").fill("Reports")
    page.get_by_role("button", name="Create token").click()
    expect(page.get_by_label("Token")).to_have_value(re.compile("fb_.{43}"))
    assert ApiToken.objects.get().owner == viewer
