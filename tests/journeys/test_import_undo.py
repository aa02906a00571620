"""Undoing an import: who was created goes, what was changed returns, and what was changed since stays and is listed."""

from typing import Any

import pytest

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import Attribute, CarriedLabel, Contact, Label, Note
from journeys.book import actions as book
from journeys.imports import actions as importing
from journeys.imports.models import Import
from journeys.imports.options import Key
from journeys.runs import actions
from journeys.runs.models import Run, RunOutcome
from journeys.runs.undos import can_be_undone, undos
from journeys.status import actions as status
from journeys.status.models import LostReason
from journeys.webforms.models import Submission
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.heart import assert_explained, moves, status_of
from tests.journeys.web_forms import submitted, web_form_asking
from tests.journeys.wizard import imported

pytestmark = pytest.mark.django_db

MAPPING = {"email": "email", "id": "external_id", "first": "first_name", "state": "account_state", "plan": "plan"}
HEADER = "email,id,first,state,plan,stage,at\n"
OPTIONS: dict[str, Any] = {"mapping": MAPPING, "stage_column": "stage", "since_column": "at"}


@pytest.fixture(autouse=True)
def plan(db: None) -> Attribute:
    return Attribute.objects.create(name="Plan", key="plan")


def done(rows: str, by: TeamMember, **options: Any) -> Import:
    return imported(HEADER + rows, by, **OPTIONS | options)


def undone(asked: Import, by: TeamMember) -> dict[str, list[int]]:
    """Undo the import. Returns the contacts by what became of them."""
    assert asked.run
    run = actions.start_undoing_import(run=asked.run, by=by)
    actions.work_on_run(run=run.pk, seconds=60)
    run.refresh_from_db()
    assert (run.state, run.kind, run.undoes) == (Run.State.FINISHED, Run.Kind.UNDO, asked.run)
    assert run.records == run.updated + run.unchanged + run.refused
    assert_explained()
    found: dict[str, list[int]] = {}
    for outcome in RunOutcome.objects.filter(run=run):
        found[outcome.code] = sorted(found.get(outcome.code, []) + outcome.contacts)
    return found


def as_it_is(contact: Contact) -> tuple[Any, ...]:
    now = Contact.objects.get(pk=contact.pk)
    standing = status_of(contact)
    return (
        *(now.email, now.external_id, now.first_name, now.account_state, now.attributes),
        *(standing.stage, standing.lost_at is not None, standing.lost_reason_id, standing.stage_since),
        sorted(Label.objects.filter(carried_by__contact=now).values_list("name", flat=True)),
    )


# Contacts that the import created


def test_a_created_contact_that_sent_a_web_form_since_stays(marketer: TeamMember) -> None:
    asked = done("a@b.co,1,Ana,,,,\nb@b.co,2,Bo,,,,\n", marketer)
    ana, bo = Contact.objects.order_by("pk")
    sent = submitted(web_form_asking("email", by=marketer), email="a@b.co")
    assert sent.contact == ana
    assert undone(asked, marketer) == {"changed": [bo.pk], "changed_since": [ana.pk]}
    assert list(Contact.objects.all()) == [ana]
    assert Submission.objects.get() == sent


def test_created_contacts_go_and_leave_their_numbers(marketer: TeamMember) -> None:
    asked = done("a@b.co,1,Ana,,,Customer,2024-01-01\nb@b.co,2,Bo,inactive,,,\n", marketer, labels=("spring",))
    ids = sorted(Contact.objects.values_list("pk", flat=True))
    assert undone(asked, marketer) == {"changed": ids}
    assert not Contact.objects.exists()
    assert moves(ids[0]) == ["outside > Customer", "Customer > outside"]
    assert (CarriedLabel.objects.count(), Label.objects.get().name) == (0, "spring")


def test_a_contact_whom_later_rows_changed_is_untouched_still(marketer: TeamMember, monkeypatch) -> None:
    monkeypatch.setattr(importing, "BATCH", 1)
    asked = done("a@b.co,1,Ana,,,Aware,2024-01-01\na@b.co,1,Anna,,,Customer,2024-02-01\n", marketer)
    assert list(undone(asked, marketer)) == ["changed"]
    assert not Contact.objects.exists()


