"""Web forms in a real browser: built by keys alone, filled in on a phone, without scripts, in another site's frame."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from config.team.models import TeamMember
from contacts.models import Attribute, Contact
from journeys.webforms.models import Asked, Submission, WebForm
from stages.models import Stage
from tests.factories import LabelFactory
from tests.fixtures.browser import Watch, axe
from tests.heart import status_of
from tests.journeys.web_forms import submitted, web_form_asking

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"
WIDTHS_AND_SCHEMES = [(1280, "light"), (390, "dark"), (1280, "dark"), (390, "light")]


@pytest.fixture
def form(marketer: TeamMember, customer: Stage) -> WebForm:
    Attribute.objects.create(name="Plan", key="plan", type="choice", choices=["Free", "Pro"])
    return web_form_asking(
        "email",
        "first_name",
        "attributes.plan",
        by=marketer,
        required=("first_name",),
        labels=[LabelFactory(name="fair")],
        default_status=False,
        stage=customer,
        consent="You may write to me once a month.",
        introduction="Once a month.",
    )


def fill_in(page: Page, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("First name").fill("Ana")
    page.get_by_label("Plan").select_option("Pro")
    page.get_by_label("You may write to me once a month.").check()
    page.get_by_role("button", name="Send").click()


def the_contact_came(email: str, customer: Stage) -> None:
    contact = Contact.objects.get()
    assert (contact.email, contact.first_name, contact.attributes) == (email, "Ana", {"plan": "Pro"})
    assert status_of(contact).stage == customer
    assert Submission.objects.get().consent == "You may write to me once a month."


# Everywhere


@pytest.mark.parametrize(("width", "scheme"), WIDTHS_AND_SCHEMES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    signed_in_page: OpenPage, marketer: TeamMember, form: WebForm, customer: Stage, width: int, scheme: str
) -> None:
    long = web_form_asking("email", by=marketer, name="N" + "o" * 99, heading="H" * 200)
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    contact = submitted(form, email=f"{'x' * 60}@example.com", first_name="W" * 150, consent="Yes.").contact
    page = signed_in_page(marketer, width=width, scheme=scheme)
    addresses = [
        "/web-forms",
        "/web-forms/new",
        *(f"/web-forms/{one.pk}{rest}" for one in (form, long) for rest in ("", "/edit", "/delete")),
        f"/contacts/{contact.pk}",
        *(f"/f/{one.slug}{rest}" for one in (form, long) for rest in ("", "?sent=1", "/embed")),
    ]
    for address in addresses:
        page.goto(address)
        assert axe(page) == [], address
        assert not page.evaluate(SIDEWAYS), address
    page.goto(f"/f/{form.slug}")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".error-summary")).to_be_focused()
    assert axe(page) == []


def test_nothing_scrolls_sideways_at_320_pixels(signed_in_page: OpenPage, marketer: TeamMember, form: WebForm) -> None:
    page = signed_in_page(marketer, width=320)
    for address in (
        "/web-forms",
        "/web-forms/new",
        f"/web-forms/{form.pk}",
        f"/f/{form.slug}",
        f"/f/{form.slug}/embed",
    ):
        page.goto(address)
        assert not page.evaluate(SIDEWAYS), address


# The builder


def test_a_form_is_built_by_keys_alone(signed_in_page: OpenPage, marketer: TeamMember, customer: Stage) -> None:
    page = signed_in_page(marketer)
    page.goto("/web-forms/new")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("Newsletter")
    page.get_by_label("Add a field").focus()
    page.keyboard.type("Phone")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    caption = page.get_by_label("What Phone is called on the page")
    expect(caption).to_be_focused()
    page.keyboard.type("Telephone")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Move Phone up")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".web-form-field-name")).to_have_text(["E-mail", "First name", "Phone", "Last name"])
    expect(page.get_by_role("button", name="Move Phone up")).to_be_focused()
    page.get_by_role("button", name="Remove Last name").press("Enter")
    expect(page.locator(".web-form-field-name")).to_have_text(["E-mail", "First name", "Phone"])
    expect(page.get_by_label("Add a field")).to_be_focused()
    page.get_by_label("Status of new contacts").select_option("Customer")
    page.locator(".form-foot").get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_role("heading", name="Newsletter", level=1)).to_be_visible()
    form = WebForm.objects.get()
    assert (form.name, form.default_status, form.stage) == ("Newsletter", False, customer)
    assert form.asks == [
        Asked("email", is_required=True),
        Asked("first_name"),
        Asked("phone", is_required=True, caption="Telephone"),
    ]


def test_enter_in_a_field_saves_and_moves_nothing(signed_in_page: OpenPage, marketer: TeamMember) -> None:
    page = signed_in_page(marketer)
    page.goto("/web-forms/new")
    page.get_by_label("Name", exact=True).fill("Newsletter")
    page.get_by_label("What First name is called on the page").fill("Your name")
    page.get_by_label("What First name is called on the page").press("Enter")
    expect(page.get_by_role("heading", name="Newsletter", level=1)).to_be_visible()
    assert [one.field for one in WebForm.objects.get().asks] == ["email", "first_name", "last_name"]


def test_a_form_is_built_without_scripts(signed_in_page: OpenPage, marketer: TeamMember) -> None:
    page = signed_in_page(marketer, javascript=False, width=390)
    page.goto("/web-forms/new")
    page.get_by_label("Name", exact=True).fill("Newsletter")
    page.get_by_label("Consent text").fill("Yes.")
    page.get_by_label("Add a field").select_option("City")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".web-form-field-name")).to_have_text(["E-mail", "First name", "Last name", "City"])
    page.get_by_role("button", name="Move City up").click()
    page.locator(".form-foot").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Newsletter", level=1)).to_be_visible()
    form = WebForm.objects.get()
    assert ([one.field for one in form.asks], form.consent) == (["email", "first_name", "city", "last_name"], "Yes.")


# The public page


@pytest.mark.parametrize("javascript", [True, False])
def test_somebody_fills_it_in_on_a_phone(open_page: OpenPage, form: WebForm, customer: Stage, javascript: bool) -> None:
    page = open_page(width=390, javascript=javascript, has_touch=True)
    page.goto(f"/f/{form.slug}")
    page.get_by_label("Plan").select_option("Pro")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#id_email_error")).to_have_text("Fill this in.")
    expect(page.locator("#id_consent_error")).to_have_text("Tick this to send the form.")
    expect(page.get_by_label("Plan")).to_have_value("Pro")
    fill_in(page, "ana@example.com")
    expect(page.get_by_role("status")).to_have_text("Thank you. It has arrived.")
    the_contact_came("ana@example.com", customer)
    assert page.context.cookies() == []


def test_a_double_click_is_one_submission(open_page: OpenPage, form: WebForm, customer: Stage) -> None:
    page = open_page()
    page.goto(f"/f/{form.slug}")
    page.get_by_label("E-mail").fill("ana@example.com")
    page.get_by_label("First name").fill("Ana")
    page.get_by_label("Plan").select_option("Pro")
    page.get_by_label("You may write to me once a month.").check()
    page.get_by_role("button", name="Send").dblclick()
    expect(page.get_by_role("status")).to_have_text("Thank you. It has arrived.")
    page.reload()
    expect(page.get_by_role("status")).to_have_text("Thank you. It has arrived.")
    the_contact_came("ana@example.com", customer)


def test_the_unseen_field_is_out_of_the_way_of_keys(open_page: OpenPage, form: WebForm) -> None:
    page = open_page()
    page.goto(f"/f/{form.slug}")
    page.get_by_label("You may write to me once a month.").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send")).to_be_focused()


# In a page of another site


@pytest.fixture
def other_site() -> Iterator[Callable[[str], str]]:
    """`other_site(html)`: the address of a page with this in it, on a host of its own."""

    class Handler(BaseHTTPRequestHandler):
        body = b""

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(self.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def serve(html: str) -> str:
        Handler.body = f"<!doctype html><title>Shop</title><h1>Our shop</h1>{html}".encode()
        return f"http://127.0.0.1:{server.server_port}/"

    yield serve
    server.shutdown()
    server.server_close()


def test_it_is_filled_in_within_another_sites_page(
    open_page: OpenPage,
    signed_in_page: OpenPage,
    marketer: TeamMember,
    form: WebForm,
    customer: Stage,
    other_site: Callable[[str], str],
    live_server: LiveServer,
    watch: Watch,
) -> None:
    working = signed_in_page(marketer)
    working.goto(f"/web-forms/{form.pk}")
    snippet = working.get_by_label("To put it into a page of yours").input_value()
    page = open_page()
    page.goto(other_site(snippet))
    frame = page.frame_locator("iframe")
    frame.get_by_label("Plan").select_option("Pro")
    frame.get_by_role("button", name="Send").click()
    expect(frame.locator("#id_email_error")).to_have_text("Fill this in.")
    frame.get_by_label("E-mail").fill("ana@example.com")
    frame.get_by_label("First name").fill("Ana")
    frame.get_by_label("You may write to me once a month.").check()
    frame.get_by_role("button", name="Send").click()
    expect(frame.get_by_role("status")).to_have_text("Thank you. It has arrived.")
    expect(page.get_by_role("heading", name="Our shop")).to_be_visible()
    the_contact_came("ana@example.com", customer)
    assert page.context.cookies() == []
    watch.complaints.clear()  # another host was asked on purpose


def test_nothing_else_stands_in_a_frame(
    open_page: OpenPage, form: WebForm, other_site: Callable[[str], str], live_server: LiveServer, watch: Watch
) -> None:
    page = open_page()
    page.goto(other_site(f'<iframe src="{live_server.url}/f/{form.slug}"></iframe>'))
    page.wait_for_load_state("networkidle")
    expect(page.frame_locator("iframe").get_by_label("E-mail")).to_have_count(0)
    assert any("frame-ancestors" in complaint for complaint in watch.complaints)
    watch.complaints.clear()
