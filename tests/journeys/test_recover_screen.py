"""Recover: a lost contact comes back, with one click to the same stage, or to another."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from config.team.models import TeamMember
from contacts.models import Contact, Note
from journeys.status.models import LostReason
from stages.models import Stage
from tests.factories import TeamMemberFactory, contact_in
from tests.heart import Signed, last_change, moves, rows_of_history, status_of
from tests.journeys.dialogs import FROM_A_ROW, HTMX, messages, options, post, seen

LONG_AGO = datetime(2025, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def lola(customer: Stage) -> Contact:
    """Lost from Customer."""
    reason = LostReason.objects.get(name="No answer")
    return contact_in(customer, since=LONG_AGO, lost=True, reason=reason, first_name="Lola", last_name="Ruiz")


@pytest.fixture
def ina(customer: Stage) -> Contact:
    """Lost from Customer, because the account is inactive."""
    ina = contact_in(customer, since=LONG_AGO, first_name="Ina", last_name="Berg")
    Contact.objects.filter(pk=ina.pk).update(account_state="inactive")
    return ina


@pytest.fixture
def operating(client_of, operator: TeamMember) -> Client:
    return client_of(operator)


def test_operators_may_and_viewers_may_not(client_of, viewer: TeamMember, client: Client, lola: Contact) -> None:
    address = f"/contacts/{lola.pk}/recover"
    before = rows_of_history()
    for outsider in (viewer, TeamMemberFactory()):
        refused = client_of(outsider).get(address)
        assert refused.status_code == 403
        assert "This needs the role Operator." in refused.text
        assert post(client_of(outsider), lola, "recover", to="same").status_code == 403
    assert client.post(address, {"to": "same"})["Location"] == f"/sign-in?next={address}"
    assert rows_of_history() == before


def test_one_click_brings_a_contact_back_to_the_same_stage(operating, lola: Contact, customer, operator) -> None:
    menu = operating.get(f"/?lost={customer.pk}").text.split(f'id="contact-menu-{lola.pk}"')[1]
    assert f'<form action="/contacts/{lola.pk}/recover" method="post"' in menu
    assert f'<input type="hidden" name="signature" value="{seen(lola)}">' in menu
    assert "Recover to Customer" in menu

    response = post(operating, lola, "recover", to="same", next="/?lost=all")

    assert response["Location"] == "/?lost=all"
    assert moves(lola)[2:] == ["lost from Customer > Customer"]
    assert Signed.of(last_change(lola)) == Signed("manual", by=operator.pk)
    status = status_of(lola)
    assert (status.stage_since, status.lost_at, status.lost_reason) == (LONG_AGO, None, None)
    assert messages(operating.get("/")) == ["Lola Ruiz is in Customer now."]


def test_one_click_from_a_row(operating: Client, lola: Contact) -> None:
    headers = {**HTMX, "HX-Target": "dialog"}
    fields = {"to": "same", "signature": seen(lola), **FROM_A_ROW}
    response = operating.post(f"/contacts/{lola.pk}/recover", fields, headers=headers)
    assert response["HX-Retarget"] == f"#contact-standing-{lola.pk}"
    assert "Mark lost" in response.text
    assert "Recover" not in response.text
    assert messages(response) == ["Lola Ruiz is in Customer now."]


def test_back_to_another_stage_with_a_note(operating: Client, lola: Contact, engaged: Stage) -> None:
    offered = options(operating.get(f"/contacts/{lola.pk}/recover"))
    assert offered == [
        "Customer, where it was lost from",
        *("# Forward", "Loyal Customer", "Promoter", "# Back, to a lower weight", "Aware", "Engaged"),
    ]
    post(operating, lola, "recover", to=engaged.pk, note="Starts anew.")
    assert moves(lola)[2:] == ["lost from Customer > Engaged"]
    assert Note.objects.get(pk=last_change(lola).note_id).text == "Starts anew."


def test_to_a_closed_stage_and_not_to_a_retired_one(operating: Client, lola: Contact, customer: Stage) -> None:
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    assert options(operating.get(f"/contacts/{lola.pk}/recover"))[0] == "Customer, where it was lost from"

    Stage.objects.filter(pk=customer.pk).update(retired_at=timezone.now())
    assert options(operating.get(f"/contacts/{lola.pk}/recover"))[0] == "Choose a stage (Customer was retired)"
    assert "Recover to Customer" not in operating.get("/?lost=all").text
    assert post(operating, lola, "recover", to="same").status_code == 422
    assert status_of(lola).is_lost

    Stage.objects.filter(pk=customer.pk).update(retired_at=None)
    assert post(operating, lola, "recover", to="same").status_code == 302
    assert moves(lola)[2:] == ["lost from Customer > Customer"]


def test_back_to_none(operating: Client, aware: Stage) -> None:
    nora = contact_in(None, since=LONG_AGO, lost=True, first_name="Nora", last_name="Vik")
    assert options(operating.get(f"/contacts/{nora.pk}/recover"))[0] == "No status yet, as before it was lost"
    post(operating, nora, "recover", to="same")
    assert moves(nora)[2:] == ["lost from none > none"]
    assert messages(operating.get("/")) == ["Nora Vik has no status now."]


def test_an_inactive_account_is_made_active_in_one_go(operating: Client, ina: Contact) -> None:
    assert "Recover to Customer" not in operating.get("/?lost=all").text
    page = operating.get(f"/contacts/{ina.pk}/recover")
    assert "Also make the account active" in page.text

    refused = post(operating, ina, "recover", to="same")
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == ["activate"]
    assert status_of(ina).is_lost

    assert post(operating, ina, "recover", to="same", activate="on").status_code == 302
    ina.refresh_from_db()
    assert ina.account_state == "active"
    assert moves(ina)[2:] == ["lost from Customer > Customer"]


def test_an_account_that_became_inactive_after_the_menu_was_drawn(operating: Client, lola: Contact) -> None:
    Contact.objects.filter(pk=lola.pk).update(account_state="inactive")
    headers = {**HTMX, "HX-Target": "dialog"}
    fields = {"to": "same", "signature": seen(lola), **FROM_A_ROW}
    response = operating.post(f"/contacts/{lola.pk}/recover", fields, headers=headers)
    assert response.status_code == 422
    assert response.text.lstrip().startswith('<section id="recover-form"')
    assert "Also make the account active" in response.text
    assert status_of(lola).is_lost


def test_somebody_who_is_not_lost(operating: Client, aware: Stage) -> None:
    ana = contact_in(aware, since=LONG_AGO, first_name="Ana", last_name="Lee")
    page = operating.get(f"/contacts/{ana.pk}/recover").text
    assert "Ana Lee is not lost." in page
    assert "<select" not in page
    before = rows_of_history()
    post(operating, ana, "recover", to="same")
    assert rows_of_history() == before
    assert messages(operating.get("/")) == ["Ana Lee is in Aware already. Nothing was changed."]


def test_the_second_of_two_is_told_who_was_first(client_of, operator, marketer, lola: Contact, engaged: Stage) -> None:
    second_saw = seen(lola)
    post(client_of(marketer), lola, "recover", to=engaged.pk)
    told = post(client_of(operator), lola, "recover", to="same", signature=second_saw)
    assert told.status_code == 409
    assert "by Max Weber: lost from Customer → Engaged." in told.text
    assert moves(lola)[2:] == ["lost from Customer > Engaged"]
