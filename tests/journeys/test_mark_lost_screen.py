"""Mark lost: a reason and a note; for a lost contact, another reason."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.models import Contact, Note
from journeys.rules.models import FunnelSettings
from journeys.status.models import LostReason
from stages.models import Stage
from tests.factories import TeamMemberFactory, contact_in
from tests.heart import Signed, last_change, moves, rows_of_history, status_of
from tests.journeys.dialogs import FROM_A_ROW, messages, options, post, seen

LONG_AGO = datetime(2025, 3, 3, 12, tzinfo=UTC)
REASONS = ["Bounced", "Unsubscribed", "Account closed", "Chose a competitor", "No answer", "Duplicate", "Other"]


@pytest.fixture
def ana(customer: Stage) -> Contact:
    return contact_in(customer, since=LONG_AGO, first_name="Ana", last_name="Lee")


@pytest.fixture
def operating(client_of, operator: TeamMember) -> Client:
    return client_of(operator)


@pytest.fixture
def competitor(db: None) -> LostReason:
    return LostReason.objects.get(name="Chose a competitor")


def require_a_reason() -> None:
    FunnelSettings.objects.update(lost_reason_required=True)


def test_operators_may_and_viewers_may_not(client_of, viewer: TeamMember, client: Client, ana: Contact) -> None:
    address = f"/contacts/{ana.pk}/mark-lost"
    before = rows_of_history()
    for outsider in (viewer, TeamMemberFactory()):
        refused = client_of(outsider).get(address)
        assert refused.status_code == 403
        assert "This needs the role Operator." in refused.text
        assert post(client_of(outsider), ana, "mark-lost").status_code == 403
    assert client.get(address)["Location"] == f"/sign-in?next={address}"
    assert client_of(TeamMemberFactory(is_active=False)).get(address).status_code == 302
    assert rows_of_history() == before


def test_a_contact_is_lost_from_its_stage_for_a_reason(operating, ana, customer, competitor, operator) -> None:
    response = post(operating, ana, "mark-lost", reason=competitor.pk, note="Said so on the phone.", next="/")

    assert response["Location"] == "/"
    status = status_of(ana)
    assert (status.stage, status.lost_reason, status.is_lost) == (customer, competitor, True)
    assert status.stage_since == LONG_AGO
    assert moves(ana) == ["outside > Customer", "Customer > lost from Customer"]
    change = last_change(ana)
    assert Signed.of(change) == Signed("manual", by=operator.pk)
    assert Note.objects.get(pk=change.note_id).text == "Said so on the phone."
    page = operating.get("/")
    assert messages(page) == ["Ana Lee is lost from Customer now."]
    assert f'action="/status-changes/{change.pk}/undo"' in page.text


def test_the_row_stays_greyed_with_undo(operating: Client, ana: Contact) -> None:
    response = post(operating, ana, "mark-lost", htmx=True, **FROM_A_ROW)
    assert response["HX-Retarget"] == f"#contact-standing-{ana.pk}"
    row = response.text.split('<div id="contact-menu-')[0]
    assert 'class="contact-standing is-changed is-gone"' in row
    assert "Lost from" in row
    assert f'hx-post="/status-changes/{last_change(ana).pk}/undo"' in row
    assert '<input type="hidden" name="next" value="/?stage=1">' in row
    assert "Recover to Customer" in response.text
    assert "is-gone" not in operating.get("/?lost=all").text


def test_reasons_in_their_order_without_retired_ones(operating: Client, ana: Contact, competitor: LostReason) -> None:
    assert options(operating.get(f"/contacts/{ana.pk}/mark-lost"), "reason") == ["No reason given", *REASONS]
    LostReason.objects.filter(pk=competitor.pk).update(is_retired=True)
    left = [reason for reason in REASONS if reason != "Chose a competitor"]
    assert options(operating.get(f"/contacts/{ana.pk}/mark-lost"), "reason") == ["No reason given", *left]

    refused = post(operating, ana, "mark-lost", reason=competitor.pk)
    assert refused.status_code == 422
    assert refused.context["form"].errors == {"reason": ["This reason is no longer in use. Choose another one."]}
    assert not status_of(ana).is_lost


def test_a_reason_is_optional_until_it_is_required(operating: Client, ana: Contact, competitor: LostReason) -> None:
    require_a_reason()
    assert options(operating.get(f"/contacts/{ana.pk}/mark-lost"), "reason") == ["Choose a reason", *REASONS]

    refused = post(operating, ana, "mark-lost", reason="", note="Kept")
    assert refused.status_code == 422
    assert refused.context["form"].errors == {"reason": ["Say why the contact is lost: a reason is required."]}
    assert "Kept</textarea>" in refused.text
    assert not status_of(ana).is_lost
    assert Note.objects.count() == 0

    assert post(operating, ana, "mark-lost", reason=competitor.pk).status_code == 302
    assert status_of(ana).lost_reason == competitor


def test_a_contact_without_a_stage_can_be_lost(operating: Client) -> None:
    ana = contact_in(None, since=LONG_AGO, first_name="Ana", last_name="Lee")
    assert "The contact is then lost without a stage" in operating.get(f"/contacts/{ana.pk}/mark-lost").text
    post(operating, ana, "mark-lost")
    assert moves(ana)[1:] == ["none > lost from none"]
    assert messages(operating.get("/")) == ["Ana Lee is lost now."]


def test_the_reason_of_a_lost_contact_is_corrected(operating: Client, customer: Stage, competitor: LostReason) -> None:
    bounced = LostReason.objects.get(name="Bounced")
    lola = contact_in(customer, since=LONG_AGO, lost=True, reason=bounced, first_name="Lola", last_name="Ruiz")
    page = operating.get(f"/contacts/{lola.pk}/mark-lost")
    assert "Correct the lost reason" in page.text
    assert f'<option value="{bounced.pk}" selected>Bounced</option>' in page.text

    lost_at = status_of(lola).lost_at
    post(operating, lola, "mark-lost", reason=competitor.pk)
    assert moves(lola)[2:] == ["lost from Customer > lost from Customer"]
    assert (status_of(lola).lost_reason, status_of(lola).lost_at) == (competitor, lost_at)

    before = rows_of_history()
    post(operating, lola, "mark-lost", reason=competitor.pk)
    assert rows_of_history() == before
    assert "Lola Ruiz is lost from Customer already. Nothing was changed." in messages(operating.get("/"))


def test_the_second_of_two_is_told_who_was_first(client_of, operator, marketer, ana, competitor, loyal: Stage) -> None:
    second_saw = seen(ana)
    post(client_of(marketer), ana, "change-status", to=loyal.pk)
    told = post(client_of(operator), ana, "mark-lost", reason=competitor.pk, note="Gone.", signature=second_saw)
    assert told.status_code == 409
    assert "by Max Weber: Customer → Loyal Customer." in told.text
    assert f'<option value="{competitor.pk}" selected>Chose a competitor</option>' in told.text
    assert "Gone.</textarea>" in told.text
    assert "Mark lost anyway" in told.text
    assert not status_of(ana).is_lost

    shown = told.context["form"]["signature"].value()
    post(client_of(operator), ana, "mark-lost", reason=competitor.pk, signature=shown)
    assert moves(ana)[2:] == ["Loyal Customer > lost from Loyal Customer"]


@pytest.mark.parametrize("reason", ["x", "0", "99999999999999999999999", "1.5"])
def test_a_reason_that_is_none(operating: Client, ana: Contact, reason: str) -> None:
    assert post(operating, ana, "mark-lost", reason=reason).status_code == 422
    assert not status_of(ana).is_lost


def test_the_number_of_queries(operating: Client, ana: Contact) -> None:
    with assertNumQueries(7):
        operating.get(f"/contacts/{ana.pk}/mark-lost")
