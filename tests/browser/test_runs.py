"""Runs in a real browser: the list, a run while it goes on and at its end, and the chip in the top bar."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.runs import actions, outcomes, selections
from journeys.runs.models import Run
from journeys.runs.operations import Act, Operation
from journeys.status.actions import change_status
from stages.models import Stage
from tests.factories import contact_in
from tests.fixtures.browser import Watch, axe
from tests.journeys.running import a_worker_is_up, done, lost, moved, one_slice_of, started, undone

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"
WIDTHS_AND_SCHEMES = [(1280, "light"), (390, "dark"), (1280, "dark"), (390, "light")]


@pytest.fixture
def going(aware: Stage, customer: Stage, marketer: TeamMember, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run over six contacts, of which it moved two."""
    monkeypatch.setattr(selections, "SLICE", 2)
    people = [contact_in(aware, first_name=name, last_name="Reis") for name in ("Ana", "Bo", "Cy", "Di", "Eva", "Fé")]
    return one_slice_of(started(Operation(Act.CHANGE_STATUS, Cause.BULK, stage=customer.pk), people, marketer))


@pytest.fixture
def every_state(aware: Stage, engaged: Stage, customer: Stage, marketer, operator, going: Run) -> list[str]:
    """The addresses of runs in every state that these screens show."""
    people = [contact_in(aware, first_name="M" + "a" * 70), contact_in(customer), contact_in(None)]
    run = started(
        Operation(Act.CHANGE_STATUS, Cause.BULK, stage=customer.pk), people, marketer, note="W" + "h" * 90 + "y"
    )
    change_status(contacts=[people[2].pk], to=engaged, cause=Cause.MANUAL, by=operator)
    run = done(run)
    undo = undone(run, marketer)
    losing = lost(people[:1], operator)
    cancelled = one_slice_of(
        started(Operation(Act.MARK_LOST, Cause.BULK), [contact_in(aware) for _ in range(4)], operator)
    )
    actions.cancel_run(run=cancelled, by=operator)
    imported = Run.objects.create(kind=Run.Kind.IMPORT, words="Import l" + "o" * 90 + "ng.csv", created=4, records=9)
    waiting = started(Operation(Act.CHANGE_STATUS, Cause.BULK, stage=engaged.pk), [contact_in(aware)], marketer)
    Run.objects.filter(pk=waiting.pk).update(progressed_at=timezone.now() - timedelta(minutes=8))
    runs = [going, run, undo, losing, cancelled, imported, waiting]
    return [
        "/runs",
        "/runs?kind=magic&since=2026-02-30",
        "/runs?kind=retire",
        *(f"/runs/{one.pk}" for one in runs),
        f"/runs/{run.pk}?outcome=changed_meanwhile",
        f"/runs/{cancelled.pk}?outcome=run_cancelled",
        f"/runs/{run.pk}?outcome=magic",
    ]


@pytest.mark.parametrize(("width", "scheme"), WIDTHS_AND_SCHEMES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    signed_in_page: OpenPage, marketer: TeamMember, every_state: list[str], width: int, scheme: str
) -> None:
    page = signed_in_page(marketer, width=width, scheme=scheme)
    for address in every_state:
        page.goto(address)
        expect(page.locator("#runs-going a")).to_have_accessible_name("3 runs going")
        assert axe(page) == [], address
        assert not page.evaluate(SIDEWAYS), address


def test_nothing_scrolls_sideways_at_320(signed_in_page: OpenPage, marketer, every_state: list[str]) -> None:
    page = signed_in_page(marketer, width=320)
    for address in every_state:
        page.goto(address)
        expect(page.locator("#runs-going a")).to_be_visible()
        assert not page.evaluate(SIDEWAYS), address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_there_is_nothing(signed_in_page: OpenPage, marketer, scheme: str) -> None:
    page = signed_in_page(marketer, scheme=scheme)
    page.goto("/runs")
    expect(page.locator(".empty")).to_contain_text("Nobody has changed many contacts at once yet")
    assert axe(page) == []