def touch_fields(contact: Contact, by: TeamMember) -> None:
    book.change_contact(contact=contact, fields={"company": "New"}, by=by)


def touch_labels(contact: Contact, by: TeamMember) -> None:
    put_on_label(contacts=[contact.pk], label=LabelFactory(), by=by, cause=Cause.MANUAL)


def touch_status(contact: Contact, by: TeamMember) -> None:
    status.mark_lost(contacts=[contact.pk], reason=None, cause=Cause.MANUAL, by=by)


def touch_notes(contact: Contact, by: TeamMember) -> None:
    Note.objects.create(contact=contact, text="Called", written_by=by)


@pytest.mark.parametrize("touch", [touch_fields, touch_labels, touch_status, touch_notes])
def test_a_created_contact_that_was_touched_since_stays(marketer: TeamMember, touch) -> None:
    asked = done("a@b.co,1,Ana,,,Customer,\nb@b.co,2,Bo,,,Customer,\n", marketer, labels=("spring",))
    ana, bo = Contact.objects.get(external_id="1"), Contact.objects.get(external_id="2")
    touch(ana, marketer)
    before = as_it_is(ana)
    assert undone(asked, marketer) == {"changed": [bo.pk], "changed_since": [ana.pk]}
    assert (list(Contact.objects.all()), as_it_is(ana)) == ([ana], before)


# Contacts that were there before


def test_fields_labels_account_and_status_return(marketer: TeamMember, aware: Stage, customer: Stage) -> None:
    fair = LabelFactory(name="fair")
    ana = contact_in(aware, email="a@b.co", first_name="Old", attributes={"plan": "Free", "other": "kept"})
    put_on_label(contacts=[ana.pk], label=fair, by=marketer, cause=Cause.MANUAL)
    reason = LostReason.objects.get(name="Unsubscribed")
    lost = contact_in(customer, email="l@b.co", external_id="9", lost=True, reason=reason)
    off = contact_in(customer, email="o@b.co", external_id="8", account_state="inactive")
    contacts = [ana, lost, off]
    before = [as_it_is(contact) for contact in contacts]
    asked = done(
        "a@b.co,1,Ana,inactive,Pro,Customer,\nl@b.co,9,,,Pro,Customer,\no@b.co,8,Off,active,,Promoter,\n",
        marketer,
        labels=("fair", "spring"),
        backward=True,
    )
    assert (asked.run.updated, as_it_is(ana) == before[0]) == (3, False)  # type: ignore[union-attr]
    assert undone(asked, marketer) == {"changed": [contact.pk for contact in contacts]}
    assert [as_it_is(contact)[:8] for contact in contacts] == [row[:8] for row in before]
    assert [as_it_is(contact)[9] for contact in contacts] == [["fair"], [], []]


def test_a_contact_that_was_moved_once_has_its_stay_again(marketer: TeamMember, aware: Stage) -> None:
    ana = contact_in(aware, email="a@b.co", external_id="1")
    before = as_it_is(ana)
    undone(done("a@b.co,1,,,,Customer,\n", marketer), marketer)
    assert as_it_is(ana) == before
    assert moves(ana) == ["outside > Aware", "Aware > Customer", "Customer > Aware"]


def test_a_whole_history_is_taken_back_in_one_move(marketer: TeamMember, aware: Stage) -> None:
    ana = contact_in(aware, email="a@b.co", external_id="1")
    undone(done("a@b.co,1,,,,Engaged,\na@b.co,1,,,,Customer,\n", marketer), marketer)
    assert moves(ana) == ["outside > Aware", "Aware > Engaged", "Engaged > Customer", "Customer > Aware"]


def test_what_was_changed_since_stays_and_the_rest_returns(marketer: TeamMember, aware: Stage, promoter: Stage) -> None:
    ana = contact_in(aware, email="a@b.co", external_id="1", first_name="Old")
    bo = contact_in(aware, email="b@b.co", external_id="2", first_name="Old")
    asked = done("a@b.co,1,Ana,,Pro,Customer,\nb@b.co,2,Bo,,Pro,Customer,\n", marketer, labels=("spring",))
    book.change_contact(contact=Contact.objects.get(pk=ana.pk), fields={"first_name": "Annie"}, by=marketer)
    status.change_status(contacts=[bo.pk], to=promoter, cause=Cause.MANUAL, by=marketer)
    assert undone(asked, marketer) == {"changed_since": [ana.pk], "moved_since": [bo.pk]}
    assert as_it_is(ana)[2:6] == ("Annie", "active", {}, aware)
    assert as_it_is(bo)[2:6] == ("Old", "active", {}, promoter)
    assert not CarriedLabel.objects.exists()


