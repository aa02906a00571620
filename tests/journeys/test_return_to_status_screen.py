"""Return to this status: a contact goes back to where a row of its history says it was."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from config.team.models import TeamMember
from contacts.models import Contact
from journeys.book.actions import erase_contacts
from journeys.rules.models import FunnelSettings
from journeys.status.models import LostReason, StatusChange
from stages.models import Stage
from tests.factories import contact_in, standing
from tests.heart import Signed, last_change, moves, rows_of_history, status_of
from tests.journeys.dialogs import messages, post, seen

LONG_AGO = datetime(2025, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def ana(aware: Stage, customer: Stage, operator: TeamMember) -> Contact:
    """Was in Aware, lost from Aware because she bounced, and is in Customer."""
    bounced = LostReason.objects.get(name="Bounced")
    ana = contact_in(aware, since=LONG_AGO, lost=True, reason=bounced, first_name="Ana", last_name="Lee")
    return standing(ana, customer, by=operator)


@pytest.fixture
def operating(client_of, operator: TeamMember) -> Client:
    return client_of(operator)


def row(contact: Contact, number: int) -> int:
    return StatusChange.objects.filter(contact=contact)[number].pk


def back_to(client: Client, change: int, **fields: object):
    return client.post(f"/status-changes/{change}/return", {"next": "/", **fields})


def test_operators_may_and_viewers_may_not(client_of, viewer, operating, client: Client, ana: Contact) -> None:
    before = rows_of_history()
    refused = back_to(client_of(viewer), row(ana, 0))
    assert refused.status_code == 403
    assert "This needs the role Operator." in refused.text
    assert back_to(client, row(ana, 0))["Location"].startswith("/sign-in")
    assert operating.get(f"/status-changes/{row(ana, 0)}/return").status_code == 405
    assert rows_of_history() == before


def test_to_a_stage(operating: Client, ana: Contact, operator: TeamMember) -> None:
    assert back_to(operating, row(ana, 0), signature=seen(ana))["Location"] == "/"
    assert moves(ana)[3:] == ["Customer > Aware"]
    assert Signed.of(last_change(ana)) == Signed("manual", by=operator.pk)
    page = operating.get("/")
    assert messages(page) == ["Ana Lee is in Aware again."]
    assert f'action="/status-changes/{last_change(ana).pk}/undo"' in page.text


def test_to_lost_with_its_reason_in_one_change(operating: Client, ana: Contact, aware: Stage) -> None:
    back_to(operating, row(ana, 1))
    assert moves(ana)[3:] == ["Customer > lost from Aware"]
    assert (status_of(ana).stage, str(status_of(ana).lost_reason)) == (aware, "Bounced")
    assert messages(operating.get("/")) == ["Ana Lee is lost from Aware again."]


def test_to_none(operating: Client, aware: Stage) -> None:
    nora = standing(contact_in(None, since=LONG_AGO), aware)
    back_to(operating, row(nora, 0))
    assert moves(nora)[2:] == ["Aware > none"]


def test_where_it_is_already(operating: Client, ana: Contact) -> None:
    before = rows_of_history()
    back_to(operating, row(ana, 2))
    assert rows_of_history() == before
    assert messages(operating.get("/")) == ["Ana Lee is in Customer already. Nothing was changed."]


def test_refusals_are_said(operating: Client, ana: Contact, aware: Stage) -> None:
    before = rows_of_history()
    Stage.objects.filter(pk=aware.pk).update(is_published=False)
    back_to(operating, row(ana, 0))
    assert messages(operating.get("/")) == ["Nothing was changed. Stage is missing or unpublished."]
    Stage.objects.filter(pk=aware.pk).update(retired_at=timezone.now())
    back_to(operating, row(ana, 0))
    assert messages(operating.get("/")) == ["Nothing was changed. The stage was retired."]
    assert rows_of_history() == before


def test_a_required_reason_holds_here_too(operating: Client, customer: Stage) -> None:
    lola = standing(contact_in(customer, since=LONG_AGO, lost=True), customer)
    FunnelSettings.objects.update(lost_reason_required=True)
    back_to(operating, row(lola, 1))
    assert messages(operating.get("/")) == ["Nothing was changed. Say why the contact is lost: a reason is required."]
    assert not status_of(lola).is_lost


def test_an_inactive_account_stays_lost(operating: Client, ana: Contact) -> None:
    Contact.objects.filter(pk=ana.pk).update(account_state="inactive")
    back_to(operating, row(ana, 0))
    assert messages(operating.get("/")) == ["Nothing was changed. The account is inactive."]
    assert status_of(ana).is_lost


def test_the_second_of_two_is_told_who_was_first(client_of, operating, marketer, ana: Contact, loyal: Stage) -> None:
    second_saw = seen(ana)
    post(client_of(marketer), ana, "change-status", to=loyal.pk)
    told = back_to(operating, row(ana, 0), signature=second_saw)
    assert told.status_code == 409
    assert "by Max Weber: Customer → Loyal Customer. Nothing was saved." in told.text
    assert moves(ana)[3:] == ["Customer > Loyal Customer"]


def test_not_outside_the_book(operating: Client, ana: Contact, operator: TeamMember) -> None:
    erase_contacts(contacts=[ana.pk], by=operator)
    assert back_to(operating, last_change(ana).pk).status_code == 404
    assert back_to(operating, row(ana, 0)).status_code == 404
    assert operating.post("/status-changes/99999999999999999999/return").status_code == 404