def test_progress_comes_by_itself_and_ends_by_itself(
    signed_in_page: OpenPage, marketer: TeamMember, going: Run
) -> None:
    a_worker_is_up()
    page = signed_in_page(marketer)
    page.goto(f"/runs/{going.pk}")
    page.evaluate("window.stays = true")
    sum_of_it = page.locator(".run-sum")
    expect(sum_of_it).to_contain_text("2 moved")
    expect(sum_of_it).to_contain_text("4 to go")
    expect(page.locator("text=Reload")).to_be_hidden()

    page.click("#account-menu")
    one_slice_of(going)
    expect(sum_of_it).to_contain_text("4 moved")
    expect(page.locator(".pace")).to_contain_text("a second, about")
    expect(page.locator(".account .menu-items")).to_be_visible()
    page.keyboard.press("Escape")

    page.focus("#cancel-run")
    done(going)
    expect(page.locator("#run-progress")).to_contain_text("Finished after")
    expect(page.locator("#messages")).to_contain_text("Finished: 6 moved.")
    expect(page.locator("#undo-run")).to_be_visible()
    expect(page.locator("#cancel-run")).to_have_count(0)
    expect(page.locator("#run-outcomes tbody tr")).to_have_count(6)
    expect(page.locator("#run-progress[hx-get]")).to_have_count(0)
    assert page.evaluate("window.stays") is True
    assert axe(page) == []


def test_the_chosen_outcome_stays_chosen_when_the_run_ends(
    signed_in_page: OpenPage, marketer: TeamMember, customer: Stage, aware: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selections, "SLICE", 2)
    people = [contact_in(aware), contact_in(customer, first_name="Bo", last_name="Reis"), contact_in(aware)]
    run = one_slice_of(started(Operation(Act.CHANGE_STATUS, Cause.BULK, stage=customer.pk), people, marketer))
    page = signed_in_page(marketer)
    page.goto(f"/runs/{run.pk}")
    page.click("#outcome-unchanged")
    expect(page).to_have_url(re.compile("outcome=unchanged"))
    done(run)
    expect(page.locator("#run-progress")).to_contain_text("Finished after")
    expect(page.locator("#outcome-unchanged")).to_have_attribute("aria-current", "true")
    expect(page.locator("#run-outcomes tbody tr")).to_have_count(1)
    expect(page.locator("#run-outcomes tbody")).to_contain_text("Bo Reis")


