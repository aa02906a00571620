"""The Contact Book in a real browser: found, narrowed, labelled, edited and erased; with keys, and without scripts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import Attribute, CarriedLabel, Contact, Label
from journeys.book import queries
from journeys.status.actions import change_status, mark_lost, put_back
from journeys.status.models import LostReason, StatusChange
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.fixtures.browser import axe
from tests.heart import moves

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
LONG_AGO = datetime(2025, 3, 3, 12, tzinfo=UTC)
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}

SAVE = "main form button.primary"
TARGETS = ".button, .chip-remove, .menu > summary, .tabs a, .stage-control a, .carried button, input, select"
SMALL_ONES = """([targets, least]) => [...document.querySelectorAll(targets)]
  .filter((element) => element.checkVisibility() && !element.closest("label, .check, .sr, .field, .chip"))
  .filter((element) => element.getBoundingClientRect().height < least)
  .map((element) => element.outerHTML.slice(0, 80))"""


@pytest.fixture
def ida(aware: Stage, engaged: Stage, customer: Stage, operator: TeamMember) -> Contact:
    """Has been about: moved with a note, lost and recovered, moved and undone; carries two labels."""
    Attribute.objects.create(name="Plan", key="plan", type="choice", choices=["Free", "Team"])
    Attribute.objects.create(name="Renewal", key="renewal", type="date", position=1)
    ida = contact_in(
        aware,
        since=LONG_AGO,
        by=operator,
        first_name="Ida",
        last_name="Berg",
        email="ida@example.com",
        company="Berg Glass",
        attributes={"plan": "Free"},
        last_open_at=LONG_AGO,
    )
    for days, stage in ((10, engaged), (40, customer)):
        dates = {ida.pk: LONG_AGO + timedelta(days=days)}
        change_status(
            contacts=[ida.pk], to=stage, cause=Cause.MANUAL, by=operator, dates=dates, note="Answered the newsletter"
        )
    reason = LostReason.objects.get(name="Chose a competitor")
    mark_lost(contacts=[ida.pk], reason=reason, cause=Cause.MANUAL, by=operator)
    latest = StatusChange.objects.filter(contact=ida).latest("pk")
    put_back(changes=[latest.pk], cause=Cause.UNDO, by=operator)
    for name in ("webinar-october", "purchased-q2"):
        put_on_label(contacts=[ida.pk], label=LabelFactory(name=name), by=operator, cause=Cause.MANUAL)
    return ida


@pytest.fixture
def others(aware: Stage, customer: Stage) -> None:
    contact_in(aware, since=LONG_AGO, first_name="Bo", last_name="Lund", company="A company with a long name " * 3)
    contact_in(customer, since=LONG_AGO, first_name="Carla", last_name="Lost", lost=True)
    contact_in(None, first_name="", last_name="", email="somebody.with.a.very.long.address@subdomain.example.com")


ADDRESSES = [
    "/contacts",
    "/contacts?stage=any&lost=yes&q=carla&account_state=active",
    "/contacts?stage=nonsense",
    "/contacts?q=zzz",
    "/contacts?sort=-name&column=standing&column=since&column=email&column=city&column=account&column=added",
    "/contacts/new",
    "/labels",
    "/labels/new",
    "/settings/attributes",
    "/settings/attributes/new",
]
OF_A_CONTACT = ["", "?history=labels", "/edit", "/erase"]


def every_address(contact: Contact) -> list[str]:
    label, attribute = Label.objects.first(), Attribute.objects.first()
    assert label
    assert attribute
    return [
        *ADDRESSES,
        *(f"/contacts/{contact.pk}{part}" for part in OF_A_CONTACT),
        *(f"/labels/{label.pk}{part}" for part in ("", "/edit", "/merge", "/delete")),
        f"/settings/attributes/{attribute.pk}/edit",
    ]


# Seen by everybody


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    signed_in_page: OpenPage, administrator: TeamMember, ida: Contact, others: None, width: int, scheme: str
) -> None:
    page = signed_in_page(administrator, width=width, scheme=scheme)
    for address in every_address(ida):
        page.goto(address)
        assert axe(page) == [], address


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
def test_axe_finds_nothing_on_empty_screens_and_on_what_is_refused(
    signed_in_page: OpenPage, administrator: TeamMember, width: int, scheme: str
) -> None:
    page = signed_in_page(administrator, width=width, scheme=scheme)
    for address in ("/contacts", "/labels", "/settings/attributes"):
        page.goto(address)
        assert axe(page) == [], address
    page.goto("/contacts/new")
    page.fill("#id_email", "nobody")
    page.click(SAVE)
    expect(page.locator(".error-summary")).to_be_focused()
    assert axe(page) == []
    page.goto("/settings/attributes")
    page.click(".page-actions >> text=New attribute")
    page.click("dialog button.primary")
    expect(page.locator("dialog .error-summary")).to_be_focused()
    assert axe(page) == []


@pytest.mark.parametrize("width", [1280, 800, 640, 390, 320])
def test_nothing_scrolls_sideways(
    signed_in_page: OpenPage, administrator: TeamMember, ida: Contact, others: None, width: int
) -> None:
    page = signed_in_page(administrator, width=width)
    for address in every_address(ida):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") == width, address


@pytest.mark.parametrize(("window", "least"), [({}, 24), (PHONE, 44)])
def test_controls_are_24_px_high_and_44_on_touch(
    signed_in_page: OpenPage, administrator: TeamMember, ida: Contact, others: None, window: dict, least: int
) -> None:
    page = signed_in_page(administrator, **window)
    for address in every_address(ida):
        page.goto(address)
        assert page.evaluate(SMALL_ONES, [TARGETS, least]) == [], address


# The list


def names(page: Page) -> list[str]:
    return page.locator("#contacts-list .name").all_inner_texts()


def test_narrowing_stays_on_the_page_and_in_the_address(
    signed_in_page: OpenPage, viewer: TeamMember, ida: Contact, others: None, customer: Stage
) -> None:
    page = signed_in_page(viewer)
    page.goto("/contacts")
    page.select_option("#id_stage", str(customer.pk))
    expect(page.locator("#contacts-list caption")).to_have_text("1 contact found, newest first")
    assert names(page) == ["Ida Berg"]
    assert f"stage={customer.pk}" in page.url

    page.check("#id_lost")
    expect(page.locator("#contacts-list .name")).to_have_text(["Carla Lost"])
    expect(page.locator(".applied .chip")).to_have_text(["Lost from Customer"])

    page.click(".chip-remove")
    expect(page.locator("#contacts-list .name")).to_have_count(4)
    page.go_back()
    expect(page.locator("#contacts-list .name")).to_have_text(["Carla Lost"])


def test_a_word_and_the_key_for_it(signed_in_page: OpenPage, viewer: TeamMember, ida: Contact, others: None) -> None:
    page = signed_in_page(viewer)
    page.goto("/labels")
    page.keyboard.press("/")
    page.keyboard.type("berg ida")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=berg+ida")
    page.goto("/contacts?q=berg+ida")
    expect(page.locator("#contacts-list .name")).to_have_text(["Ida Berg"])
    page.fill("#contacts-search", "lun")
    page.keyboard.press("Enter")
    expect(page.locator("#contacts-list .name")).to_have_text(["Bo Lund"])


def test_pages(
    monkeypatch: pytest.MonkeyPatch, signed_in_page: OpenPage, viewer: TeamMember, ida: Contact, others: None
) -> None:
    monkeypatch.setattr(queries, "PAGE", 3)
    page = signed_in_page(viewer)
    page.goto("/contacts")
    page.click("#pager-next")
    expect(page.locator("#contacts-list .name")).to_have_text(["Ida Berg"])
    page.reload()
    expect(page.locator("#contacts-list .name")).to_have_text(["Ida Berg"])
    page.click("#pager-previous")
    expect(page.locator("#contacts-list .name")).to_have_count(3)


def test_a_contact_is_marked_lost_in_its_row(
    signed_in_page: OpenPage, operator: TeamMember, ida: Contact, others: None
) -> None:
    page = signed_in_page(operator)
    page.goto("/contacts?q=ida")
    page.click(f"#contact-menu-button-{ida.pk}")
    page.click("text=Mark lost >> visible=true")
    page.click("dialog button.danger")
    expect(page.locator(f"#contact-{ida.pk}")).to_contain_text("Lost from")
    expect(page.locator(f"#contact-menu-button-{ida.pk}")).to_be_focused()
    page.click(f"#contact-{ida.pk} >> text=Undo")
    expect(page.locator(f"#contact-{ida.pk}")).not_to_contain_text("Lost from")
    assert moves(ida)[-2:] == ["Customer > lost from Customer", "lost from Customer > Customer"]


# A contact


def test_a_stage_is_chosen_on_the_page(
    signed_in_page: OpenPage, operator: TeamMember, ida: Contact, loyal: Stage
) -> None:
    page = signed_in_page(operator)
    page.goto(f"/contacts/{ida.pk}")
    expect(page.locator(".story")).to_contain_text("Customer since 12 Apr 2025; put back today at")
    page.click(f"#stage-step-{loyal.pk}")
    expect(page.locator("dialog #id_to")).to_have_value(str(loyal.pk))
    page.click("dialog button.primary")
    expect(page.locator(".story")).to_contain_text("Loyal Customer since today at")
    expect(page.locator("#messages")).to_contain_text("Undo")
    assert moves(ida)[-1] == "Customer > Loyal Customer"


def test_a_contact_returns_to_a_status(signed_in_page: OpenPage, operator: TeamMember, ida: Contact) -> None:
    page = signed_in_page(operator)
    page.goto(f"/contacts/{ida.pk}")
    page.click('[aria-label="Return to this status: Engaged"]')
    expect(page.locator(".story")).to_contain_text("Engaged since today at")
    expect(page.locator(".timeline li li").first).to_contain_text("Customer")
    assert moves(ida)[-1] == "Customer > Engaged"


def test_labels_are_put_on_and_taken_off_in_place(signed_in_page: OpenPage, operator: TeamMember, ida: Contact) -> None:
    label = LabelFactory(name="vip")
    page = signed_in_page(operator)
    page.goto(f"/contacts/{ida.pk}")
    page.focus("#put-on-label")
    page.keyboard.type("vip")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".carried li")).to_have_count(3)
    expect(page.locator("#messages")).to_contain_text("Ida Berg carries vip now.")
    assert CarriedLabel.objects.get(label=label).by == operator

    page.click('[aria-label="Take off vip"]')
    expect(page.locator(".carried li")).to_have_count(2)
    expect(page.locator("#messages")).to_contain_text("Ida Berg carries vip no longer.")
    assert not CarriedLabel.objects.filter(label=label).exists()
    page.click(".tabs >> text=Labels")
    expect(page.locator(".timeline li li")).to_have_count(4)


def test_the_form_says_what_is_wrong_and_keeps_what_was_typed(
    signed_in_page: OpenPage, operator: TeamMember, ida: Contact
) -> None:
    page = signed_in_page(operator)
    page.goto(f"/contacts/{ida.pk}")
    page.click("text=Edit >> visible=true")
    page.fill("#id_email", "no address")
    page.fill("#id_company", "Typed & kept")
    page.click(SAVE)
    expect(page.locator(".error-summary")).to_be_focused()
    page.click('.error-summary a[href="#id_email"]')
    expect(page.locator("#id_email")).to_be_focused()
    expect(page.locator("#id_company")).to_have_value("Typed & kept")
    page.fill("#id_email", "idun@example.com")
    page.click(SAVE)
    expect(page.locator("#messages")).to_contain_text("Ida Berg was saved.")
    stored = Contact.objects.get(pk=ida.pk)
    assert (stored.email, stored.company, stored.last_open_at) == ("idun@example.com", "Typed & kept", LONG_AGO)


def test_two_people_at_one_contact(
    signed_in_page: OpenPage, operator: TeamMember, marketer: TeamMember, ida: Contact
) -> None:
    first, second = signed_in_page(operator), signed_in_page(marketer)
    for page in (first, second):
        page.goto(f"/contacts/{ida.pk}/edit")
    first.fill("#id_company", "First")
    first.click(SAVE)
    expect(first.locator("#messages")).to_contain_text("was saved")

    second.fill("#id_city", "Bonn")
    second.fill("#id_company", "Second")
    second.click(SAVE)
    expect(second.locator("#id_company_error")).to_contain_text("Somebody changed this to “First” meanwhile.")
    assert Contact.objects.get(pk=ida.pk).city == ""
    assert axe(second) == []
    second.click("text=Save mine")
    expect(second.locator("#messages")).to_contain_text("was saved")
    stored = Contact.objects.get(pk=ida.pk)
    assert (stored.company, stored.city) == ("Second", "Bonn")


def test_erasing_shows_what_it_does_first(
    signed_in_page: OpenPage, administrator: TeamMember, ida: Contact, others: None
) -> None:
    page = signed_in_page(administrator)
    page.goto(f"/contacts/{ida.pk}")
    page.click(f"#contact-more-{ida.pk}")
    page.click("text=Erase…")
    expect(page.locator("dialog .effect")).to_contain_text("2 labels; 2 notes about it; and its name, e-mail")
    page.click("dialog button.danger")
    expect(page.locator("dialog .error-summary")).to_be_focused()
    page.check("dialog #id_sure")
    page.click("dialog button.danger")
    expect(page.locator("#messages")).to_contain_text(f"Contact {ida.pk} was erased.")
    assert not Contact.objects.filter(pk=ida.pk).exists()
    assert moves(ida)[-1] == "Customer > outside"


# Labels and attributes


def test_a_label_is_created_and_renamed(signed_in_page: OpenPage, marketer: TeamMember) -> None:
    page = signed_in_page(marketer)
    page.goto("/labels")
    page.click(".page-actions >> text=New label")
    expect(page.locator("dialog #id_name")).to_be_focused()
    page.keyboard.type("vip")
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("The label vip is there.")
    label = Label.objects.get()
    page.click(f"#label-menu-button-{label.pk}")
    page.click(f"#label-menu-{label.pk} >> text=Edit")
    page.fill("dialog #id_name", "friends")
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("vip is friends now.")
    page.click(f"#label-menu-button-{label.pk}")
    page.click(f"#label-menu-{label.pk} >> text=Edit")
    expect(page.locator("dialog #id_name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(f"#label-menu-button-{label.pk}")).to_be_focused()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_label_is_merged_into_another(
    signed_in_page: OpenPage, marketer: TeamMember, ida: Contact, javascript: bool
) -> None:
    gone, into = Label.objects.get(name="webinar-october"), LabelFactory(name="webinars")
    page = signed_in_page(marketer, javascript=javascript)
    page.goto("/labels")
    page.click(f"#label-menu-button-{gone.pk}")
    page.click(f"#label-menu-{gone.pk} >> text=Merge into another label")
    page.get_by_label("Merge it into").select_option("webinars")
    page.get_by_role("button", name="Merge this label").click()
    expect(page.get_by_role("status")).to_contain_text("webinars")
    assert not Label.objects.filter(pk=gone.pk).exists()
    assert set(CarriedLabel.objects.filter(contact=ida).values_list("label__name", flat=True)) == {
        "purchased-q2",
        into.name,
    }


def test_choices_are_asked_for_where_the_type_is_choice(signed_in_page: OpenPage, marketer: TeamMember) -> None:
    page = signed_in_page(marketer)
    page.goto("/settings/attributes/new")
    expect(page.locator("#id_choices")).to_be_hidden()
    page.fill("#id_name", "Plan")
    page.check("text=Choice >> visible=true")
    page.fill("#id_choices", "Free\nTeam")
    page.click(SAVE)
    expect(page.locator("#attributes-list tbody")).to_contain_text("Free, Team")


def test_attributes_are_put_in_order_with_the_keyboard(
    signed_in_page: OpenPage, marketer: TeamMember, ida: Contact
) -> None:
    plan, renewal = Attribute.objects.all()
    page = signed_in_page(marketer)
    page.goto("/settings/attributes")
    page.focus(f"#attribute-{renewal.pk}-up")
    page.keyboard.press("Enter")
    expect(page.locator("#attributes-list tbody th")).to_have_text(["Renewal", "Plan"])
    assert list(Attribute.objects.all()) == [renewal, plan]


# Without scripts


def test_all_of_it_works_without_scripts(
    signed_in_page: OpenPage, administrator: TeamMember, ida: Contact, others: None, customer: Stage, loyal: Stage
) -> None:
    label = LabelFactory(name="vip")
    page = signed_in_page(administrator, javascript=False)
    page.goto("/contacts")
    page.select_option("#id_stage", str(customer.pk))
    page.click("text=Apply")
    assert names(page) == ["Ida Berg"]
    page.click("#contacts-list .name")
    assert page.url.endswith(f"/contacts/{ida.pk}")

    page.select_option("#put-on-label", label="vip")
    page.click("#put-on-label-button")
    assert "Ida Berg carries vip now." in page.inner_text("#messages")
    page.click(f"#take-off-{label.pk}")
    assert "Ida Berg carries vip no longer." in page.inner_text("#messages")

    page.click(f"#stage-step-{loyal.pk}")
    page.click("main button.primary")
    assert page.inner_text(".story").startswith("Loyal Customer since today")

    page.click("text=Edit >> visible=true")
    page.fill("#id_city", "Bonn")
    page.click(SAVE)
    assert "was saved" in page.inner_text("#messages")

    page.goto("/labels/new")
    page.fill("#id_name", "fair")
    page.click(SAVE)
    assert Label.objects.filter(name="fair", created_by=administrator).exists()

    page.goto(f"/contacts/{ida.pk}/erase")
    page.check("#id_sure")
    page.click("main button.danger")
    assert f"Contact {ida.pk} was erased." in page.inner_text("#messages")


def test_a_change_of_today_is_told_with_its_time(signed_in_page: OpenPage, viewer: TeamMember, ida: Contact) -> None:
    page = signed_in_page(viewer, timezone_id="Asia/Tokyo")
    page.goto(f"/contacts/{ida.pk}")
    shown = page.locator(".move-side time").first.get_attribute("title") or ""
    assert shown.startswith(f"{timezone.now().astimezone(UTC):%-d %b %Y}")
    assert shown.endswith(" UTC")
