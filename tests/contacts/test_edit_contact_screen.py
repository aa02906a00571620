"""Edit a contact: only what was changed is saved, and nobody's work is overwritten unasked."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Attribute, Contact
from journeys.book import actions as book
from journeys.status.models import FunnelStatus, StatusChange
from stages.models import Stage
from tests.factories import ContactFactory, TeamMemberFactory, contact_in

ClientOf = Callable[[TeamMember], Client]
OPENED = datetime(2026, 5, 3, 12, 5, 30, 123456, tzinfo=UTC)


@pytest.fixture
def plan(db: None) -> Attribute:
    return Attribute.objects.create(name="Plan", key="plan", type="choice", choices=["Free", "Team"])


@pytest.fixture
def seats(db: None) -> Attribute:
    return Attribute.objects.create(name="Seats", key="seats", type="number", position=1)


@pytest.fixture
def contact(customer: Stage, plan: Attribute, seats: Attribute) -> Contact:
    return contact_in(
        customer,
        first_name="Ida",
        last_name="Berg",
        email="ida@example.com",
        company="Berg Glass",
        last_open_at=OPENED,
        attributes={"plan": "Free", "seats": 12, "unknown": "kept"},
    )


@pytest.fixture
def olga(client_of: ClientOf, operator: TeamMember) -> Client:
    return client_of(operator)


def address(contact: Contact) -> str:
    return f"/contacts/{contact.pk}/edit"


INPUT = re.compile(r"<input ([^>]*)>")
SELECT = re.compile(r'<select name="([^"]+)".*?</select>', re.DOTALL)


def shown(client: Client, contact: Contact) -> dict[str, str]:
    """What a browser would send back for the form as it is shown."""
    text = client.get(address(contact)).text
    text = text[text.index('id="edit-contact-form"') :].partition("</section>\n<div")[0]
    sent = {}
    for attributes in INPUT.findall(text):
        values = dict(re.findall(r'([a-z-]+)="([^"]*)"', attributes))
        is_off = values.get("type") == "radio" and "checked" not in attributes
        if not is_off and "name" in values and values["name"] != "csrfmiddlewaretoken":
            sent[values["name"]] = unescape(values.get("value", ""))
    for select in SELECT.finditer(text):
        chosen = re.search(r'<option value="([^"]*)" selected>', select.group())
        sent[select.group(1)] = unescape(chosen.group(1)) if chosen else ""
    return sent


def test_what_a_browser_sends_back_changes_nothing(olga: Client, contact: Contact) -> None:
    before = Contact.objects.values().get()
    sent = shown(olga, contact)
    assert sent["last_open_at"] == "2026-05-03T12:05:30"
    assert sent["account_state"] == "active"
    response = olga.post(address(contact), sent)
    assert response["Location"] == f"/contacts/{contact.pk}"
    assert Contact.objects.values().get() == before
    assert StatusChange.objects.count() == 1
    assert "Nothing was changed." in olga.get(response["Location"]).text


# Who may


def test_it_is_for_operators(client: Client, client_of: ClientOf, viewer: TeamMember, contact: Contact) -> None:
    assert client.get(address(contact))["Location"] == f"/sign-in?next=/contacts/{contact.pk}/edit"
    for member in (viewer, TeamMemberFactory()):
        for refused in (
            client_of(member).get(address(contact)),
            client_of(member).post(address(contact), {"company": "X"}),
        ):
            assert refused.status_code == 403
            assert "This needs the role Operator." in refused.text
    assert Contact.objects.get().company == "Berg Glass"


@pytest.mark.parametrize("pk", ["0", "99999999999999999999999999"])
def test_nobody_has_that_number(olga: Client, pk: str) -> None:
    assert olga.get(f"/contacts/{pk}/edit").status_code == 404
    assert olga.post(f"/contacts/{pk}/edit", {}).status_code == 404


# What is saved


def test_only_what_was_changed_is_saved(olga: Client, contact: Contact, plan: Attribute) -> None:
    sent = shown(olga, contact)
    book.change_contact(contact=Contact.objects.get(), fields={"city": "Bonn", "phone": "1"}, by=None)
    response = olga.post(address(contact), {**sent, "company": "Glass & Co", f"attribute_{plan.pk}": "Team"})
    assert response.status_code == 302
    stored = Contact.objects.get()
    assert (stored.company, stored.city, stored.phone) == ("Glass & Co", "Bonn", "1")
    assert stored.attributes == {"plan": "Team", "seats": 12, "unknown": "kept"}
    assert stored.last_open_at == OPENED
    assert "Ida Berg was saved." in olga.get(response["Location"]).text
    assert StatusChange.objects.count() == 1


def test_attributes_that_somebody_else_changed_stay(
    olga: Client, contact: Contact, plan: Attribute, seats: Attribute
) -> None:
    sent = shown(olga, contact)
    Contact.objects.update(attributes={"plan": "Free", "seats": 99})
    assert olga.post(address(contact), {**sent, f"attribute_{plan.pk}": ""}).status_code == 302
    assert Contact.objects.get().attributes == {"seats": 99}


def test_an_emptied_field_is_empty_and_a_key_is_none(olga: Client, contact: Contact, seats: Attribute) -> None:
    sent = shown(olga, contact)
    olga.post(address(contact), {**sent, "email": "", "company": "", "last_open_at": "", f"attribute_{seats.pk}": ""})
    stored = Contact.objects.get()
    assert (stored.email, stored.company, stored.last_open_at) == (None, "", None)
    assert stored.attributes == {"plan": "Free", "unknown": "kept"}


def test_fields_that_are_not_sent_stay(olga: Client, contact: Contact) -> None:
    assert (
        olga.post(address(contact), {"account_state": "active", "initial-account_state": "active"}).status_code == 422
    )
    sent = {
        "account_state": "active",
        "initial-account_state": "active",
        "last_name": "Lund",
        "initial-last_name": "Berg",
    }
    assert olga.post(address(contact), sent).status_code == 302
    stored = Contact.objects.get()
    assert (stored.first_name, stored.last_name, stored.email) == ("Ida", "Lund", "ida@example.com")
    assert stored.attributes == {"plan": "Free", "seats": 12, "unknown": "kept"}


def test_opens_and_clicks_move_nobody(olga: Client, contact: Contact, customer: Stage) -> None:
    sent = shown(olga, contact)
    status = FunnelStatus.objects.values().get()
    moments = ["subscribed_at", "unsubscribed_at", "last_open_at", "last_click_at", "last_reply_at"]
    olga.post(address(contact), {**sent, **dict.fromkeys(moments, "2026-06-01T10:00:00")})
    stored = Contact.objects.get()
    assert {getattr(stored, name) for name in moments} == {datetime(2026, 6, 1, 10, tzinfo=UTC)}
    assert FunnelStatus.objects.values().get() == status
    assert StatusChange.objects.count() == 1


# The account state


def test_making_the_account_inactive_marks_the_contact_lost(
    olga: Client, operator: TeamMember, contact: Contact, customer: Stage
) -> None:
    assert "Inactive marks the contact lost from its stage." in olga.get(address(contact)).text
    response = olga.post(address(contact), {**shown(olga, contact), "account_state": "inactive"})
    change = StatusChange.objects.latest("pk")
    assert (change.to_stage, change.to_lost, change.cause, change.changed_by) == (
        customer,
        True,
        Cause.ACCOUNT_INACTIVE,
        operator,
    )
    assert "The account is inactive now and the contact lost." in olga.get(response["Location"]).text


def test_making_it_active_again_does_not_recover(olga: Client, contact: Contact) -> None:
    book.change_contact(contact=contact, fields={"account_state": "inactive"}, by=None)
    response = olga.post(address(contact), {**shown(olga, contact), "account_state": "active"})
    assert Contact.objects.get().account_state == "active"
    assert FunnelStatus.objects.get().is_lost
    assert StatusChange.objects.count() == 2
    assert "the contact is still lost until somebody recovers it." in olga.get(response["Location"]).text


# Two at once


def test_what_somebody_else_changed_is_not_overwritten_unasked(
    olga: Client, contact: Contact, seats: Attribute
) -> None:
    sent = shown(olga, contact)
    Contact.objects.update(company="Theirs", attributes={"plan": "Free", "seats": 7}, last_name="Lund")

    mine = {**sent, "company": "Mine", f"attribute_{seats.pk}": "20", "first_name": "Idun"}
    stale = olga.post(address(contact), mine)

    assert stale.status_code == 409
    assert dict(stale.context["form"].errors) == {
        "company": ["Somebody changed this to “Theirs” meanwhile. Save again to put yours in its place."],
        f"attribute_{seats.pk}": ["Somebody changed this to “7” meanwhile. Save again to put yours in its place."],
    }
    stored = Contact.objects.get()
    assert (stored.first_name, stored.company, stored.attributes["seats"]) == ("Ida", "Theirs", 7)
    assert 'value="Mine"' in stale.text
    assert 'name="initial-company" value="Theirs"' in stale.text

    again = {**mine, "initial-company": "Theirs", f"initial-attribute_{seats.pk}": "7"}
    assert olga.post(address(contact), again).status_code == 302
    stored = Contact.objects.get()
    assert (stored.first_name, stored.last_name, stored.company) == ("Idun", "Lund", "Mine")
    assert stored.attributes == {"plan": "Free", "seats": 20}


def test_a_field_that_somebody_emptied(olga: Client, contact: Contact) -> None:
    sent = shown(olga, contact)
    Contact.objects.update(last_open_at=None)
    stale = olga.post(address(contact), {**sent, "last_open_at": "2026-06-01T10:00"})
    assert stale.status_code == 409
    assert stale.context["form"].errors["last_open_at"][0].startswith("Somebody changed this to nothing meanwhile.")
    assert '<details class="fold form-part" open>' in stale.text


def test_two_who_want_the_same_do_not_disagree(olga: Client, contact: Contact) -> None:
    sent = shown(olga, contact)
    Contact.objects.update(company="Agreed")
    assert olga.post(address(contact), {**sent, "company": "Agreed"}).status_code == 302


def test_between_the_page_and_the_lock(monkeypatch: pytest.MonkeyPatch, olga: Client, contact: Contact) -> None:
    real = book.change_contact_as_seen

    def somebody_is_faster(**arguments: Any) -> list[str]:
        Contact.objects.update(company="Theirs")
        return real(**arguments)

    sent = shown(olga, contact)
    monkeypatch.setattr("journeys.book.actions.change_contact_as_seen", somebody_is_faster)
    stale = olga.post(address(contact), {**sent, "company": "Mine"})
    assert stale.status_code == 409
    assert Contact.objects.get().company == "Theirs"


def test_a_contact_that_was_erased_meanwhile(monkeypatch: pytest.MonkeyPatch, olga: Client, contact: Contact) -> None:
    real = book.change_contact_as_seen

    def somebody_erases(**arguments: Any) -> list[str]:
        book.erase_contacts(contacts=[contact.pk], by=None)
        return real(**arguments)

    sent = shown(olga, contact)
    monkeypatch.setattr("journeys.book.actions.change_contact_as_seen", somebody_erases)
    assert olga.post(address(contact), {**sent, "company": "Mine"}).status_code == 404


# What is refused


def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(olga: Client, contact: Contact) -> None:
    other = ContactFactory(email="bo@example.com")
    page = olga.post(address(contact), {**shown(olga, contact), "email": "BO@example.com", "company": "Typed"})
    assert page.status_code == 422
    assert f'<a href="/contacts/{other.pk}">' in page.context["form"].errors["email"][0]
    assert page.text.count(f'<a href="/contacts/{other.pk}">') == 2  # in the summary and beside the field
    assert 'value="Typed"' in page.text
    assert "<h1>Edit Ida Berg</h1>" in page.text
    assert Contact.objects.get(pk=contact.pk).company == "Berg Glass"


def test_its_own_email_in_other_letters_is_not_taken(olga: Client, contact: Contact) -> None:
    assert olga.post(address(contact), {**shown(olga, contact), "email": "IDA@example.com"}).status_code == 302
    assert Contact.objects.get().email == "IDA@example.com"


def test_a_choice_that_is_not_offered_any_more_stays(olga: Client, contact: Contact, plan: Attribute) -> None:
    Attribute.objects.filter(pk=plan.pk).update(choices=["Team"])
    assert "Free (not offered any more)" in olga.get(address(contact)).text
    assert olga.post(address(contact), {**shown(olga, contact), "city": "Bonn"}).status_code == 302
    assert Contact.objects.get().attributes["plan"] == "Free"


@pytest.mark.parametrize("value", ["perhaps", ["a"], {"b": 1}, True, 1.5, "2026-99-99"])
@pytest.mark.parametrize("kind", Attribute.Type.values)
def test_a_value_of_another_type_does_not_break_the_form(olga: Client, kind: str, value: Any) -> None:
    Attribute.objects.create(name="Odd", key="odd", type=kind)
    contact = ContactFactory(attributes={"odd": value})
    assert olga.get(address(contact)).status_code == 200
    sent = {**shown(olga, contact), "city": "Bonn"}
    assert olga.post(address(contact), sent).status_code in (302, 422)


def test_hidden_values_that_somebody_made_up_are_a_conflict(olga: Client, contact: Contact, seats: Attribute) -> None:
    sent = shown(olga, contact)
    made_up = {**sent, "initial-last_open_at": "rubbish", f"initial-attribute_{seats.pk}": "x", "initial-company": "?"}
    stale = olga.post(address(contact), {**made_up, "company": "Mine"})
    assert stale.status_code == 409
    assert Contact.objects.get().company == "Berg Glass"


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_for_one_attribute_and_for_three(olga: Client, count: int) -> None:
    for number in range(count):
        Attribute.objects.create(name=f"Plan {number}", key=f"plan-{number}", type="choice", choices=["Free"])
    contact = ContactFactory()
    olga.get(address(contact))
    with assertNumQueries(6):
        # Session, person, organisation, role; contact, attributes.
        olga.get(address(contact))
