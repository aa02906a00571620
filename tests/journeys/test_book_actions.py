"""Adding contacts, changing their account state and erasing them: what becomes of their statuses."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import DatabaseError, IntegrityError, transaction

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact, LabelChange, Note
from journeys.book import actions as book
from journeys.rules.models import FunnelSettings
from journeys.runs.models import Run
from journeys.status import actions as status
from journeys.status.models import FunnelStatus, LostReason, StatusChange
from journeys.status.transitions import Refusal
from stages.models import Stage
from tests.factories import ContactFactory, LabelFactory, contact_in
from tests.heart import (
    Signed,
    assert_explained,
    check_deferred_promises,
    database_clock,
    last_change,
    moves,
    rows_of_history,
    run_sql,
    status_of,
)

pytestmark = pytest.mark.django_db

MAY = datetime(2024, 5, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def carla(aware: Stage) -> Contact:
    return contact_in(aware, since=MAY)


# Adding


def test_a_contact_without_a_stage_of_its_own_gets_the_default(operator: TeamMember) -> None:
    before = database_clock()
    contact = book.add_contact(fields={"email": "carla@example.com"}, by=operator, cause=Cause.MANUAL)
    assert Contact.objects.get().email == "carla@example.com"
    assert moves(contact) == ["outside > Aware"]
    assert Signed.of(last_change(contact)) == Signed("default", by=operator.pk)
    assert status_of(contact).since > before
    assert_explained()


def test_a_contact_with_a_stage_and_a_date(customer: Stage, operator: TeamMember) -> None:
    contact = book.add_contact(fields={}, stage=customer, since=MAY, by=operator, cause=Cause.MANUAL)
    assert moves(contact) == ["outside > Customer"]
    assert Signed.of(last_change(contact)) == Signed("manual", by=operator.pk)
    assert (status_of(contact).since, status_of(contact).stage_since) == (MAY, MAY)
    assert_explained()


def test_a_contact_that_is_to_have_no_status_yet(operator: TeamMember) -> None:
    contact = book.add_contact(fields={}, stage=None, by=operator, cause=Cause.API)
    assert moves(contact) == ["outside > none"]
    assert Signed.of(last_change(contact)) == Signed("api", by=operator.pk)


def test_a_contact_with_an_inactive_account_is_born_lost(customer: Stage) -> None:
    placed = book.add_contact(fields={"account_state": "inactive"}, stage=customer, by=None, cause=Cause.API)
    default = book.add_contact(fields={"account_state": "inactive"}, by=None, cause=Cause.API)
    assert (moves(placed), moves(default)) == (["outside > lost from Customer"], ["outside > lost from Aware"])
    assert (status_of(placed).lost_at, status_of(placed).lost_reason_id) == (status_of(placed).since, None)
    assert_explained()


def test_while_the_default_stage_is_closed_new_contacts_have_none(aware: Stage) -> None:
    Stage.objects.filter(pk=aware.pk).update(is_published=False)
    assert book.default_stage() is None
    assert moves(book.add_contact(fields={}, by=None, cause=Cause.MANUAL)) == ["outside > none"]
    FunnelSettings.objects.update(default_stage=None)
    assert book.default_stage() is None
    assert moves(book.add_contact(fields={}, by=None, cause=Cause.MANUAL)) == ["outside > none"]


def test_what_is_refused_adds_nobody(carla: Contact, aware: Stage, customer: Stage) -> None:
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    later, history = database_clock() + timedelta(minutes=1), rows_of_history()
    with pytest.raises(status.MoveRefused, match="Stage is missing or unpublished"):
        book.add_contact(fields={}, stage=customer, by=None, cause=Cause.MANUAL)
    with pytest.raises(status.MoveRefused, match="The date is in the future"):
        book.add_contact(fields={}, stage=aware, since=later, by=None, cause=Cause.MANUAL)
    with pytest.raises(IntegrityError, match="contact_email_is_unique"):
        book.add_contact(fields={"email": carla.email.upper()}, by=None, cause=Cause.MANUAL)
    assert (Contact.objects.count(), FunnelStatus.objects.count(), rows_of_history()) == (1, 1, history)
    assert_explained()


def test_without_its_history_nobody_is_added() -> None:
    run_sql("ALTER TABLE journeys_statuschange ADD CONSTRAINT full_disk CHECK (cause <> 'api') NOT VALID")
    with pytest.raises(DatabaseError, match="full_disk"):
        book.add_contact(fields={}, stage=None, by=None, cause=Cause.API)
    assert (Contact.objects.count(), FunnelStatus.objects.count()) == (0, 0)


# Changing fields and the account state


def test_an_account_made_inactive_is_lost_by_the_same_person(carla: Contact, operator: TeamMember) -> None:
    changed = book.change_contact(contact=carla, fields={"account_state": "inactive", "city": "Porto"}, by=operator)
    assert changed == ["account_state", "city"]
    assert moves(carla) == ["outside > Aware", "Aware > lost from Aware"]
    assert Signed.of(last_change(carla)) == Signed("account_inactive", by=operator.pk)
    assert_explained()


def test_an_inactive_account_of_a_lost_contact_changes_no_status(customer: Stage, operator: TeamMember) -> None:
    reason = LostReason.objects.get(name="Bounced")
    contact = contact_in(customer, since=MAY, lost=True, reason=reason)
    before, history = status_of(contact), rows_of_history()
    book.change_contact(contact=contact, fields={"account_state": "inactive"}, by=operator)
    book.change_contact(contact=contact, fields={"account_state": "inactive"}, by=operator)
    book.change_contact(contact=contact, fields={"account_state": "active"}, by=operator)
    assert (status_of(contact).signature, status_of(contact).lost_reason) == (before.signature, reason)
    assert rows_of_history() == history
    assert_explained()


def test_other_fields_change_no_status(carla: Contact, operator: TeamMember) -> None:
    history = rows_of_history()
    fields = {"email": "new@example.com", "last_open_at": MAY, "unsubscribed_at": MAY, "attributes": {"plan": "Team"}}
    assert book.change_contact(contact=carla, fields=fields, by=operator) == list(fields)
    assert book.change_contact(contact=carla, fields=fields, by=operator) == []
    assert rows_of_history() == history
    stored = Contact.objects.get(pk=carla.pk)
    assert {name: getattr(stored, name) for name in fields} == fields


def test_only_what_differs_from_the_book_is_saved(carla: Contact, operator: TeamMember) -> None:
    Contact.objects.filter(pk=carla.pk).update(company="Changed meanwhile")
    updated_at = Contact.objects.get(pk=carla.pk).updated_at
    changed = book.change_contact(contact=carla, fields={"city": "Porto", "first_name": "Carla"}, by=operator)
    stored = Contact.objects.get(pk=carla.pk)
    assert (changed, stored.company, stored.city) == (["city"], "Changed meanwhile", "Porto")
    assert stored.updated_at > updated_at


def test_making_accounts_active_recovers_nobody(aware: Stage, operator: TeamMember) -> None:
    people = [contact_in(aware, account_state="inactive") for _ in range(2)]
    other, bystander = contact_in(aware), contact_in(aware, account_state="inactive")
    history = rows_of_history()
    asked = [people[1].pk, people[0].pk, other.pk]
    assert book.activate_accounts(contacts=asked, by=operator) == [people[0].pk, people[1].pk]
    assert book.activate_accounts(contacts=asked, by=operator) == []
    states = {contact.pk: contact.account_state for contact in Contact.objects.all()}
    assert states == {people[0].pk: "active", people[1].pk: "active", other.pk: "active", bystander.pk: "inactive"}
    assert rows_of_history() == history
    assert FunnelStatus.objects.filter(lost_at=None).get().contact_id == other.pk


# One move, and the row of history it made


def test_one_move_says_which_row_it_made(carla: Contact, customer: Stage, operator: TeamMember) -> None:
    move = partial(status.change_status, contacts=[carla.pk], to=customer, cause=Cause.MANUAL, by=operator)
    made = book.one_move(contact=carla.pk, move=move, by=operator)
    assert (made.outcome.changed, made.change) == ([carla.pk], last_change(carla).pk)
    again = book.one_move(contact=carla.pk, move=move, by=operator)
    assert (again.outcome.unchanged, again.change) == ([carla.pk], None)


def test_one_move_may_make_the_account_active_first(customer: Stage, promoter: Stage, operator: TeamMember) -> None:
    contact = contact_in(customer, account_state="inactive")
    recover = partial(status.recover, contacts=[contact.pk], cause=Cause.MANUAL, by=operator)
    refused = book.one_move(contact=contact.pk, move=recover, by=operator)
    assert (refused.outcome.refusal, refused.change) == (Refusal.ACCOUNT_INACTIVE, None)
    made = book.one_move(contact=contact.pk, move=recover, activate=True, by=operator)
    assert (made.outcome.changed, moves(contact)[-1]) == ([contact.pk], "lost from Customer > Customer")
    assert Contact.objects.get(pk=contact.pk).account_state == "active"
    assert_explained()


def test_a_refused_move_leaves_the_account_as_it_was(customer: Stage, promoter: Stage, operator: TeamMember) -> None:
    contact = contact_in(customer, account_state="inactive")
    Stage.objects.filter(pk=promoter.pk).update(is_published=False)
    move = partial(status.change_status, contacts=[contact.pk], to=promoter, cause=Cause.MANUAL, by=operator)
    with transaction.atomic():
        refused = book.one_move(contact=contact.pk, move=move, activate=True, by=operator)
    assert refused.outcome.refusal is Refusal.CLOSED_STAGE
    assert Contact.objects.get(pk=contact.pk).account_state == "inactive"
    assert moves(contact) == ["outside > lost from Customer"]


# Erasing


def test_erasing_leaves_numbers_and_no_word(carla: Contact, customer: Stage, administrator: TeamMember) -> None:
    status.change_status(contacts=[carla.pk], to=customer, cause=Cause.MANUAL, by=None, note="Knows the boss")
    label = LabelFactory()
    put_on_label(contacts=[carla.pk], label=label, by=None, cause=Cause.MANUAL)
    other = contact_in(customer, lost=True)
    put_on_label(contacts=[other.pk], label=label, by=None, cause=Cause.MANUAL)
    before = list(StatusChange.objects.order_by("id").values())
    run = Run.objects.create(kind=Run.Kind.BULK, words="Erase")

    assert book.erase_contacts(contacts=[carla.pk, 10**9], by=administrator, run=run) == [carla.pk]
    check_deferred_promises()
    assert list(Contact.objects.values_list("pk", flat=True)) == [other.pk]
    assert list(FunnelStatus.objects.values_list("pk", flat=True)) == [other.pk]
    assert (Note.objects.count(), CarriedLabel.objects.get().contact_id) == (0, other.pk)
    assert list(StatusChange.objects.order_by("id").values())[:-1] == before
    assert moves(carla) == ["outside > Aware", "Aware > Customer", "Customer > outside"]
    assert Signed.of(last_change(carla)) == Signed("erased", by=administrator.pk, run=run.pk)
    taken_off = LabelChange.objects.latest("id")
    assert (taken_off.contact_id, taken_off.label_id, taken_off.put_on) == (carla.pk, label.pk, False)
    assert (taken_off.changed_by_id, taken_off.cause, taken_off.run_id) == (administrator.pk, "erased", run.pk)
    assert_explained()


def test_erasing_forgets_the_names_that_the_admin_kept(carla: Contact, administrator: TeamMember) -> None:
    other = ContactFactory()
    for contact in (carla, other):
        LogEntry.objects.log_actions(administrator.pk, [contact], CHANGE, single_object=True)
    assert LogEntry.objects.filter(object_repr=str(carla)).exists()
    book.erase_contacts(contacts=[carla.pk], by=administrator)
    assert [entry.object_repr for entry in LogEntry.objects.all()] == [str(other)]


def test_erasing_many_in_any_order(aware: Stage, administrator: TeamMember) -> None:
    people = [ContactFactory() for _ in range(5)]
    erased = [contact.pk for contact in people[1:]]
    assert book.erase_contacts(contacts=erased[::-1], by=administrator) == erased
    assert list(Contact.objects.all()) == people[:1]
    assert book.erase_contacts(contacts=[], by=administrator) == []
    assert_explained()


def test_without_its_history_nobody_is_erased(carla: Contact, administrator: TeamMember) -> None:
    run_sql("ALTER TABLE journeys_statuschange ADD CONSTRAINT full_disk CHECK (cause <> 'erased') NOT VALID")
    put_on_label(contacts=[carla.pk], label=LabelFactory(), by=None, cause=Cause.MANUAL)
    with pytest.raises(DatabaseError, match="full_disk"):
        book.erase_contacts(contacts=[carla.pk], by=administrator)
    assert (Contact.objects.get(), CarriedLabel.objects.get().taken_off) == (carla, False)
    assert (LabelChange.objects.count(), status_of(carla).cause) == (1, "manual")
    assert_explained()
