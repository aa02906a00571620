"""The promises that the fixtures make to the other tests."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from playwright.sync_api import Page

from config.team.models import TeamMember
from config.team.roles import Role
from contacts.models import Contact
from journeys.status.models import FunnelStatus, StatusChange
from stages.models import Stage
from tests.factories import ContactFactory, contact_in, standing
from tests.fixtures.browser import Watch, axe

INLINE = "<!doctype html><html lang=en><title>Page</title><main><h1>Page</h1>{}</main>"


@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_test_commits_is_gone_in_the_next(transactional_db: None, turn: int) -> None:
    assert Contact.objects.count() == 0
    ContactFactory()

    def count_elsewhere() -> None:
        seen.append(Contact.objects.count())
        connection.close()

    seen: list[int] = []
    thread = threading.Thread(target=count_elsewhere)
    thread.start()
    thread.join()
    assert seen == [1]


def test_a_rolled_back_test_begins_with_the_five_stages(db: None) -> None:
    assert Contact.objects.count() == 0
    names = ["Aware", "Engaged", "Customer", "Loyal Customer", "Promoter"]
    assert list(Stage.objects.values_list("name", flat=True)) == names


def test_people_have_their_roles(
    administrator: TeamMember, marketer: TeamMember, operator: TeamMember, viewer: TeamMember
) -> None:
    roles = [member.role for member in (administrator, marketer, operator, viewer)]
    assert roles == [Role.ADMINISTRATOR, Role.MARKETER, Role.OPERATOR, Role.VIEWER]


def test_contacts_stand_where_a_test_put_them(aware: Stage, customer: Stage, operator: TeamMember) -> None:
    lost = contact_in(customer, lost=True, by=operator)
    moved = standing(ContactFactory(), customer, by=operator)
    found = {status.contact_id: (status.stage, status.lost_at is not None) for status in FunnelStatus.objects.all()}
    assert found == {lost.pk: (customer, True), moved.pk: (customer, False)}
    assert list(StatusChange.objects.filter(contact=moved).values_list("from_stage", "to_stage")) == [
        (None, aware.pk),
        (aware.pk, customer.pk),
    ]


def test_the_watch_sees_the_console_and_other_hosts(page: Page, watch: Watch) -> None:
    scripts = "<script>console.log('hello'); missing()</script>"
    page.set_content(INLINE.format(f"{scripts}<img src=https://other.invalid/x.png alt=x>"))
    page.wait_for_load_state("networkidle")
    assert "console log: hello" in watch.complaints
    assert any("missing is not defined" in complaint for complaint in watch.complaints)
    assert any("other.invalid" in complaint for complaint in watch.complaints)
    watch.complaints.clear()


def test_axe_finds_what_is_wrong_and_only_that(page: Page) -> None:
    page.set_content(INLINE.format("<p>Text</p>"))
    assert axe(page) == []
    page.set_content(INLINE.format("<input><p style='color:#bbb'>Text</p>"))
    assert [line.split(":")[0] for line in axe(page)] == ["color-contrast", "label"]


def test_a_window_has_the_size_and_scheme_asked_for(open_page: Callable[..., Page]) -> None:
    phone = open_page(width=390, scheme="dark")
    assert phone.evaluate("[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]") == [390, True]
