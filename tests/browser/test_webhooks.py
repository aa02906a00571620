"""Webhooks in a real browser: in both schemes and widths, in dialogs, by keyboard, and without scripts."""

import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from config.team.models import TeamMember
from journeys.webhooks import actions
from journeys.webhooks.models import Attempt, Delivery, Event, Webhook
from stages.models import Stage
from tests.browser.test_tokens_and_applications import SIDEWAYS, WIDTHS_AND_SCHEMES
from tests.factories import contact_in
from tests.fixtures.browser import axe
from tests.heart import last_change
from tests.journeys.telling import webhook_at

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
LONG = "https://hooks.example.com/" + "T0123456789" * 12


def a_busy_webhook(by: TeamMember) -> list[str]:
    """One with messages of every state, failing, and one that is off. Returns every address there is to see."""
    webhook, _ = webhook_at(LONG, by=by, description="")
    contact = contact_in(Stage.objects.get(name="Aware"), first_name="Ana" * 20, by=by)
    change = last_change(contact).pk
    created = Delivery(webhook=webhook, event=Event.CONTACT_CREATED, first_change=change, last_change=change)
    created.state, created.attempts = Delivery.State.FAILED, 10
    created.save()
    for status, answer, error in ((None, "", "The connection was refused."), (500, "Out of order " * 70, "")):
        Attempt.objects.create(
            delivery=created, began_at=timezone.now(), milliseconds=10_001, status=status, answer=answer, error=error
        )
    delivered = Delivery.objects.create(webhook=webhook, event=Event.TEST, state=Delivery.State.DELIVERED)
    Attempt.objects.create(delivery=delivered, began_at=timezone.now(), milliseconds=12, status=204)
    actions.send_test(webhook=webhook, by=by)
    Webhook.objects.update(failing_since=timezone.now())
    off, _ = webhook_at(by=by)
    actions.turn_off(webhook=off, by=by)
    page = f"/settings/webhooks/{webhook.pk}"
    deliveries = [f"/settings/webhooks/deliveries/{pk}" for pk in webhook.deliveries.values_list("pk", flat=True)]
    return [
        *("/settings/webhooks", "/settings/webhooks/new", page, f"{page}?state=delivered&event=run.finished"),
        *(f"{page}/edit", f"{page}/secret", f"/settings/webhooks/{off.pk}", *deliveries),
    ]


@pytest.mark.parametrize(("width", "scheme"), WIDTHS_AND_SCHEMES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    signed_in_page: OpenPage, administrator: TeamMember, width: int, scheme: str
) -> None:
    page = signed_in_page(administrator, width=width, scheme=scheme)
    page.goto("/settings/webhooks")
    assert axe(page) == []
    for address in a_busy_webhook(administrator):
        page.goto(address)
        assert axe(page) == [], address
        assert not page.evaluate(SIDEWAYS), address
    page.goto("/settings/webhooks/new")
    page.get_by_role("button", name="Create webhook").click()
    expect(page.locator(".error-summary")).to_be_focused()
    assert axe(page) == []
    page.get_by_label("Address").fill("https://shop.example.com/hook")
    page.get_by_role("button", name="Create webhook").click()
    expect(page.get_by_label("Secret", exact=True)).to_be_visible()
    assert axe(page) == []
    assert not page.evaluate(SIDEWAYS)


def test_nothing_scrolls_sideways_on_the_narrowest(signed_in_page: OpenPage, administrator: TeamMember) -> None:
    addresses = a_busy_webhook(administrator)
    page = signed_in_page(administrator, width=320)
    for address in addresses:
        page.goto(address)
        assert not page.evaluate(SIDEWAYS), address


def test_one_is_made_in_a_dialog_its_secret_shown_once_and_a_test_sent(
    signed_in_page: OpenPage, administrator: TeamMember
) -> None:
    page = signed_in_page(administrator)
    page.goto("/settings/webhooks")
    page.get_by_role("link", name="New webhook").first.click()
    address = page.get_by_label("Address")
    expect(address).to_be_focused()
    address.fill("https://127.0.0.1/")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog").get_by_text("This address is not on the open internet.").first).to_be_visible()
    address.fill("https://shop.example.com/hook")
    page.get_by_label("A contact was erased").uncheck()
    page.keyboard.press("Enter")
    secret = page.get_by_label("Secret", exact=True)
    expect(secret).to_be_focused()
    value = secret.input_value()
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("heading", name="https://shop.example.com/hook")).to_be_visible()
    expect(page.get_by_text(f"{value[:12]}…")).to_be_visible()
    assert value not in page.content()
    assert Webhook.objects.get().events == ["contact.status_changed", "contact.created", "run.finished"]

    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_role("status")).to_contain_text("A test is on its way.")
    expect(page.get_by_text('"type": "webhook.test"')).to_be_visible()
    assert Delivery.objects.get().event == Event.TEST


def test_deliveries_are_narrowed_in_place(signed_in_page: OpenPage, administrator: TeamMember) -> None:
    _, _, address, *_ = a_busy_webhook(administrator)
    page = signed_in_page(administrator)
    page.goto(address)
    rows = page.locator(".deliveries-table tbody tr")
    expect(rows).to_have_count(3)
    page.get_by_label("State").select_option("Failed")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("A contact was created")
    expect(page).to_have_url(re.compile("state=failed"))
    page.go_back()
    expect(rows).to_have_count(3)


def test_without_scripts_it_is_turned_off_and_on_and_gets_a_new_secret(
    open_page: OpenPage, administrator: TeamMember
) -> None:
    webhook, first = webhook_at(by=administrator)
    page = open_page(administrator, javascript=False)
    page.goto(f"/settings/webhooks/{webhook.pk}")
    page.locator("#webhook-more").click()
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_text("turned off by Ana Silva")).to_be_visible()
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("status")).to_contain_text("It is on.")
    page.locator("#webhook-more").click()
    page.get_by_role("link", name="New secret").click()
    page.get_by_role("button", name="Make a new secret").click()
    secret = page.get_by_label("Secret", exact=True)
    expect(secret).to_have_value(re.compile("^whsec_.{44}$"))
    assert secret.input_value() != first
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("heading", name="The shop")).to_be_visible()


def test_without_scripts_what_failed_is_delivered_again(open_page: OpenPage, administrator: TeamMember) -> None:
    _, _, address, *_ = a_busy_webhook(administrator)
    page = open_page(administrator, javascript=False)
    page.goto(address)
    page.get_by_role("button", name="Deliver again what failed").click()
    expect(page.get_by_role("status")).to_contain_text("1 message will be delivered again.")
    assert not Delivery.objects.filter(state=Delivery.State.FAILED).exists()