def test_a_server_that_is_away_is_asked_again_without_a_word(
    signed_in_page: OpenPage, marketer: TeamMember, going: Run, watch: Watch
) -> None:
    page = signed_in_page(marketer)
    page.goto(f"/runs/{going.pk}")
    asked = re.compile(r"/runs/\d+\?seen=")
    page.route(asked, lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    for _ in range(2):
        with page.expect_response(asked):
            pass
    one_slice_of(going)
    expect(page.locator(".run-sum")).to_contain_text("2 moved")
    expect(page.locator("#messages")).to_be_empty()
    watch.complaints.clear()
    page.unroute(asked)
    expect(page.locator(".run-sum")).to_contain_text("4 moved")


def test_who_is_signed_out_meanwhile_keeps_the_page(signed_in_page: OpenPage, marketer: TeamMember, going: Run) -> None:
    page = signed_in_page(marketer)
    page.goto(f"/runs/{going.pk}")
    page.context.clear_cookies()
    for _ in range(2):
        with page.expect_response(re.compile("/sign-in")):
            pass
    expect(page.locator(".run-sum")).to_contain_text("2 moved")
    expect(page.locator("text=Sign in")).to_have_count(0)


def test_a_run_is_cancelled_and_undone_by_hand(
    signed_in_page: OpenPage, marketer: TeamMember, going: Run, aware: Stage
) -> None:
    page = signed_in_page(marketer)
    page.goto(f"/runs/{going.pk}")
    page.focus("#cancel-run")
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text(f"Run {going.pk} was cancelled. It left 4 contacts as they were.")
    expect(page.locator("#run-progress")).to_contain_text("Cancelled by Max Weber after")

    page.click("#undo-run")
    expect(page.locator(".preview-sentence")).to_contain_text("2 will go back")
    page.click("text=Put 2 contacts back")
    expect(page.locator("h1")).to_contain_text(f"Undo of run {going.pk}")
    expect(page.locator(".run-sum")).to_contain_text("2 put back")
    page.click(f"text=run {going.pk} >> nth=-1")
    expect(page.locator("#run-progress")).to_contain_text("Undone by run")
    expect(page.locator("#undo-run")).to_have_count(0)


def test_the_list_is_narrowed_in_place_and_back_works(
    signed_in_page: OpenPage, marketer: TeamMember, operator: TeamMember, aware: Stage, customer: Stage
) -> None:
    moved([contact_in(aware)], customer, marketer)
    lost([contact_in(aware)], operator)
    page = signed_in_page(operator)
    page.goto("/runs")
    page.evaluate("window.stays = true")
    rows = page.locator("#runs-list tbody tr")
    expect(rows).to_have_count(2)
    expect(page.get_by_role("button", name="Undo run")).to_have_count(1)
    page.select_option("[name=person]", label="Olga Petrova")
    page.click("text=Apply")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("1 contact lost")
    assert page.evaluate("window.stays") is True
    page.go_back()
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Undo run").click()
    expect(page.locator(".preview-sentence")).to_contain_text("1 will go back")


def test_outcomes_are_paged_in_place(
    signed_in_page: OpenPage, viewer: TeamMember, marketer, aware: Stage, customer: Stage, monkeypatch
) -> None:
    monkeypatch.setattr(outcomes, "PAGE", 2)
    run = moved([contact_in(aware, first_name=name) for name in ("Ana", "Bo", "Cy")], customer, marketer)
    page = signed_in_page(viewer)
    page.goto(f"/runs/{run.pk}")
    page.evaluate("window.stays = true")
    rows = page.locator("#run-outcomes tbody tr")
    expect(rows).to_have_count(2)
    page.click("#pager-next")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Cy")
    expect(page).to_have_url(re.compile(r"after=0\."))
    page.click("#pager-previous")
    expect(rows).to_have_count(2)
    assert page.evaluate("window.stays") is True
    expect(page.locator("text=All as CSV")).to_have_count(0)


def test_it_all_works_without_scripts(
    signed_in_page: OpenPage, marketer: TeamMember, going: Run, customer: Stage
) -> None:
    page = signed_in_page(marketer, javascript=False)
    page.goto("/runs")
    page.select_option("[name=state]", "running")
    page.click("text=Apply")
    page.click("#runs-list a.name")
    expect(page.locator(".run-sum")).to_contain_text("2 moved")
    one_slice_of(going)
    page.click("text=Reload")
    expect(page.locator(".run-sum")).to_contain_text("4 moved")
    page.click("#cancel-run")
    expect(page.locator("#run-progress")).to_contain_text("Cancelled by Max Weber")
    page.click("#outcome-run_cancelled")
    expect(page.locator("#run-outcomes tbody tr")).to_have_count(2)
    page.click("#undo-run")
    page.click("text=Put 4 contacts back")
    expect(page.locator(".run-sum")).to_contain_text("4 put back")


def test_the_chip_leads_to_the_run_and_goes_when_it_ends(
    signed_in_page: OpenPage, viewer: TeamMember, going: Run
) -> None:
    page = signed_in_page(viewer)
    page.goto("/stages")
    page.click("#runs-going a")
    expect(page).to_have_url(re.compile(f"/runs/{going.pk}$"))
    done(going)
    page.goto("/stages")
    expect(page.locator("#runs-going[hx-trigger='every 15s']")).to_be_attached()
    expect(page.locator("#runs-going a")).to_have_count(0)
