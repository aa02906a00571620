"""Erase a contact: its effect is shown first, and then nothing of the person is left but a number."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact, LabelChange, Note
from journeys.status import actions as status
from journeys.status.models import FunnelStatus, StatusChange
from stages.models import Stage
from tests.factories import ContactFactory, LabelFactory, TeamMemberFactory, contact_in

ClientOf = Callable[[TeamMember], Client]


@pytest.fixture
def contact(aware: Stage, customer: Stage, operator: TeamMember) -> Contact:
    """Carries two labels, and one of three changes has a note."""
    contact = contact_in(aware, since=datetime(2026, 1, 1, tzinfo=UTC), first_name="Ida", last_name="Berg")
    status.change_status(contacts=[contact.pk], to=customer, cause=Cause.MANUAL, by=operator, note="Bought a boat")
    status.mark_lost(contacts=[contact.pk], reason=None, cause=Cause.MANUAL, by=operator)
    for name in ("vip", "fair"):
        put_on_label(contacts=[contact.pk], label=LabelFactory(name=name), by=operator, cause=Cause.MANUAL)
    return contact


def address(contact: Contact) -> str:
    return f"/contacts/{contact.pk}/erase"


def test_it_is_for_administrators(
    client: Client,
    client_of: ClientOf,
    viewer: TeamMember,
    operator: TeamMember,
    marketer: TeamMember,
    contact: Contact,
) -> None:
    assert client.post(address(contact), {"sure": "on"})["Location"].startswith("/sign-in?next=/contacts/")
    for member in (TeamMemberFactory(), viewer, operator, marketer):
        for refused in (
            client_of(member).get(address(contact)),
            client_of(member).post(address(contact), {"sure": "on"}),
        ):
            assert refused.status_code == 403
            assert "This needs the role Administrator." in refused.text
    assert Contact.objects.filter(pk=contact.pk).exists()


def test_the_effect_is_shown_first(client_of: ClientOf, administrator: TeamMember, contact: Contact) -> None:
    page = client_of(administrator).get(address(contact))
    assert (page.context["effect"].notes, page.context["effect"].labels, page.context["effect"].changes) == (1, 2, 3)
    text = " ".join(page.text.split())
    assert "every other field; 2 labels; 1 note about it; and its name, e-mail, phone and external id" in text
    assert f"3 status changes under the number {contact.pk} without a word" in text
    assert Contact.objects.filter(pk=contact.pk).exists()


def test_it_has_to_be_said_twice(client_of: ClientOf, administrator: TeamMember, contact: Contact) -> None:
    refused = client_of(administrator).post(address(contact), {})
    assert refused.status_code == 422
    assert refused.context["form"].errors["sure"] == ["Tick this to erase the contact. It cannot be undone."]
    assert Contact.objects.filter(pk=contact.pk).exists()


def test_nothing_is_left_but_a_number(client_of: ClientOf, administrator: TeamMember, contact: Contact) -> None:
    other = ContactFactory(first_name="Bo")
    client = client_of(administrator)

    response = client.post(address(contact), {"sure": "on"})

    assert response["Location"] == "/contacts"
    assert [found.pk for found in Contact.objects.all()] == [other.pk]
    assert not FunnelStatus.objects.filter(contact=contact.pk).exists()
    assert not CarriedLabel.objects.filter(contact=contact.pk).exists()
    assert not Note.objects.exists()
    last = StatusChange.objects.filter(contact=contact.pk).latest("pk")
    assert (last.to_outside, last.cause, last.changed_by) == (True, Cause.ERASED, administrator)
    assert StatusChange.objects.filter(contact=contact.pk).count() == 4
    off = LabelChange.objects.filter(contact_id=contact.pk, put_on=False)
    assert {(change.cause, change.changed_by) for change in off} == {(Cause.ERASED, administrator)}
    assert not any("Ida" in str(session.get_decoded()) for session in Session.objects.all())
    assert f"Contact {contact.pk} was erased." in client.get("/contacts").text
    assert client.get(f"/contacts/{contact.pk}").status_code == 404
    assert client.post(address(contact), {"sure": "on"}).status_code == 404


def test_as_a_dialog(client_of: ClientOf, administrator: TeamMember, contact: Contact) -> None:
    client = client_of(administrator)
    part = client.get(address(contact), headers={"HX-Request": "true", "HX-Target": "dialog"}).text
    assert part.startswith('<section id="erase-contact-form"')
    headers = {"HX-Request": "true", "HX-Target": "erase-contact-form"}
    assert client.post(address(contact), {}, headers=headers).text.startswith('<section id="erase-contact-form"')
    assert client.post(address(contact), {"sure": "on"}, headers=headers)["HX-Redirect"] == "/contacts"


def test_what_it_costs(client_of: ClientOf, administrator: TeamMember, contact: Contact) -> None:
    client = client_of(administrator)
    with assertNumQueries(10):
        # Session, person, organisation, role; contact; notes, labels, changes.
        client.get(address(contact))
