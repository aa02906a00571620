"""Many contacts changed in a real browser: selected, narrowed or pasted; with keys, on a phone, without scripts."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from config.team.models import TeamMember
from contacts.models import Contact
from journeys.book import queries
from journeys.runs.models import RunPreview
from journeys.runs.operations import Act, Operation, Selection
from journeys.status.models import StatusChange
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.fixtures.browser import axe

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}

BAR, BOXES, PAGE_BOX, ALL = "#contacts-bulk", '[name="contact"]', "#select-page", '[name="all"]'
PREVIEW = "main form button.primary"
SELECTED = f"{BAR} [data-selected]"


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch, aware: Stage, customer: Stage) -> list[Contact]:
    """Five contacts, the newest first, on pages of three; the second is in Customer and lost, the others in Aware."""
    monkeypatch.setattr(queries, "PAGE", 3)
    made = [contact_in(aware, first_name="Ana", last_name=f"Berg {number}") for number in range(3)]
    made.append(contact_in(customer, first_name="Bo", last_name="Lund", lost=True))
    made.append(contact_in(aware, first_name="Carla", last_name="Ek"))
    LabelFactory(name="webinar-may")
    return made[::-1]


def previewed(page: Page) -> tuple[Operation, Selection]:
    """What the one preview, which the page shows now, is about."""
    preview = RunPreview.objects.get()
    expect(page).to_have_url(re.compile(rf"/previews/{preview.pk}\?next="))
    return Operation.read(preview.operation), Selection.read(preview.selection)


# Selecting


def test_the_bar_comes_with_the_first_box_and_says_how_many(
    signed_in_page: OpenPage, marketer: TeamMember, people: list[Contact]
) -> None:
    page = signed_in_page(marketer)
    page.goto("/contacts")
    expect(page.locator(BAR)).to_be_hidden()
    page.locator(BOXES).nth(0).check()
    expect(page.locator(SELECTED)).to_have_text("1 selected")
    expect(page.locator(BAR)).to_be_in_viewport(ratio=1)
    page.locator(BOXES).nth(1).check()
    expect(page.locator(SELECTED)).to_have_text("2 selected")
    page.locator(BOXES).nth(0).uncheck()
    page.locator(BOXES).nth(1).uncheck()
    expect(page.locator(BAR)).to_be_hidden()


def test_one_box_stands_for_the_page_and_one_for_all_that_match(
    signed_in_page: OpenPage, marketer: TeamMember, people: list[Contact]
) -> None:
    page = signed_in_page(marketer)
    page.goto("/contacts")
    page.check(PAGE_BOX)
    expect(page.locator(SELECTED)).to_have_text("3 selected")
    page.check(ALL)
    expect(page.locator(SELECTED)).to_have_text("All 5 selected")

    page.locator(BOXES).nth(1).uncheck()
    expect(page.locator(ALL)).not_to_be_checked()
    expect(page.locator(PAGE_BOX)).not_to_be_checked()
    assert page.locator(PAGE_BOX).evaluate("box => box.indeterminate") is True
    expect(page.locator(SELECTED)).to_have_text("2 selected")

    page.check(ALL)
    expect(page.locator(f"{BOXES}:checked")).to_have_count(3)
    page.uncheck(ALL)
    expect(page.locator(SELECTED)).to_have_text("3 selected")
    page.uncheck(PAGE_BOX)
    expect(page.locator(f"{BOXES}:checked")).to_have_count(0)
    expect(page.locator(BAR)).to_be_hidden()


def test_clear_takes_all_ticks_away(signed_in_page: OpenPage, marketer: TeamMember, people: list[Contact]) -> None:
    page = signed_in_page(marketer)
    page.goto("/contacts")
    page.check(PAGE_BOX)
    page.check(ALL)
    page.click(f"{BAR} >> text=Clear")
    expect(page.locator(f"{BOXES}:checked")).to_have_count(0)
    expect(page.locator(BAR)).to_be_hidden()
    page.locator(BOXES).nth(2).check()
    expect(page.locator(SELECTED)).to_have_text("1 selected")


def test_a_list_that_was_narrowed_begins_with_nobody_selected(
    signed_in_page: OpenPage, marketer: TeamMember, people: list[Contact], aware: Stage
) -> None:
    page = signed_in_page(marketer)
    page.goto("/contacts")
    page.check(PAGE_BOX)
    page.select_option("#id_stage", str(aware.pk))
    expect(page.locator("#contacts-list caption")).to_contain_text("4 contacts found, newest first")
    expect(page.locator(BAR)).to_be_hidden()
    page.check(PAGE_BOX)
    expect(page.locator(".bulk-all")).to_have_text("Select all 4 that match")


def test_operators_are_offered_lost_and_recover_and_viewers_nothing(
    signed_in_page: OpenPage, operator: TeamMember, viewer: TeamMember, people: list[Contact]
) -> None:
    page = signed_in_page(operator)
    page.goto("/contacts")
    page.check(PAGE_BOX)
    expect(page.locator(f"{BAR} button")).to_have_text(["Mark lost", "Recover", "Clear"])
    other = signed_in_page(viewer)
    other.goto("/contacts")
    expect(other.locator("#contacts-list .name")).to_have_count(3)
    expect(other.locator(BOXES)).to_have_count(0)


# To the preview


def test_selected_rows_are_previewed(
    signed_in_page: OpenPage, marketer: TeamMember, people: list[Contact], customer: Stage
) -> None:
    before = StatusChange.objects.count()
    page = signed_in_page(marketer)
    page.goto("/contacts")
    page.locator(BOXES).nth(0).check()
    page.locator(BOXES).nth(2).check()
    page.click(f"{BAR} >> text=Change status")
    expect(page.locator("#bulk-who")).to_have_text("2 contacts")
    expect(page.locator(".bulk-who")).to_contain_text("Carla Ek, Ana Berg 2")
    page.select_option("#id_stage", str(customer.pk))
    page.click(PREVIEW)
    expect(page.locator("main")).to_contain_text("2 will move forward")
    operation, selection = previewed(page)
    assert (operation.act, operation.stage) == (Act.CHANGE_STATUS, customer.pk)
    assert selection.contacts == (people[0].pk, people[2].pk)
    assert StatusChange.objects.count() == before


def test_all_that_match_go_by_the_filter_and_not_by_their_numbers(
    signed_in_page: OpenPage, marketer: TeamMember, people: list[Contact], aware: Stage
) -> None:
    page = signed_in_page(marketer)
    page.goto(f"/contacts?stage={aware.pk}")
    page.check(PAGE_BOX)
    page.check(ALL)
    page.click("#bulk-more")
    page.click(f"{BAR} >> text=Make accounts inactive")
    expect(page.locator("#bulk-who")).to_have_text("All 4 contacts that match")
    expect(page.locator(".bulk-who .chip")).to_have_text(["In Aware"])
    assert f"/contacts/bulk?stage={aware.pk}&all=1&act=deactivate" in page.url
    expect(page.locator(".of-deactivate")).to_be_visible()
    page.click(PREVIEW)
    expect(page.locator("main h1")).to_contain_text("ccounts of 4 contacts in Aware made inactive")
    operation, selection = previewed(page)
    assert operation.act is Act.DEACTIVATE
    assert selection.query
    assert selection.query.stage == aware.pk


def test_the_form_shows_what_the_act_needs(
    signed_in_page: OpenPage, marketer: TeamMember, people: list[Contact]
) -> None:
    page = signed_in_page(marketer)
    page.goto(f"/contacts/bulk?contact={people[0].pk}&act=mark_lost")
    stage, reason, label = (page.locator(f"#id_{name}") for name in ("stage", "reason", "label"))
    for act, shown in (
        *(("mark_lost", reason), ("change_status", stage), ("put_on_label", label), ("take_off_label", label)),
        *(("recover", None), ("activate", None), ("deactivate", None)),
    ):
        page.check(f'[value="{act}"]')
        for field in (stage, reason, label):
            expect(field).to_be_visible() if field is shown else expect(field).to_be_hidden()


def test_what_is_wrong_is_said_and_what_was_typed_stays(
    signed_in_page: OpenPage, marketer: TeamMember, people: list[Contact]
) -> None:
    page = signed_in_page(marketer)
    page.goto("/contacts")
    page.click("text=Paste a list")
    expect(page.locator("#id_pasted")).to_be_focused()
    page.keyboard.type("nobody@example.com")
    page.check('[value="put_on_label"]')
    page.fill("#id_note", "For the fair")
    page.click(PREVIEW)
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator("#id_pasted_error")).to_have_text("None of these is in the book.")
    expect(page.locator("#id_label_error")).to_have_text("Choose a label.")
    expect(page.locator("#id_pasted")).to_have_value("nobody@example.com")
    expect(page.locator("#id_note")).to_have_value("For the fair")
    assert axe(page) == []

    page.fill("#id_pasted", f"{people[0].email}; nobody@example.com")
    page.select_option("#id_label", label="webinar-may")
    page.click(PREVIEW)
    expect(page.locator("#messages")).to_contain_text("1 found, 1 not in the book.")
    expect(page.locator("main")).to_contain_text("1 not in the book, or not clear who is meant")
    operation, selection = previewed(page)
    assert (operation.act, selection.contacts) == (Act.PUT_ON_LABEL, (people[0].pk,))


def test_an_operator_is_told_who_may_do_so_many(
    monkeypatch: pytest.MonkeyPatch, signed_in_page: OpenPage, operator: TeamMember, people: list[Contact]
) -> None:
    monkeypatch.setattr("journeys.runs.operations.LOST_IN_BULK_BY_OPERATORS", 4)
    monkeypatch.setattr("journeys.bulk.acts.LOST_IN_BULK_BY_OPERATORS", 4)
    page = signed_in_page(operator)
    page.goto("/contacts?lost=no&stage=any")
    page.check(PAGE_BOX)
    page.check(ALL)
    page.click(f"{BAR} >> text=Mark lost")
    expect(page.locator(PREVIEW)).to_be_visible()
    page.goto("/contacts")
    page.check(PAGE_BOX)
    page.check(ALL)
    page.click(f"{BAR} >> text=Mark lost")
    expect(page.locator(".notice")).to_contain_text("these are 5. That needs the role Marketer.")
    expect(page.locator(PREVIEW)).to_have_count(0)
    assert axe(page) == []
    page.click("text=Back to the list")
    expect(page.locator("#contacts-list .name")).to_have_count(3)


# With keys


def test_it_is_done_with_the_keyboard(
    signed_in_page: OpenPage, marketer: TeamMember, people: list[Contact], customer: Stage
) -> None:
    page = signed_in_page(marketer)
    page.goto("/contacts")
    page.focus(PAGE_BOX)
    for _ in range(1 + page.locator("#contacts-list th a.sort").count()):
        page.keyboard.press("Tab")
    expect(page.locator(BOXES).first).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator(SELECTED)).to_have_text("1 selected")
    page.focus("#pager-next")
    page.keyboard.press("Tab")
    expect(page.locator(ALL)).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator(SELECTED)).to_have_text("All 5 selected")
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(page.locator("#bulk-more")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator('[value="take_off_label"]')).to_be_checked()
    page.locator('[value="take_off_label"]').focus()
    page.keyboard.press("Tab")
    expect(page.locator("#id_label")).to_be_focused()


def test_the_bar_hides_nothing_that_has_the_focus(
    signed_in_page: OpenPage, marketer: TeamMember, people: list[Contact]
) -> None:
    page = signed_in_page(marketer, height=420)
    page.goto("/contacts")
    page.locator(BOXES).nth(0).check()
    for name in page.locator("#contacts-list .name").all():
        name.focus()
        box, bar = name.bounding_box(), page.locator(BAR).bounding_box()
        assert box
        assert bar
        assert box["y"] + box["height"] <= bar["y"]


# Seen by everybody


ADDRESSES = [
    "/contacts",
    "/contacts/bulk",
    "/contacts/bulk?all=1&stage=any&act=change_status",
    "/contacts/bulk?all=1&stage=x",
]


@pytest.mark.parametrize("window", [{"width": 1280}, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    signed_in_page: OpenPage, marketer: TeamMember, people: list[Contact], window: dict, scheme: str
) -> None:
    page = signed_in_page(marketer, scheme=scheme, **window)
    for address in ADDRESSES:
        page.goto(address)
        assert axe(page) == [], address
    page.goto("/contacts?stage=any")
    page.check(PAGE_BOX)
    expect(page.locator(BAR)).to_be_visible()
    assert axe(page) == []
    page.click("#bulk-more")
    expect(page.locator(f"{BAR} >> text=Put on label")).to_be_visible()
    page.evaluate("scrollTo(0, 0)")  # a field half under the top bar counts as too small
    assert axe(page) == []


@pytest.mark.parametrize("width", [1280, 800, 640, 390, 320])
def test_nothing_scrolls_sideways(
    signed_in_page: OpenPage, marketer: TeamMember, people: list[Contact], width: int
) -> None:
    page = signed_in_page(marketer, width=width)
    for address in ADDRESSES:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") == width, address
    page.goto("/contacts?stage=any")
    page.check(PAGE_BOX)
    expect(page.locator(BAR)).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_boxes_are_44_px_on_touch(signed_in_page: OpenPage, marketer: TeamMember, people: list[Contact]) -> None:
    page = signed_in_page(marketer, **PHONE)
    page.goto("/contacts?stage=any")
    page.check(PAGE_BOX)
    small = page.evaluate(
        """[...document.querySelectorAll("#contacts-list label, #contacts-bulk .button")]
             .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 44)
             .map((element) => element.outerHTML.slice(0, 80))"""
    )
    assert small == []


# Without scripts


def test_it_works_without_scripts(
    signed_in_page: OpenPage, marketer: TeamMember, people: list[Contact], aware: Stage, customer: Stage
) -> None:
    page = signed_in_page(marketer, javascript=False)
    page.goto(f"/contacts?stage={aware.pk}")
    assert page.locator(PAGE_BOX).is_hidden()
    page.locator(BOXES).nth(0).check()
    page.click(f"{BAR} >> text=Mark lost")
    assert page.inner_text("#bulk-who") == "1 contact"
    assert page.locator("#id_stage").is_hidden()
    page.check('[value="change_status"]')
    page.click(PREVIEW)
    assert page.inner_text("#id_stage_error").strip() == "Choose a stage."
    page.select_option("#id_stage", str(customer.pk))
    page.click(PREVIEW)
    operation, selection = previewed(page)
    assert (operation.stage, selection.contacts) == (customer.pk, (people[0].pk,))

    page.goto(f"/contacts?stage={aware.pk}")
    page.check(ALL)
    page.click("#bulk-more")
    page.click(f"{BAR} >> text=Put on label")
    assert page.inner_text("#bulk-who") == "All 4 contacts that match"
    assert page.locator('[value="put_on_label"]').is_checked()

    page.goto("/contacts")
    page.click(f"{BAR} >> text=Recover")
    page.fill("#id_pasted", people[1].email or "")
    page.click(PREVIEW)
    assert "1 found." in page.inner_text("#messages")