def test_a_label_that_somebody_put_on_again_stays(marketer: TeamMember) -> None:
    ana = contact_in(None, email="a@b.co", external_id="1")
    asked = done("a@b.co,1,,,,,\n", marketer, labels=("spring",))
    CarriedLabel.objects.all().delete()
    put_on_label(contacts=[ana.pk], label=Label.objects.get(), by=marketer, cause=Cause.MANUAL)
    assert undone(asked, marketer) == {"unchanged": [ana.pk]}
    assert CarriedLabel.objects.count() == 1


def test_keys_that_were_handed_on_are_handed_back(marketer: TeamMember) -> None:
    one, two = contact_in(None, email="one@b.co", external_id="1"), contact_in(None, email="two@b.co", external_id="2")
    asked = done("free@b.co,1,,,,,\none@b.co,2,,,,,\ntwo@b.co,3,Three,,,,\n", marketer, key=Key.EXTERNAL_ID)
    assert undone(asked, marketer)["changed"] == sorted([one.pk, two.pk, max(one.pk, two.pk) + 1])
    assert set(Contact.objects.values_list("email", "external_id")) == {("one@b.co", "1"), ("two@b.co", "2")}


def test_a_key_that_somebody_else_has_by_now_stays_away(marketer: TeamMember) -> None:
    one = contact_in(None, email="one@b.co", external_id="1", first_name="Old")
    asked = done("new@b.co,1,New,,,,\n", marketer, key=Key.EXTERNAL_ID)
    contact_in(None, email="ONE@b.co")
    assert undone(asked, marketer) == {"changed_since": [one.pk]}
    assert as_it_is(one)[:3] == ("new@b.co", "1", "Old")


def test_who_was_erased_since_is_said_to_be_gone(marketer: TeamMember) -> None:
    ana = contact_in(None, email="a@b.co", external_id="1")
    asked = done("a@b.co,1,Ana,,,,\nb@b.co,2,Bo,,,,\n", marketer)
    bo = Contact.objects.get(external_id="2")
    book.erase_contacts(contacts=[ana.pk, bo.pk], by=marketer)
    assert undone(asked, marketer) == {"not_in_the_book": sorted([ana.pk, bo.pk])}


# The undo itself


def test_an_import_is_undone_once_and_for_good(marketer: TeamMember) -> None:
    asked = done("a@b.co,1,Ana,,,,\n", marketer)
    undone(asked, marketer)
    undo = Run.objects.get(kind=Run.Kind.UNDO)
    with pytest.raises(actions.AlreadyStarted) as again:
        actions.start_undoing_import(run=asked.run, by=marketer)  # type: ignore[arg-type]
    assert again.value.run == undo
    assert can_be_undone(undo, undos().get(undo.pk)) is False
    assert undo.words == f"undo of run {asked.run_id}: {asked.run.words}"  # type: ignore[union-attr]


def test_an_import_that_was_cancelled_is_undone_as_far_as_it_came(marketer: TeamMember, monkeypatch) -> None:
    from journeys.imports.wizard import actions as wizard
    from tests.journeys.wizard import checked

    monkeypatch.setattr(importing, "BATCH", 1)
    asked = checked(HEADER + "a@b.co,1,Ana,,,,\nb@b.co,2,Bo,,,,\n", marketer, **OPTIONS)
    monkeypatch.setattr(wizard, "SMALL", 0)
    wizard.start_import(asked=asked, by=marketer)
    wizard.work_on_import(asked=asked.pk, should_stop=lambda: True)
    wizard.cancel_import(asked=asked, by=marketer)
    ana = Contact.objects.get()
    assert undone(asked, marketer) == {"changed": [ana.pk]}
    assert not Contact.objects.exists()
