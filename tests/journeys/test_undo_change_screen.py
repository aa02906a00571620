"""Undo in the message after a move: the latest change of a contact is put back."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from config.team.models import TeamMember
from contacts.models import Contact
from journeys.book.actions import erase_contacts
from journeys.status.models import LostReason
from stages.models import Stage
from tests.factories import TeamMemberFactory, contact_in
from tests.heart import Signed, last_change, moves, rows_of_history, status_of
from tests.journeys.dialogs import FROM_A_ROW, HTMX, messages, post

LONG_AGO = datetime(2025, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def ana(aware: Stage) -> Contact:
    return contact_in(aware, since=LONG_AGO, first_name="Ana", last_name="Lee")


@pytest.fixture
def operating(client_of, operator: TeamMember) -> Client:
    return client_of(operator)


def undo(client: Client, change: int, **fields: str):
    return client.post(f"/status-changes/{change}/undo", {"next": "/", **fields})


def test_operators_may_and_viewers_may_not(client_of, viewer, operating, client: Client, ana, customer) -> None:
    post(operating, ana, "change-status", to=customer.pk)
    change, before = last_change(ana).pk, rows_of_history()
    for outsider in (viewer, TeamMemberFactory()):
        refused = undo(client_of(outsider), change)
        assert refused.status_code == 403
        assert "This needs the role Operator." in refused.text
    assert undo(client, change)["Location"].startswith("/sign-in")
    assert operating.get(f"/status-changes/{change}/undo").status_code == 405
    assert rows_of_history() == before


def test_a_move_is_put_back_and_that_can_be_undone_too(operating, ana: Contact, customer, operator) -> None:
    post(operating, ana, "change-status", to=customer.pk)
    moved = last_change(ana).pk

    assert undo(operating, moved, next="/?stage=3")["Location"] == "/?stage=3"
    assert moves(ana) == ["outside > Aware", "Aware > Customer", "Customer > Aware"]
    undone = last_change(ana)
    assert Signed.of(undone) == Signed("undo", by=operator.pk, undoes=moved)
    assert status_of(ana).stage_since == LONG_AGO
    page = operating.get("/")
    assert messages(page)[-1] == "Ana Lee is in Aware again."
    assert f'action="/status-changes/{undone.pk}/undo"' in page.text

    undo(operating, undone.pk)
    assert moves(ana)[3:] == ["Aware > Customer"]
    assert messages(operating.get("/")) == ["Ana Lee is in Customer again."]


def test_lost_and_its_reason_are_put_back(operating: Client, ana: Contact) -> None:
    reason = LostReason.objects.get(name="Bounced")
    post(operating, ana, "mark-lost", reason=reason.pk)
    lost_at = status_of(ana).lost_at
    post(operating, ana, "recover", to="same")
    undo(operating, last_change(ana).pk)
    status = status_of(ana)
    assert (status.lost_reason, status.lost_at) == (reason, lost_at)
    assert messages(operating.get("/"))[-1] == "Ana Lee is lost from Aware again."


def test_who_was_moved_since_is_left_alone(client_of, operating, marketer, ana, customer, loyal: Stage) -> None:
    post(operating, ana, "change-status", to=customer.pk)
    first = last_change(ana).pk
    operating.get("/")
    post(client_of(marketer), ana, "change-status", to=loyal.pk)
    before = rows_of_history()

    assert undo(operating, first)["Location"] == "/"
    assert rows_of_history() == before
    (message,) = messages(operating.get("/"))
    assert message.startswith("Not undone: the contact was moved since. Changed at ")
    assert message.endswith(" by Max Weber: Customer → Loyal Customer.")


def test_a_second_click_is_told_that_it_was_done(operating: Client, ana: Contact, customer: Stage) -> None:
    post(operating, ana, "change-status", to=customer.pk)
    change = last_change(ana).pk
    undo(operating, change)
    undo(operating, change)
    assert messages(operating.get("/"))[-1] == "That was undone already."
    assert moves(ana) == ["outside > Aware", "Aware > Customer", "Customer > Aware"]


def test_what_cannot_be_put_back(operating: Client, ana: Contact, customer: Stage, aware: Stage) -> None:
    before = rows_of_history()
    undo(operating, last_change(ana).pk)
    assert messages(operating.get("/")) == ["Not undone. The contact had no status before this."]
    assert rows_of_history() == before

    post(operating, ana, "change-status", to=customer.pk)
    operating.get("/")
    Stage.objects.filter(pk=aware.pk).update(retired_at=LONG_AGO)
    undo(operating, last_change(ana).pk)
    assert messages(operating.get("/")) == ["Not undone. The stage was retired."]
    assert status_of(ana).stage == customer


def test_an_account_that_became_inactive_stays_lost(operating: Client, ana: Contact) -> None:
    post(operating, ana, "mark-lost")
    operating.get("/")
    Contact.objects.filter(pk=ana.pk).update(account_state="inactive")
    undo(operating, last_change(ana).pk)
    assert messages(operating.get("/")) == ["Not undone. The account is inactive."]
    assert status_of(ana).is_lost


def test_from_a_row_only_the_row_changes(operating: Client, ana: Contact, customer: Stage) -> None:
    post(operating, ana, "mark-lost")
    operating.get("/")
    change = last_change(ana).pk
    headers = {**HTMX, "HX-Target": f"contact-standing-{ana.pk}"}
    response = operating.post(f"/status-changes/{change}/undo", FROM_A_ROW, headers=headers)
    assert response["HX-Retarget"] == f"#contact-standing-{ana.pk}"
    row = response.text.split('<div id="contact-menu-')[0]
    assert "is-gone" not in row
    assert "Undo" not in row
    assert messages(response) == ["Ana Lee is in Aware again."]


@pytest.mark.parametrize("change", ["0", "999999", "99999999999999999999999"])
def test_no_such_change(operating: Client, db: None, change: str) -> None:
    assert operating.post(f"/status-changes/{change}/undo").status_code == 404


def test_an_erased_contact(operating: Client, ana: Contact, operator: TeamMember) -> None:
    change = last_change(ana).pk
    erase_contacts(contacts=[ana.pk], by=operator)
    assert undo(operating, change).status_code == 404
