"""Segments in a real browser: the three examples built by clicking, by keys alone, without scripts, on every width."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from playwright.sync_api import Locator, Page, expect

from config.team.models import TeamMember
from contacts.models import Attribute
from journeys.segments import views
from journeys.segments.conditions import Condition, Conditions, Operator, Place
from journeys.segments.models import Segment
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.fixtures.browser import axe
from tests.journeys.segmenting import in_stage, segment_of

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
ABOUT, COMPARES = "What the condition is about", "How it compares"
COUNT = ".segment-count"
DAY = date(2026, 5, 3)


def last(page: Page, label: str) -> Locator:
    """The control of this label in the last condition."""
    return page.locator(".segment-condition").last.get_by_label(label, exact=True)


def save(page: Page, name: str) -> Segment:
    page.get_by_label("Name", exact=True).fill(name)
    page.locator(".form-foot").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    return Segment.objects.get(name=name)


@pytest.fixture
def people(aware: Stage, customer: Stage, promoter: Stage) -> None:
    contact_in(customer, last_open_at=datetime(2026, 4, 7, tzinfo=UTC))
    contact_in(customer, last_open_at=datetime(2026, 4, 8, tzinfo=UTC))
    contact_in(promoter)
    contact_in(promoter, lost=True)
    for day in (1, 2, 3):
        contact_in(aware, subscribed_at=datetime(2026, 5, day, tzinfo=UTC))


@pytest.fixture
def building(signed_in_page: OpenPage, marketer: TeamMember, people: None) -> Page:
    page = signed_in_page(marketer)
    page.goto("/segments")
    page.get_by_role("link", name="New segment").first.click()
    return page


# The examples, as they are written


def test_customers_whose_last_open_is_before_a_day(building: Page, customer: Stage) -> None:
    last(building, ABOUT).select_option("Funnel status")
    last(building, "Place").select_option("Customer")
    expect(building.locator(COUNT)).to_have_text("2")
    building.get_by_role("button", name="Add condition").click()
    expect(last(building, ABOUT)).to_be_focused()
    last(building, ABOUT).select_option("Last open")
    last(building, COMPARES).select_option("before")
    last(building, "Day").fill("2026-04-08")
    expect(building.locator(COUNT)).to_have_text("1")
    expect(building.locator(".segment-sentence")).to_have_text(
        "Funnel status is Customer AND Last open before 8 Apr 2026."
    )
    segment = save(building, "At risk")
    before = Condition("last_open_at", Operator.BEFORE, day=date(2026, 4, 8))
    assert segment.asks == in_stage(customer, before)


def test_promoters(building: Page, promoter: Stage) -> None:
    last(building, ABOUT).select_option("Funnel status")
    last(building, "Place").select_option("Promoter")
    expect(building.locator(COUNT)).to_have_text("1")
    assert save(building, "Advocacy").asks == in_stage(promoter)


def test_new_subscribers(building: Page, aware: Stage) -> None:
    last(building, ABOUT).select_option("Funnel status")
    last(building, "Place").select_option("Aware")
    building.get_by_role("button", name="Add condition").click()
    last(building, ABOUT).select_option("Subscribed at")
    last(building, COMPARES).select_option("after")
    last(building, "Day").fill("2026-05-01")
    expect(building.locator(COUNT)).to_have_text("2")
    after = Condition("subscribed_at", Operator.AFTER, day=date(2026, 5, 1))
    assert save(building, "Welcome").asks == in_stage(aware, after)


# Building


def test_groups_come_and_go_and_what_was_typed_stays(building: Page, aware: Stage, promoter: Stage) -> None:
    building.get_by_label("Name", exact=True).fill("Either")
    last(building, ABOUT).select_option("Company")
    last(building, "Text").fill("Acme")
    building.get_by_role("button", name="Add group").click()
    expect(building.locator(".segment-group")).to_have_count(2)
    expect(last(building, ABOUT)).to_be_focused()
    last(building, ABOUT).select_option("Funnel status")
    last(building, "Place").select_option("Aware")
    expect(building.locator(COUNT)).to_have_text("3")
    expect(building.locator(".segment-sentence")).to_have_text("Company is “Acme” OR Funnel status is Aware.")
    building.get_by_role("button", name="Remove this condition").first.click()
    expect(building.locator(".segment-group")).to_have_count(1)
    expect(building.locator("#add-0")).to_be_focused()
    expect(building.get_by_label("Name", exact=True)).to_have_value("Either")
    expect(building.locator(".segment-sentence")).to_have_text("Funnel status is Aware.")
    assert save(building, "Either").asks == in_stage(aware)


def test_the_focus_stays_on_what_was_chosen(building: Page) -> None:
    last(building, ABOUT).focus()
    last(building, ABOUT).select_option("Last open")
    expect(last(building, "Day")).to_be_visible()
    expect(last(building, ABOUT)).to_be_focused()
    building.keyboard.press("Tab")
    last(building, COMPARES).select_option("within the last … days")
    expect(last(building, "Days")).to_be_visible()
    expect(last(building, COMPARES)).to_be_focused()


def test_it_is_built_by_keys_alone(building: Page, promoter: Stage) -> None:
    last(building, ABOUT).focus()
    building.keyboard.type("Funnel")
    expect(last(building, "Place")).to_be_visible()
    expect(last(building, ABOUT)).to_be_focused()
    building.keyboard.press("Tab")
    building.keyboard.press("Tab")
    building.keyboard.type("Promoter")
    expect(building.locator(COUNT)).to_have_text("1")
    building.get_by_label("Name", exact=True).focus()
    building.keyboard.type("Fans")
    building.keyboard.press("Enter")
    expect(building.get_by_role("heading", name="Fans", level=1)).to_be_visible()
    assert Segment.objects.get().asks == in_stage(promoter)


def test_errors_take_the_focus_and_lead_to_their_fields(building: Page) -> None:
    last(building, ABOUT).select_option("Label")
    expect(last(building, "Label")).to_be_visible()
    building.locator(".form-foot").get_by_role("button", name="Save").click()
    expect(building.locator(".error-summary")).to_be_focused()
    building.locator(".error-summary").get_by_role("link", name="Label").click()
    expect(last(building, "Label")).to_be_focused()
    assert axe(building) == []
    assert not Segment.objects.exists()


def test_a_long_count_shows_that_it_goes_on(building: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    count_within = views.queries.count_within

    def slow_at_first(what, seconds):
        return None if seconds == views.COUNTED_AT_ONCE else count_within(what, seconds)

    monkeypatch.setattr(views.queries, "count_within", slow_at_first)
    last(building, ABOUT).select_option("Funnel status")
    last(building, "Place").select_option("Promoter")
    expect(building.locator(COUNT)).to_have_text("1")


def test_it_works_without_scripts(signed_in_page: OpenPage, viewer: TeamMember, people: None, customer: Stage) -> None:
    page = signed_in_page(viewer, javascript=False)
    page.goto("/segments/new")
    last(page, ABOUT).select_option("Funnel status")
    page.get_by_role("button", name="Choose").click()
    last(page, "Place").select_option("lost from Customer")
    page.get_by_role("button", name="Add group").click()
    last(page, ABOUT).select_option("Last open")
    page.get_by_role("button", name="Choose").last.click()
    last(page, COMPARES).select_option("is not empty")
    page.get_by_role("button", name="Count who matches").click()
    expect(page.locator(COUNT)).to_have_text("2")
    segment = save(page, "Without scripts")
    lost = Condition("status", Operator.IS, place=Place(str(customer.pk), lost=True))
    assert segment.asks == Conditions(((lost,), (Condition("last_open_at", Operator.IS_NOT_EMPTY),)))
    page.goto("/segments")
    page.get_by_role("link", name="Count who matches").click()
    expect(page.get_by_role("link", name="2 contacts match Without scripts")).to_be_visible()


# Where segments are looked at


def test_tabs_get_their_counts_and_narrow_the_list(
    signed_in_page: OpenPage, marketer: TeamMember, people: None, promoter: Stage
) -> None:
    segment_of(promoter, marketer)
    page = signed_in_page(marketer)
    page.goto("/contacts?sort=name")
    tab = page.locator("#contacts-tabs").get_by_role("link", name="Fans")
    expect(tab).to_have_text("Fans 1")
    tab.click()
    expect(page.locator("#contacts-list caption")).to_contain_text("1 contact found, by name, A to Z")
    expect(tab).to_have_attribute("aria-current", "page")
    expect(tab).to_have_text("Fans 1")


def test_narrowing_the_list_keeps_the_counts_of_segments_and_asks_for_none_again(
    signed_in_page: OpenPage, marketer: TeamMember, people: None, promoter: Stage
) -> None:
    segment_of(promoter, marketer)
    page = signed_in_page(marketer)
    asked: list[str] = []
    page.on("request", lambda request: "/segments/counts" in request.url and asked.append(request.url))
    page.goto("/contacts")
    tab = page.locator("#contacts-tabs").get_by_role("link", name="Fans")
    expect(tab).to_have_text("Fans 1")
    page.get_by_label("Segment").select_option("Fans")
    expect(tab).to_have_attribute("aria-current", "page")
    expect(tab).to_have_text("Fans 1")
    page.get_by_label("Stage").select_option("Aware")
    expect(page.locator("#contacts-list")).to_contain_text("No contact is like this")
    expect(page.locator(".applied")).to_contain_text("Matches Fans")
    expect(page.locator("#contacts-tabs [aria-current]")).to_have_count(0)
    expect(tab).to_have_text("Fans 1")
    assert len(asked) == 1


def test_tabs_are_one_line_that_shows_the_current_one(
    signed_in_page: OpenPage, marketer: TeamMember, people: None, promoter: Stage
) -> None:
    segments = [segment_of(promoter, marketer, name=f"Segment number {number}") for number in range(6)]
    page = signed_in_page(marketer, width=390)
    page.goto(f"/contacts?segment={segments[5].pk}")
    expect(page.locator("#contacts-tabs [aria-current]")).to_have_text("Segment number 5 1")
    expect(page.locator("#contacts-tabs [aria-current]")).to_be_in_viewport(ratio=0.9)
    tops = page.locator("#contacts-tabs a").evaluate_all("tabs => tabs.map(tab => tab.getBoundingClientRect().top)")
    assert len(set(tops)) == 1
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_customer_journey_of_a_segment_is_chosen_from_a_menu(
    signed_in_page: OpenPage, marketer: TeamMember, people: None, promoter: Stage
) -> None:
    segment_of(promoter, marketer)
    page = signed_in_page(marketer)
    page.goto("/")
    expect(page.locator("#number-stage-all")).to_contain_text("7")
    page.locator("#segment-menu").click()
    page.locator("#customer-journey-segment").get_by_role("link", name="Fans").click()
    expect(page.locator("#number-stage-all")).to_contain_text("1")
    expect(page.locator("#segment-menu")).to_have_text("Fans")
    page.locator("#number-stage-all").click()
    expect(page.locator("#contacts-title")).to_contain_text("Everybody who matches")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_screen_is_accessible(
    signed_in_page: OpenPage, marketer: TeamMember, people: None, promoter: Stage, width: int, scheme: str
) -> None:
    Attribute.objects.create(name="Plan", key="plan", type=Attribute.Type.CHOICE, choices=["gold"])
    label = LabelFactory(name="purchased-in-the-second-quarter")
    several = Conditions(
        (
            *in_stage(promoter, Condition("label", Operator.CARRIED, label=label.pk)).groups,
            (
                Condition("entered", Operator.BETWEEN, stage=promoter.pk, day=DAY, until=DAY),
                Condition("last_open_at", Operator.MORE_THAN_AGO, days=14, or_never=True),
            ),
        )
    )
    segment = segment_of(promoter, marketer, conditions=several, description="Ask them to tell others.")
    page = signed_in_page(marketer, width=width, scheme=scheme)
    found = {}
    for address in (
        "/segments",
        "/segments/new",
        f"/segments/{segment.pk}",
        f"/segments/{segment.pk}/edit",
        f"/contacts?segment={segment.pk}",
        f"/?segment={segment.pk}",
    ):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        found[address] = axe(page)
    assert [line for lines in found.values() for line in lines] == []


@pytest.mark.parametrize("width", [800, 640, 320])
def test_nothing_scrolls_sideways(
    signed_in_page: OpenPage, marketer: TeamMember, people: None, promoter: Stage, width: int
) -> None:
    between = Condition("entered", Operator.BETWEEN, stage=promoter.pk, day=DAY, until=DAY)
    segment = segment_of(promoter, marketer, name="F" * 60, conditions=in_stage(promoter, between))
    page = signed_in_page(marketer, width=width)
    for address in ("/segments", f"/segments/{segment.pk}", f"/segments/{segment.pk}/edit", "/contacts", "/"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") == width, address
