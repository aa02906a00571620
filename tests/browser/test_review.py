"""Review and the API reference in a browser: keys, the list swapped in place, both schemes, narrow, without scripts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from config.team.actions import create_token
from config.team.models import ApiToken, TeamMember
from contacts.causes import Cause
from contacts.models import Contact
from journeys.review.models import Review
from journeys.status.actions import change_status
from stages.models import Stage
from tests.factories import contact_in
from tests.fixtures.browser import axe
from tests.heart import last_change, moves

OpenPage = Callable[..., Page]


@pytest.fixture
def waiting(administrator: TeamMember, operator: TeamMember, aware: Stage, customer: Stage, loyal: Stage) -> list[int]:
    """Four flagged changes, the newest first; the contact of the last one was moved on since."""
    token = create_token(name="Shop", scope=ApiToken.Scope.WRITE, expires_at=None, by=administrator)[0]
    contacts: list[Contact] = []
    for name in ("Carla", "Bo", "Ada", "Zoe"):
        contact = contact_in(aware, cause=Cause.API, first_name=name, last_name="Diaz", company="Acme Industries")
        change_status(contacts=[contact.pk], to=customer, cause=Cause.MANUAL, by=operator)
        change_status(contacts=[contact.pk], to=aware, cause=Cause.API, by=token.owner, via=token.pk, note="Refund")
        contacts.append(contact)
    changes = [last_change(contact).pk for contact in contacts]
    change_status(contacts=[contacts[0].pk], to=loyal, cause=Cause.MANUAL, by=operator)
    return changes[::-1]


def row(page: Page, change: int):
    return page.locator(f"#review-row-{change}")


def test_j_and_k_walk_a_keeps_and_r_reverts(signed_in_page: OpenPage, marketer: TeamMember, waiting: list[int]) -> None:
    first, second, third, moved_on = waiting
    page = signed_in_page(marketer)
    page.goto("/review")
    page.keyboard.press("j")
    expect(row(page, first)).to_be_focused()
    page.keyboard.press("j")
    expect(row(page, second)).to_be_focused()
    page.keyboard.press("k")
    expect(row(page, first)).to_be_focused()
    page.keyboard.press("a")
    expect(page.get_by_role("status")).to_contain_text("1 change was kept.")
    expect(row(page, first)).to_have_count(0)
    expect(row(page, second)).to_be_focused()
    page.keyboard.press("r")
    expect(page.get_by_role("status")).to_contain_text("1 change was reverted.")
    expect(row(page, third)).to_be_focused()
    page.keyboard.press("j")
    expect(row(page, moved_on)).to_be_focused()
    page.keyboard.press("r")
    expect(row(page, moved_on)).to_contain_text("Moved on since: Loyal Customer")
    verdicts = dict(Review.objects.values_list("pk", "verdict"))
    assert verdicts == {first: "kept", second: "reverted", third: None, moved_on: None}


def test_letters_do_nothing_where_they_are_switched_off(
    signed_in_page: OpenPage, marketer: TeamMember, waiting: list[int]
) -> None:
    TeamMember.objects.filter(pk=marketer.pk).update(shortcuts=False)
    page = signed_in_page(marketer)
    page.goto("/review")
    row(page, waiting[0]).focus()
    for letter in "ajr":
        page.keyboard.press(letter)
    expect(row(page, waiting[0])).to_be_focused()
    assert not Review.objects.exclude(verdict=None).exists()


def test_several_at_once_and_always_from_one_token(
    signed_in_page: OpenPage, marketer: TeamMember, waiting: list[int]
) -> None:
    page = signed_in_page(marketer)
    page.goto("/review")
    bar = page.get_by_role("form", name="Decide about the selected changes")
    expect(bar).to_be_hidden()
    for change in waiting[:2]:
        row(page, change).get_by_role("checkbox").check()
    bar.get_by_role("button", name="Revert").click()
    expect(page.get_by_role("status")).to_contain_text("2 changes were reverted.")
    expect(page.locator("[data-steps]")).to_have_count(2)
    page.locator(f"#review-menu-{waiting[2]}").click()
    page.get_by_role("button", name="Always keep from Shop").click()
    expect(page.get_by_role("status")).to_contain_text("Changes from Shop are always kept from now on.")
    expect(page.get_by_text("Nothing waits for review")).to_be_visible()
    expect(page.get_by_role("button", name="Review changes from Shop again")).to_be_visible()


def test_without_scripts_it_does_the_same(signed_in_page: OpenPage, marketer: TeamMember, waiting: list[int]) -> None:
    page = signed_in_page(marketer, javascript=False)
    page.goto("/review")
    row(page, waiting[0]).get_by_role("button", name="Revert").click()
    expect(page.get_by_role("status")).to_contain_text("1 change was reverted.")
    row(page, waiting[1]).get_by_role("checkbox").check()
    page.get_by_role("form", name="Decide about the selected changes").get_by_role("button", name="Keep").click()
    expect(page.get_by_role("status")).to_contain_text("1 change was kept.")
    assert moves(Review.objects.get(pk=waiting[0]).contact_id)[-1] == "Aware > Customer"


@pytest.mark.parametrize("address", ["/review", "/review?show=decided", "/api/v1/docs"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark"), (1280, "dark"), (390, "light")])
def test_everybody_can_use_it(
    signed_in_page: OpenPage, marketer: TeamMember, waiting: list[int], address: str, width: int, scheme: str
) -> None:
    Review.objects.filter(pk=waiting[0]).update(verdict="kept", decided_at="2026-05-03T14:05:00Z", decided_by=marketer)
    page = signed_in_page(marketer, width=width, scheme=scheme)
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert axe(page) == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_reference_is_open_to_whoever_is_not_signed_in(page: Page) -> None:
    page.goto("/api/v1/docs")
    page.get_by_role("link", name="Move a contact, mark it lost, or recover it").click()
    expect(page.locator("#set_status")).to_be_in_viewport()
    assert axe(page) == []
