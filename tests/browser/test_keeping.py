"""Exporting, erasing many, retention, and a run that stopped: in a real browser."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Attribute, Contact
from journeys.exports.models import Export
from journeys.runs import selections
from journeys.runs.models import Run
from journeys.runs.operations import Act, Operation
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.fixtures.browser import axe
from tests.journeys.running import a_worker_is_up, done, one_slice_of, started

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"
PROBLEM = "The disk of the database is full."


@pytest.fixture
def people(aware: Stage) -> list[Contact]:
    Attribute.objects.create(name="A long name of an attribute " + "x" * 60, key="long")
    return [contact_in(aware, first_name=name, last_name="Reis") for name in ("Ana", "Bo", "Cy", "Di", "Eva")]


@pytest.fixture
def every_screen(people, customer: Stage, marketer: TeamMember, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of all that is shown here, in every state."""
    monkeypatch.setattr(selections, "SLICE", 2)
    to_customer = Operation(Act.CHANGE_STATUS, Cause.BULK, stage=customer.pk)
    stopped, waiting = (one_slice_of(started(to_customer, people, marketer)) for _ in range(2))
    Run.objects.filter(pk=stopped.pk).update(state="stopped", finished_at=timezone.now(), tries=6, problem=PROBLEM)
    soon = timezone.now() + timedelta(minutes=5)
    Run.objects.filter(pk=waiting.pk).update(tries=2, next_try_at=soon, problem=PROBLEM)
    labelled, dropped = (
        done(started(Operation(Act.PUT_ON_LABEL, Cause.BULK, label=LabelFactory().pk), people, marketer))
        for _ in range(2)
    )
    Run.objects.filter(pk=dropped.pk).update(details_dropped_at=timezone.now())
    a_worker_is_up()
    for end in ({}, {"rows": 2000}, {"rows": 18_220, "is_complete": True}):
        words = "contacts in Aware found by “" + "w" * 90 + "”"
        export = Export.objects.create(exported_by=marketer, words=words, columns=["email"])
        Export.objects.filter(pk=export.pk).update(ended_at=timezone.now() if end else None, **end)
    return [
        *("/contacts", "/contacts/export?all=1", "/contacts/export", "/settings/exports", "/settings/retention"),
        *(f"/runs/{run.pk}" for run in (stopped, waiting, labelled, dropped)),
        f"/contacts/bulk?contact={people[0].pk}&act=erase",
    ]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark"), (1280, "dark"), (390, "light")])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    signed_in_page: OpenPage, administrator: TeamMember, every_screen: list[str], width: int, scheme: str
) -> None:
    page = signed_in_page(administrator, width=width, scheme=scheme)
    for address in every_screen:
        page.goto(address)
        expect(page.locator("h1")).to_be_visible()
        assert (address, axe(page)) == (address, [])
        page.set_viewport_size({"width": 320 if width == 390 else width, "height": 800})
        assert (address, page.evaluate(SIDEWAYS)) == (address, False)
        page.set_viewport_size({"width": width, "height": 800})


@pytest.mark.parametrize("javascript", [True, False])
def test_the_list_is_downloaded(signed_in_page: OpenPage, marketer: TeamMember, people, javascript: bool) -> None:
    page = signed_in_page(marketer, javascript=javascript)
    page.goto("/contacts?q=Ana")
    page.get_by_role("link", name="Export").click()
    expect(page.get_by_role("heading", name="The 1 contact that matches")).to_be_visible()
    for group in page.locator(".export-columns fieldset").all():
        for box in group.get_by_role("checkbox").all():
            box.uncheck()
    page.get_by_label("First name").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    assert download.value.suggested_filename == f"contacts-{timezone.localdate():%Y-%m-%d}.csv"
    assert Path(download.value.path()).read_bytes() == b"First name\r\nAna\r\n"
    export = Export.objects.get()
    assert (export.rows, export.is_complete) == (1, True)


def test_those_selected_are_exported_from_the_bar(signed_in_page: OpenPage, marketer: TeamMember, people) -> None:
    page = signed_in_page(marketer)
    page.goto("/contacts")
    for name in ("Ana", "Cy"):
        page.get_by_role("checkbox", name=f"Select {name} Reis").check()
    bar = page.get_by_role("form", name="Change many contacts")
    bar.get_by_text("More", exact=True).click()
    bar.get_by_role("button", name="Export").click()
    expect(page.get_by_role("heading", name="2 contacts")).to_be_visible()
    expect(page.get_by_text("Cy Reis, Ana Reis")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_many_are_erased(signed_in_page: OpenPage, administrator: TeamMember, people, javascript: bool) -> None:
    page = signed_in_page(administrator, javascript=javascript)
    page.goto(f"/contacts/bulk?contact={people[0].pk}&contact={people[1].pk}&act=erase")
    page.get_by_role("button", name="Show the preview").click()
    expect(page.get_by_text("This cannot be undone.")).to_be_visible()
    assert axe(page) == [] if javascript else True
    page.get_by_role("button", name="Erase 2 contacts for good").click()
    expect(page.get_by_text("Type 2 to confirm that you mean so many.").first).to_be_visible()
    assert Contact.objects.count() == 5
    page.get_by_label("Type 2 to confirm").fill("2")
    page.get_by_role("button", name="Erase 2 contacts for good").click()
    expect(page.get_by_text("Finished after")).to_be_visible()
    expect(page.get_by_text(f"Erased contact {people[0].pk}")).to_be_visible()
    assert set(Contact.objects.values_list("first_name", flat=True)) == {"Cy", "Di", "Eva"}


def test_a_stopped_run_is_continued_by_keyboard(
    signed_in_page: OpenPage, administrator: TeamMember, every_screen: list[str]
) -> None:
    page = signed_in_page(administrator)
    page.goto(next(address for address in every_screen if address.startswith("/runs/")))
    page.get_by_role("button", name="Continue").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("goes on.").first).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
