"""An import in a real browser: from the file to the contacts, with and without scripts, on a phone, by keyboard."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from config.team.models import TeamMember
from contacts.models import Contact, Label
from journeys.imports.models import Import
from journeys.imports.wizard import actions
from journeys.status.models import FunnelStatus
from stages.models import Stage
from tests.factories import contact_in
from tests.fixtures.browser import axe
from tests.journeys.importing import write
from tests.journeys.wizard import checked, imported, taken

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}

CONTENT = (
    "E-Mail,First name,Company,Funnel stage,Since,Tag\n"
    "ana@example.com,Ana,Stonecroft Labs,Customer,03/04/2024,web\n"
    "bo@example.com,Bo,Harbour & Sons,gold,05/06/2024,fair\n"
    "nobody,Cy,A company with a rather long name that has to go somewhere GmbH & Co. KG,Aware,05/06/2024,\n"
    "known@example.com,Di,Northwind,Aware,05/06/2024,web\n"
)


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    return write(tmp_path, CONTENT, "leads-of-the-spring-fair.csv")


def go_through(page: Page, leads: Path) -> None:
    """From the list to the check, as a person does it."""
    page.goto("/imports")
    page.get_by_role("link", name="New import").first.click()
    page.get_by_label("CSV file").set_input_files(leads)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_label("What “E-Mail” is")).to_have_value("email")
    page.get_by_label("How the dates in “Since” are written").select_option("mdy")
    page.get_by_label("What “Company” does").select_option("fill")
    page.get_by_role("button", name="Next: options").click()
    expect(page.get_by_label("Move only forward")).to_be_checked()
    page.get_by_label("“gold”").select_option("Loyal Customer")
    page.get_by_label("Labels", exact=False).first.fill("spring-fair")
    page.get_by_label("Make labels that do not exist yet").check()
    page.get_by_role("button", name="Check the whole file").click()
    expect(page.get_by_text("Checked, and nothing was written.")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_from_the_file_to_its_contacts(
    signed_in_page: OpenPage, marketer: TeamMember, customer: Stage, leads: Path, javascript: bool
) -> None:
    contact_in(customer, email="known@example.com", first_name="Dia", since=datetime(2024, 1, 1, tzinfo=UTC))
    page = signed_in_page(marketer, javascript=javascript)
    go_through(page, leads)
    expect(page.locator(".run-sum")).to_have_text(
        re.compile(r"2 created\s*\+ 0 updated\s*\+ 0 unchanged\s*\+ 2 refused")
    )
    expect(page.get_by_text("1 row would move a contact back.")).to_be_visible()
    assert Contact.objects.count() == 1
    page.get_by_role("button", name="Import 2 rows").click()
    expect(page.get_by_text("Imported.", exact=True)).to_be_visible()
    assert Contact.objects.count() == 3
    assert set(Label.objects.values_list("name", flat=True)) == {"fair", "spring-fair", "web"}
    bo = FunnelStatus.objects.get(contact__email="bo@example.com")
    assert (bo.stage.name, bo.since.month, bo.since.day) == ("Loyal Customer", 5, 6)  # type: ignore[union-attr]
    page.get_by_role("link", name="See these contacts").first.click()
    expect(page.locator("#contacts-list tbody tr")).to_have_count(2)
    page.goto("/imports")
    page.get_by_role("link", name="leads-of-the-spring-fair.csv").click()
    page.get_by_role("link", name="Undo import").click()
    page.get_by_role("button", name="Undo import").click()
    expect(page).to_have_url(re.compile(r"/runs/\d+$"))
    assert Contact.objects.count() == 1


def test_the_page_follows_a_large_import_by_itself(
    signed_in_page: OpenPage, marketer: TeamMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = checked("email,id\na@b.co,1\nnobody,2\n", marketer)
    monkeypatch.setattr(actions, "SMALL", 0)
    page = signed_in_page(marketer)
    page.goto(f"/imports/{asked.pk}/check")
    page.get_by_role("button", name="Import 1 row").click()
    expect(page.get_by_text("Importing.", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    actions.work_on_import(asked=asked.pk, should_stop=lambda: False)
    expect(page.get_by_text("Imported.", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(page.get_by_role("link", name="Undo import")).to_be_visible()
    expect(page.locator("#messages")).to_contain_text("Finished.")


def test_it_goes_by_keyboard(signed_in_page: OpenPage, marketer: TeamMember) -> None:
    asked = taken("mail,name\na@b.co,Ana\n", marketer)
    page = signed_in_page(marketer)
    page.goto("/contacts")
    page.keyboard.press("g")
    page.keyboard.press("i")
    expect(page).to_have_url(re.compile("/imports$"))
    page.get_by_role("link", name="contacts.csv").focus()
    page.keyboard.press("Enter")
    page.get_by_label("What “name” is").focus()
    page.keyboard.type("First")
    page.get_by_role("button", name="Next: options").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Move only forward")).to_be_attached()
    asked.refresh_from_db()
    assert asked.options["mapping"] == {"mail": "email", "name": "first_name"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1280}, PHONE], ids=["wide", "phone"])
def test_every_step_is_accessible_and_fits(
    signed_in_page: OpenPage, marketer: TeamMember, customer: Stage, scheme: str, size: dict
) -> None:
    contact_in(customer, email="known@example.com", external_id="9")
    addresses = ["/imports", "/imports/new"]
    unreadable = taken("email,name\na@b.co,José\n".encode("cp1252"), marketer)
    addresses.append(f"/imports/{unreadable.pk}/columns")
    addresses.append(f"/imports/{taken(CONTENT, marketer).pk}/columns")
    rows = "".join(f"nobody-of-a-rather-long-name-{number},{number},gold\n" for number in range(60))
    content = f"email,id,stage\nknown@example.com,9,Aware\na@b.co,1,\n{rows}"
    options = {"stage_column": "stage", "labels": ("spring",)}
    asked = checked(content, marketer, **options)
    addresses += [f"/imports/{asked.pk}/options", f"/imports/{asked.pk}/check"]
    done = imported(content, marketer, **options)
    addresses += [f"/imports/{done.pk}", f"/imports/{done.pk}/undo"]
    page = signed_in_page(marketer, scheme=scheme, **size)
    for address in addresses:
        page.goto(address)
        assert (address, axe(page)) == (address, [])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_nothing_scrolls_sideways_at_320_pixels(signed_in_page: OpenPage, marketer: TeamMember) -> None:
    page = signed_in_page(marketer, width=320, height=640)
    asked = taken(CONTENT, marketer)
    for address in ("/imports", "/imports/new", f"/imports/{asked.pk}/columns"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    assert Import.objects.count() == 1
