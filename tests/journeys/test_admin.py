"""The Django admin: administrators repair data there, through the actions and under their name."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.admin import EstimatingPaginator
from config.team.models import TeamMember
from config.team.roles import Role
from contacts.causes import Cause
from contacts.models import Contact, Label, LabelChange
from journeys.admin import FunnelStatusForm
from journeys.rules.models import FunnelSettings
from journeys.status.actions import change_status, put_back
from journeys.status.models import FunnelStatus, LostReason, StatusChange
from stages.models import Stage, StageRevision
from tests.factories import ContactFactory, LabelFactory, TeamMemberFactory, contact_in
from tests.journeys.running import moved

STATUSES = "/admin/journeys/funnelstatus/"
HISTORY = "/admin/journeys/statuschange/"
CONTACTS = "/admin/contacts/contact/"
STAGES = "/admin/stages/stage/"


@pytest.fixture
def repairing(client_of, administrator: TeamMember) -> Client:
    return client_of(administrator)


def status_of(contact: Contact) -> FunnelStatus:
    return FunnelStatus.objects.select_related("stage", "lost_reason", "changed_by").get(pk=contact.pk)


def last_change() -> StatusChange:
    return StatusChange.objects.select_related("from_stage", "to_stage", "changed_by", "note").latest("id")


def fix(contact: Contact, **changes: Any) -> dict[str, Any]:
    """What the form of a status sends, with what somebody changed in it."""
    status = status_of(contact)
    sent = {
        "stage": status.stage_id or "",
        "lost": "on" if status.is_lost else None,
        "lost_reason": status.lost_reason_id or "",
        "why": "",
        "signature": status.signature,
        **changes,
    }
    return {name: value for name, value in sent.items() if value is not None}


def errors(response) -> dict[str, list[str]]:
    return response.context["adminform"].form.errors


def texts(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


# Who may enter, and what is there


@pytest.mark.parametrize("role", ["viewer", "operator", "marketer"])
@pytest.mark.parametrize("address", ["/admin/", STATUSES, CONTACTS, "/admin/login/", "/admin/nowhere"])
def test_it_needs_an_administrator(request, client_of, role: str, address: str) -> None:
    refused = client_of(request.getfixturevalue(role)).get(address)
    assert refused.status_code == 403
    assert "This needs the role Administrator." in refused.text


def test_signing_in_is_the_same_as_everywhere(client: Client, repairing, db: None) -> None:
    assert client.get(STATUSES)["Location"] == f"/sign-in?next={STATUSES}"
    assert client.get("/admin/login/")["Location"] == "/sign-in?next=%2Fadmin%2F"
    assert repairing.get("/admin/login/")["Location"] == "/admin/"
    assert repairing.get("/admin/password_change/")["Location"] == "/account"


def test_only_our_own_data_is_there() -> None:
    assert {model._meta.label for model in admin.site._registry} == {
        "contacts.Contact",
        "contacts.Label",
        "journeys.FunnelStatus",
        "journeys.Run",
        "journeys.StatusChange",
        "stages.Category",
        "stages.Stage",
    }


def test_nothing_can_be_deleted(repairing, customer: Stage, operator: TeamMember) -> None:
    contact = contact_in(customer)
    label = LabelFactory()
    change = last_change()
    for address, pk in [
        (CONTACTS, contact.pk),
        (STATUSES, contact.pk),
        (HISTORY, change.pk),
        (STAGES, customer.pk),
        ("/admin/contacts/label/", label.pk),
    ]:
        assert repairing.post(f"{address}{pk}/delete/", {"post": "yes"}).status_code == 403
        repairing.post(address, {"action": "delete_selected", "_selected_action": pk, "post": "yes"})
        assert "deletelink" not in repairing.get(f"{address}{pk}/change/").text
    assert Contact.objects.filter(pk=contact.pk).exists()
    assert FunnelStatus.objects.filter(pk=contact.pk).exists()
    assert Label.objects.filter(pk=label.pk).exists()


def test_a_run_is_read_there_and_never_written(repairing, administrator, aware, customer: Stage) -> None:
    run = moved([contact_in(aware), contact_in(customer)], customer, administrator)
    listed = repairing.get("/admin/journeys/run/").text
    assert "2 contacts → Customer" in listed
    page = repairing.get(f"/admin/journeys/run/{run.pk}/change/").text
    for name in ("operation", "undoes", "cancelled_by", "progressed_at", "slices", "cursor", "forward", "back"):
        assert f"field-{name}" in page
    assert '<input type="submit"' not in page
    assert repairing.post(f"/admin/journeys/run/{run.pk}/change/", {"words": "Mine"}).status_code == 403
    run.refresh_from_db()
    assert run.words == "2 contacts → Customer"


# Funnel statuses


def test_an_edit_is_a_data_fix_signed_by_who_made_it(repairing, administrator, aware, customer: Stage) -> None:
    contact = contact_in(customer)
    other = contact_in(customer)
    before = status_of(contact)
    rows = StatusChange.objects.count()

    response = repairing.post(f"{STATUSES}{contact.pk}/change/", fix(contact, stage=aware.pk, why="Wrong file"))

    assert response.status_code == 302
    after, change = status_of(contact), last_change()
    assert (after.stage, after.is_lost, after.cause, after.changed_by) == (aware, False, "data_fix", administrator)
    assert after.signature == before.signature + 1
    assert StatusChange.objects.count() == rows + 1
    assert (change.contact_id, change.from_stage, change.to_stage) == (contact.pk, customer, aware)
    assert (change.cause, change.changed_by, str(change.note)) == ("data_fix", administrator, "Wrong file")
    assert status_of(other).stage == customer


def test_stage_lost_and_reason_are_one_change(repairing, administrator, aware, customer: Stage) -> None:
    contact = contact_in(customer)
    bounced = LostReason.objects.get(name="Bounced")
    rows = StatusChange.objects.count()

    sent = fix(contact, stage=aware.pk, lost="on", lost_reason=bounced.pk)
    repairing.post(f"{STATUSES}{contact.pk}/change/", sent)

    after = status_of(contact)
    assert (after.stage, after.is_lost, after.lost_reason) == (aware, True, bounced)
    assert StatusChange.objects.count() == rows + 1

    repairing.post(f"{STATUSES}{contact.pk}/change/", fix(contact, lost=None, lost_reason="", stage=""))
    after = status_of(contact)
    assert (after.stage, after.is_lost, after.lost_reason) == (None, False, None)
    assert (after.cause, after.changed_by) == ("data_fix", administrator)
    assert StatusChange.objects.count() == rows + 2


def test_a_data_fix_goes_back_and_into_closed_stages_and_can_be_undone(
    repairing, administrator, aware, customer: Stage
) -> None:
    Stage.objects.filter(pk=aware.pk).update(is_published=False)
    contact = contact_in(customer)
    repairing.post(f"{STATUSES}{contact.pk}/change/", fix(contact, stage=aware.pk))
    assert status_of(contact).stage == aware

    assert put_back(changes=[last_change().pk], cause=Cause.UNDO, by=administrator).changed == [contact.pk]
    assert status_of(contact).stage == customer


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({}, "__all__", "Nothing here is different from what is stored."),
        ({"why": "Only a note"}, "__all__", "Nothing here is different from what is stored."),
        ({"lost_reason": "Bounced"}, "lost_reason", "Only a lost contact has a lost reason."),
        ({"lost": "on"}, "lost_reason", "Say why the contact is lost: a reason is required."),
        ({"stage": "Retired"}, "stage", "Select a valid choice. That choice is not one of the available choices."),
        ({"stage": "9" * 30}, "stage", "Select a valid choice. That choice is not one of the available choices."),
        ({"signature": "17"}, "__all__", "Somebody changed this contact meanwhile. It is Customer now."),
        ({"signature": "x"}, "signature", "Enter a whole number."),
        ({"why": "x" * 2001}, "why", "Ensure this value has at most 2000 characters (it has 2001)."),
    ],
)
def test_what_the_action_would_refuse_is_said_beside_its_field(
    repairing, customer: Stage, changes: dict, field: str, says: str
) -> None:
    Stage.objects.create(name="Retired", weight=5, retired_at=timezone.now())
    FunnelSettings.objects.update(lost_reason_required=True)
    contact = contact_in(customer)
    rows = StatusChange.objects.count()
    named = {
        "Retired": Stage.objects.get(name="Retired").pk,
        "Bounced": LostReason.objects.get(name="Bounced").pk,
    }
    sent = {name: named.get(value, value) for name, value in changes.items()}

    response = repairing.post(f"{STATUSES}{contact.pk}/change/", fix(contact, **sent))

    assert response.status_code == 200
    assert says in errors(response)[field][0]
    assert StatusChange.objects.count() == rows


def test_an_inactive_account_stays_lost(repairing, customer: Stage) -> None:
    contact = contact_in(customer, account_state="inactive")
    rows = StatusChange.objects.count()
    response = repairing.post(f"{STATUSES}{contact.pk}/change/", fix(contact, lost=None))
    assert errors(response) == {"lost": ["The account is inactive. Make it active first, on the contact."]}
    assert StatusChange.objects.count() == rows


def test_a_retired_stage_may_stay_while_something_else_is_repaired(repairing, customer: Stage) -> None:
    contact = contact_in(customer)
    Stage.objects.filter(pk=customer.pk).update(retired_at=timezone.now())
    assert repairing.post(f"{STATUSES}{contact.pk}/change/", fix(contact, lost="on")).status_code == 302
    assert status_of(contact).is_lost


def test_who_comes_second_is_told_and_writes_nothing(repairing, operator, aware, engaged, customer: Stage) -> None:
    contact = contact_in(customer)
    sent = fix(contact, stage=aware.pk)
    change_status(contacts=[contact.pk], to=engaged, cause=Cause.MANUAL, by=operator)

    response = repairing.post(f"{STATUSES}{contact.pk}/change/", sent)

    assert "It is Engaged now. Reload and look again." in errors(response)["__all__"][0]
    assert status_of(contact).stage == engaged


def test_who_comes_second_between_the_check_and_the_action_is_told_too(
    repairing, operator, aware, engaged, customer: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = contact_in(customer)
    sent = fix(contact, stage=aware.pk)
    moves = iter([lambda: change_status(contacts=[contact.pk], to=engaged, cause=Cause.MANUAL, by=operator)])
    clean = FunnelStatusForm.clean

    def somebody_is_quicker(form):
        given = clean(form)
        next(moves)()
        return given

    monkeypatch.setattr(FunnelStatusForm, "clean", somebody_is_quicker)

    response = repairing.post(f"{STATUSES}{contact.pk}/change/", sent)

    assert (response.status_code, response["Location"]) == (302, f"{STATUSES}{contact.pk}/change/")
    assert texts(response) == ["Nothing was saved. Somebody changed this contact meanwhile."]


def test_a_status_is_not_added_by_hand(repairing) -> None:
    assert repairing.get(f"{STATUSES}add/").status_code == 403
    assert repairing.post(f"{STATUSES}add/", {}).status_code == 403


def test_statuses_are_found_by_stage_lost_and_words(repairing, aware, customer: Stage) -> None:
    ana = contact_in(customer, first_name="Ana", email="ana@example.org")
    contact_in(aware, lost=True, first_name="Bo")

    def found(query: str) -> list[str]:
        result = repairing.get(f"{STATUSES}?{query}").context["cl"].result_list
        return [status.contact.first_name for status in result]

    assert found("") == ["Bo", "Ana"]
    assert found(f"stage__id__exact={customer.pk}") == ["Ana"]
    assert found("lost=yes") == ["Bo"]
    assert found("lost=no") == ["Ana"]
    assert found("q=ana@example.org") == ["Ana"]
    assert "Ana" in found(f"q={ana.pk}")
    assert found("q=nobody") == []


# Contacts


def contact_form(contact: Contact | None = None, **changes: Any) -> dict[str, Any]:
    names = ["email", "external_id", "first_name", "last_name", "phone", "company", "city", "country"]
    sent: dict[str, Any] = {name: getattr(contact, name, "") or "" for name in names}
    sent |= {"account_state": contact.account_state if contact else "active", "attributes": "{}"}
    for moment in ("subscribed_at", "unsubscribed_at", "last_open_at", "last_click_at", "last_reply_at"):
        sent |= {f"{moment}_0": "", f"{moment}_1": ""}
    return sent | changes


def test_fields_are_repaired_without_touching_where_the_contact_stands(repairing, customer: Stage) -> None:
    contact = contact_in(customer, email="ana@example.org", first_name="Ana")
    before, rows = status_of(contact), StatusChange.objects.count()

    sent = contact_form(contact, company="Acme", email="", last_open_at_0="2026-03-01", last_open_at_1="10:00:00")
    assert repairing.post(f"{CONTACTS}{contact.pk}/change/", sent).status_code == 302

    after = Contact.objects.get(pk=contact.pk)
    assert (after.company, after.email, after.first_name) == ("Acme", None, "Ana")
    assert after.last_open_at is not None
    assert after.updated_at > contact.updated_at
    assert status_of(contact).signature == before.signature
    assert StatusChange.objects.count() == rows


def test_an_account_made_inactive_is_lost_by_that_administrator(repairing, administrator, customer: Stage) -> None:
    contact = contact_in(customer)

    repairing.post(f"{CONTACTS}{contact.pk}/change/", contact_form(contact, account_state="inactive"))

    change = last_change()
    assert (change.contact_id, change.to_lost, change.cause) == (contact.pk, True, "account_inactive")
    assert change.changed_by == administrator
    rows = StatusChange.objects.count()
    repairing.post(f"{CONTACTS}{contact.pk}/change/", contact_form(contact, account_state="active"))
    assert Contact.objects.get(pk=contact.pk).account_state == "active"
    assert status_of(contact).is_lost
    assert StatusChange.objects.count() == rows


def test_a_contact_added_there_gets_the_default_status(repairing, administrator, aware: Stage) -> None:
    response = repairing.post(f"{CONTACTS}add/", contact_form(email="new@example.org", attributes='{"plan": "gold"}'))

    contact = Contact.objects.get(email="new@example.org")
    assert response.status_code == 302
    assert contact.attributes == {"plan": "gold"}
    change = StatusChange.objects.get(contact=contact)
    assert (change.from_outside, change.to_stage_id, change.cause) == (True, aware.pk, "default")
    assert change.changed_by == administrator


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "TAKEN@example.org"}, "email"),
        ({"email": "no address"}, "email"),
        ({"account_state": "asleep"}, "account_state"),
        ({"attributes": "[1]"}, "attributes"),
        ({"attributes": "{"}, "attributes"),
        ({"attributes": '{"a": "\\u0000"}'}, "attributes"),
        ({"attributes": '{"a": "\\ud800"}'}, "attributes"),
        ({"attributes": '{"a": NaN}'}, "attributes"),
        ({"attributes": '{"a": 1e999}'}, "attributes"),
        ({"attributes": '{"a": ' + "9" * 5000 + "}"}, "attributes"),
        ({"attributes": "[" * 100_000}, "attributes"),
        ({"last_open_at_0": "0001-01-01", "last_open_at_1": "00:00"}, "last_open_at"),
        ({"last_open_at_0": "9999-12-31", "last_open_at_1": "23:59"}, "last_open_at"),
        ({"first_name": "x" * 151}, "first_name"),
    ],
)
def test_bad_values_of_a_contact_are_said_beside_their_field(repairing, changes: dict, field: str) -> None:
    ContactFactory(email="taken@example.org")
    contact = ContactFactory(first_name="Ana")
    response = repairing.post(f"{CONTACTS}{contact.pk}/change/", contact_form(contact, **changes))
    assert response.status_code == 200
    assert list(errors(response)) == [field]
    assert Contact.objects.get(pk=contact.pk).updated_at == contact.updated_at


def test_labels_are_repaired_under_a_name(repairing, administrator: TeamMember) -> None:
    repairing.post("/admin/contacts/label/add/", {"name": "vip", "colour": "#112233"})
    label = Label.objects.get(name="vip")
    assert label.created_by == administrator
    repairing.post(f"/admin/contacts/label/{label.pk}/change/", {"name": "VIP", "colour": "#112233"})
    assert Label.objects.get(pk=label.pk).name == "VIP"
    assert LabelChange.objects.count() == 0


# Stages


def test_a_stage_is_repaired_under_a_name_and_keeps_its_revisions(repairing, administrator, customer: Stage) -> None:
    sent = {
        "name": "Client",
        "description": "",
        "colour": customer.colour,
        "weight": "30",
        "category": "",
        "is_published": "on",
        "publish_up_0": "",
        "publish_up_1": "",
        "publish_down_0": "",
        "publish_down_1": "",
        "target_days": "",
        "revisions-TOTAL_FORMS": "0",
        "revisions-INITIAL_FORMS": "0",
    }
    response = repairing.post(f"{STAGES}{customer.pk}/change/", sent)

    assert response.status_code == 302
    after = Stage.objects.get(pk=customer.pk)
    assert (after.name, after.modified_by) == ("Client", administrator)
    assert list(StageRevision.objects.filter(stage=after).values_list("name", flat=True)) == ["Customer", "Client"]
    refused = repairing.post(f"{STAGES}{customer.pk}/change/", sent | {"name": "Aware"})
    assert errors(refused) == {"name": ["There is a stage of this name already."]}
    created = repairing.post(f"{STAGES}add/", sent | {"name": "Trial"})
    assert created.status_code == 302
    assert Stage.objects.get(name="Trial").created_by == administrator


def test_a_retired_stage_is_only_looked_at(repairing, customer: Stage) -> None:
    Stage.objects.filter(pk=customer.pk).update(retired_at=timezone.now())
    assert repairing.get(f"{STAGES}{customer.pk}/change/").status_code == 200
    assert repairing.post(f"{STAGES}{customer.pk}/change/", {"name": "Other"}).status_code == 403


# History


def test_history_is_read_and_never_written(repairing, customer: Stage, operator: TeamMember) -> None:
    contact = contact_in(customer, lost=True, by=operator)
    change = last_change()
    page = repairing.get(f"{HISTORY}{change.pk}/change/")
    assert page.status_code == 200
    assert "lost from Customer" in page.text
    assert 'name="_save"' not in page.text
    assert repairing.post(f"{HISTORY}{change.pk}/change/", {"cause": "manual"}).status_code == 403
    assert repairing.get(f"{HISTORY}add/").status_code == 403
    assert [row.pk for row in repairing.get(f"{HISTORY}?q={contact.pk}").context["cl"].result_list] == [
        change.pk,
        change.pk - 1,
    ]
    assert len(repairing.get(f"{HISTORY}?cause__exact=manual").context["cl"].result_list) == 2
    assert len(repairing.get(f"{HISTORY}?cause__exact=import").context["cl"].result_list) == 0


# Bad addresses, and the price of a list


@pytest.mark.parametrize("query", ["email=%00", "q=%00", "%00=1"])
def test_a_nul_is_answered_400(repairing, query: str) -> None:
    assert repairing.get(f"{CONTACTS}?{query}").status_code == 400


@pytest.mark.parametrize(
    "query", ["email__regex=(", "id__in=x", "stage__name__regex=(", "signature__gt=" + "9" * 30, "stage__id__exact=x"]
)
def test_an_address_cannot_ask_for_what_the_page_does_not_offer(repairing, query: str) -> None:
    for address in (CONTACTS, STATUSES, HISTORY):
        assert repairing.get(f"{address}?{query}").status_code in (302, 400)


def test_rows_are_counted_up_to_a_limit_and_estimated_beyond(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ContactFactory.create_batch(6)
    contacts = Contact.objects.all()
    assert EstimatingPaginator(contacts, 50).count == 6
    monkeypatch.setattr(EstimatingPaginator, "counted", 3)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        count = EstimatingPaginator(contacts, 50).count
    assert count >= 4
    assert "LIMIT 4" in asked.captured_queries[0]["sql"]
    assert asked.captured_queries[1]["sql"].startswith("EXPLAIN")


@pytest.mark.parametrize("address", [CONTACTS, STATUSES, HISTORY, STAGES])
def test_a_list_costs_the_same_with_one_row_and_with_three(repairing, customer: Stage, address: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            repairing.get(address)
        return len(asked)

    contact_in(customer)
    Stage.objects.exclude(pk=customer.pk).update(retired_at=timezone.now())
    repairing.get(address)
    with_one = queries()
    contact_in(customer)
    contact_in(customer)
    TeamMemberFactory.create_batch(2, role=Role.VIEWER)
    assert queries() == with_one
