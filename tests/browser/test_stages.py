"""The list of stages in a real browser: put in order by dragging, by keyboard, and without scripts."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from config.team.models import TeamMember
from journeys.status.models import FunnelStatus
from stages.models import Stage
from tests.factories import contact_in
from tests.fixtures.browser import axe

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
NAMES = ".stages tbody th a.name"


def drag(page: Page, stage: Stage, onto: Stage, *, part: float) -> None:
    """Drag a stage by its handle onto the row of another: `part` of the way down that row. The button stays down."""
    handle = page.locator(f"#stages-row-{stage.pk} .drag").bounding_box()
    row = page.locator(f"#stages-row-{onto.pk}").bounding_box()
    assert handle and row
    page.mouse.move(handle["x"] + 8, handle["y"] + 8)
    page.mouse.down()
    page.mouse.move(handle["x"] + 8, row["y"] + part * row["height"], steps=4)


def test_a_stage_is_dragged_to_another_place(
    signed_in_page: OpenPage, marketer: TeamMember, engaged: Stage, promoter: Stage
) -> None:
    page = signed_in_page(marketer)
    page.goto("/stages")
    drag(page, promoter, engaged, part=0.2)
    expect(page.locator(".is-drop-before")).to_have_attribute("id", f"stages-row-{engaged.pk}")
    assert axe(page) == []
    page.mouse.up()

    expect(page.locator("#messages")).to_contain_text("Promoter is number 2 now, with weight 15.")
    expect(page.locator(NAMES)).to_have_text(["Aware", "Promoter", "Engaged", "Customer", "Loyal Customer"])
    assert axe(page) == []

    drag(page, engaged, Stage.objects.get(name="Loyal Customer"), part=0.9)
    expect(page.locator(".is-drop-after")).to_have_count(1)
    page.mouse.up()
    expect(page.locator(NAMES)).to_have_text(["Aware", "Promoter", "Customer", "Loyal Customer", "Engaged"])


def test_a_drag_that_ends_where_it_began_or_is_given_up_moves_nothing(
    signed_in_page: OpenPage, marketer: TeamMember, engaged: Stage, customer: Stage, promoter: Stage
) -> None:
    page = signed_in_page(marketer)
    page.goto("/stages")
    drag(page, promoter, engaged, part=0.2)
    page.keyboard.press("Escape")
    expect(page.locator(".is-dragged, .is-drop-before")).to_have_count(0)
    page.mouse.up()
    drag(page, engaged, customer, part=0.2)
    expect(page.locator(".is-dragged")).to_have_count(1)
    expect(page.locator(".is-drop-before, .is-drop-after")).to_have_count(0)
    page.mouse.up()
    expect(page.locator(".is-dragged")).to_have_count(0)
    page.reload()
    expect(page.locator(NAMES)).to_have_text(["Aware", "Engaged", "Customer", "Loyal Customer", "Promoter"])
    assert not Stage.objects.exclude(modified_at=None).exists()


def test_a_stage_is_moved_by_keyboard_and_the_focus_stays(
    signed_in_page: OpenPage, marketer: TeamMember, promoter: Stage
) -> None:
    page = signed_in_page(marketer)
    page.goto("/stages")
    for place in ("4", "3", "2"):
        page.focus(f"#stage-{promoter.pk}-up")
        page.keyboard.press("Enter")
        expect(page.locator("#messages")).to_contain_text(f"Promoter is number {place} now")
        expect(page.locator(f"#stage-{promoter.pk}-up")).to_be_focused()
    expect(page.locator(NAMES)).to_have_text(["Aware", "Promoter", "Engaged", "Customer", "Loyal Customer"])


@pytest.mark.parametrize("width", [1280, 390])
def test_a_stage_is_moved_without_scripts(
    signed_in_page: OpenPage, marketer: TeamMember, customer: Stage, width: int
) -> None:
    page = signed_in_page(marketer, javascript=False, width=width)
    page.goto("/stages")
    expect(page.locator(".drag").first).to_be_hidden()
    if width < 640:
        page.click(f"#stages-menu-{customer.pk}")
        page.click("text=Move up >> visible=true")
    else:
        page.click(f"#stage-{customer.pk}-up")
    expect(page.locator("#messages")).to_contain_text("Customer is number 2 now, with weight 15.")
    expect(page.locator(NAMES)).to_have_text(["Aware", "Customer", "Engaged", "Loyal Customer", "Promoter"])


def test_a_stage_is_cloned_from_its_page(signed_in_page: OpenPage, marketer: TeamMember, customer: Stage) -> None:
    page = signed_in_page(marketer)
    page.goto("/stages")
    page.click(f"#stages-row-{customer.pk} a.name")
    expect(page.locator("h1")).to_have_text("Customer")
    page.click("text=The figures")
    expect(page.locator(".trend-table tbody tr")).to_have_count(13)
    assert axe(page) == []
    page.click("#stage-menu")
    page.click("text=Clone")
    expect(page.locator("[name=name]")).to_have_value("Customer (copy)")
    page.click("text=Save & Close")
    expect(page.locator(NAMES)).to_have_text(
        ["Aware", "Engaged", "Customer", "Customer (copy)", "Loyal Customer", "Promoter"]
    )
    expect(page.locator("tr", has_text="Customer (copy)")).to_contain_text("Unpublished")


def test_the_help_of_the_funnel_leads_to_the_stage(signed_in_page: OpenPage, viewer: TeamMember, customer) -> None:
    page = signed_in_page(viewer)
    page.goto("/")
    page.click(f"#about-{customer.pk}")
    page.click("text=More about it >> visible=true")
    expect(page.locator("h1")).to_have_text("Customer")


@pytest.mark.parametrize("javascript", [True, False])
def test_a_stage_is_retired_and_its_contacts_go_where_it_was_said(
    signed_in_page: OpenPage, marketer: TeamMember, customer: Stage, loyal: Stage, javascript: bool
) -> None:
    contact, lost = contact_in(loyal), contact_in(loyal, lost=True)
    page = signed_in_page(marketer, javascript=javascript)
    page.goto("/stages")
    page.click(f"#stages-menu-{loyal.pk}")
    page.click("text=Retire >> visible=true")
    expect(page.locator(".stats")).to_contain_text("In it now")
    page.click("text=Retire this stage")
    expect(page.locator(".error-summary")).to_contain_text("Say where its contacts go.")
    page.select_option("[name=to]", label="Customer")
    page.click("text=Retire this stage")

    expect(page.locator("#messages")).to_contain_text("Loyal Customer was retired.")
    expect(page.locator("#content")).to_contain_text("Loyal Customer retired: 2 contacts → Customer")
    for moved in (contact, lost):
        assert FunnelStatus.objects.get(pk=moved.pk).stage == customer
    page.goto("/stages")
    expect(page.locator(NAMES)).to_have_text(["Aware", "Engaged", "Customer", "Promoter"])
    page.goto(f"/stages/{loyal.pk}")
    expect(page.locator(".notice")).to_contain_text("by Max Weber. Nobody can be moved into it any more")
    if javascript:
        assert axe(page) == []


def test_what_is_left_in_a_retired_stage_is_found_from_the_list(
    signed_in_page: OpenPage, marketer: TeamMember, loyal: Stage
) -> None:
    contact_in(loyal)
    Stage.objects.filter(pk=loyal.pk).update(retired_at=timezone.now(), modified_by=marketer)
    page = signed_in_page(marketer, width=390)
    page.goto("/stages")
    assert axe(page) == []
    page.click("text=1 in Loyal Customer")
    assert axe(page) == []
    page.click("text=Move them out")
    expect(page.locator("h1")).to_have_text("Move contacts out of Loyal Customer")
    assert axe(page) == []


def test_a_category_is_made_given_to_a_stage_and_not_deleted(
    signed_in_page: OpenPage, marketer: TeamMember, customer: Stage
) -> None:
    page = signed_in_page(marketer)
    page.goto("/settings/categories")
    page.click(".page-actions >> text=New category")
    expect(page.locator("#dialog [name=title]")).to_be_focused()
    page.fill("#dialog [name=title]", "Big sales")
    assert axe(page) == []
    page.click("#dialog >> text=Save")
    expect(page.locator("#messages")).to_contain_text("Big sales was created.")
    expect(page.locator(".table code")).to_have_text("big-sales")

    page.goto(f"/stages/{customer.pk}/edit")
    page.select_option("[name=category]", label="Big sales")
    page.click("text=Save & Close")
    expect(page.locator(f"#stages-row-{customer.pk}")).to_contain_text("Big sales")
    page.goto("/settings/categories")
    page.click("[id^=category-menu]")
    expect(page.locator(".menu[open] a")).to_have_text("Edit")
    expect(page.locator(".menu[open]")).not_to_contain_text("Delete")
