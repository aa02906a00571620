"""What an import does to the book, row by row, and what it leaves alone. Each is checked first: see `do_import`."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.team.models import Organisation, TeamMember
from contacts.causes import Cause
from contacts.models import Attribute, CarriedLabel, Contact, Label, LabelChange
from journeys.imports import actions
from journeys.imports.dates import DateFormat
from journeys.imports.options import Counts, Does, ImportOptions, Key, OnEarlier, Whom
from journeys.imports.reading import inspect
from journeys.rules.models import FunnelSettings, MovementRule
from journeys.runs.models import Run
from journeys.status.models import StatusChange
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.heart import Signed, assert_explained, last_change, moves, rows_of_history, status_of
from tests.journeys.importing import KEYS, Imported, do_import, write

pytestmark = pytest.mark.django_db

JAN, FEB, MAR, APR = (datetime(2024, month, 1, 12, tzinfo=UTC) for month in (1, 2, 3, 4))
NAMES = {"first": "first_name", "last": "last_name", "company": "company"}

Import = Callable[..., Imported]


@pytest.fixture
def imported(tmp_path: Path, marketer: TeamMember) -> Import:
    """`imported("email,id\\n…", stage="Aware")`: import a file of this content, and see that history explains all."""

    def do(content: str, **options: Any) -> Imported:
        result = do_import(write(tmp_path, content), by=marketer, **options)
        assert_explained()
        return result

    return do


def the(**key: str) -> Contact:
    return Contact.objects.get(**key)


def labels_of(contact: Contact) -> set[str]:
    return set(Label.objects.filter(carried_by__contact=contact).values_list("name", flat=True))


# Contacts that are new


def test_new_contacts_have_their_fields_and_one_row_of_history(imported: Import, marketer: TeamMember) -> None:
    result = imported(
        "email,id,first,last,company,at,stage\nAna@example.com,A1,Ana,Silva,Stonecroft,2024-02-01,Engaged\n,A2,,,,,\n",
        mapping=KEYS | NAMES,
        stage_column="stage",
        since_column="at",
    )
    assert (result.counts, result.refused) == ((2, 0, 0, 0), {})
    ana, nobody = the(external_id="A1"), the(external_id="A2")
    assert (ana.email, ana.name, ana.company, ana.phone) == ("Ana@example.com", "Ana Silva", "Stonecroft", "")
    assert (nobody.email, nobody.name, nobody.account_state) == (None, "", "active")
    assert (moves(ana), moves(nobody)) == (["outside > Engaged"], ["outside > Aware"])
    assert last_change(ana).changed_at == datetime(2024, 2, 1, tzinfo=UTC)
    assert result.run
    assert Signed.of(last_change(ana)) == Signed("import", by=marketer.pk, run=result.run.pk)
    assert Signed.of(last_change(nobody)) == Signed("default", by=marketer.pk, run=result.run.pk)


def test_the_run_says_who_what_and_how_many(imported: Import, marketer: TeamMember) -> None:
    run = imported("email,id,at\na@b.co,1,2024-02-01\n,,\n", stage="Aware", since_column="at", labels=("spring",)).run
    assert run
    assert (run.kind, run.state, run.started_by) == (Run.Kind.IMPORT, Run.State.FINISHED, marketer)
    assert run.words == "Import contacts.csv, to Aware, since “at”, label spring"
    assert (run.records, run.created, run.updated, run.unchanged, run.refused) == (2, 1, 0, 0, 1)
    assert run.finished_at is not None


def test_without_a_stage_new_contacts_stand_in_the_default_since_the_date(imported: Import, aware: Stage) -> None:
    imported("email,id,at\na@b.co,,2024-01-01T12:00Z\n", since_column="at")
    status = status_of(the(email="a@b.co"))
    assert (status.stage, status.since, status.cause) == (aware, JAN, Cause.DEFAULT)


def test_a_closed_default_stage_gives_no_stage(imported: Import) -> None:
    FunnelSettings.objects.update(default_stage=Stage.objects.get(name="Engaged"))
    Stage.objects.filter(name="Engaged").update(is_published=False)
    assert imported("email,id\na@b.co,\n").counts == (1, 0, 0, 0)
    assert moves(the(email="a@b.co")) == ["outside > none"]


def test_dates_without_a_zone_are_those_of_the_organisation(imported: Import) -> None:
    Organisation.objects.update(time_zone="America/Sao_Paulo")
    imported("id,at\n1,2018-02-26 19:58:54\n", mapping={"id": "external_id"}, stage="Aware", since_column="at")
    assert status_of(the(external_id="1")).since == datetime(2018, 2, 26, 22, 58, 54, tzinfo=UTC)


def test_a_new_contact_with_an_inactive_account_is_born_lost(imported: Import, marketer: TeamMember) -> None:
    result = imported(
        "email,id,state,at\na@b.co,,inactive,2024-01-01T12:00Z\n",
        mapping=KEYS | {"state": "account_state"},
        stage="Engaged",
        since_column="at",
    )
    contact = the(email="a@b.co")
    assert moves(contact) == ["outside > lost from Engaged"]
    assert result.run
    assert Signed.of(last_change(contact)) == Signed("import", by=marketer.pk, run=result.run.pk)
    assert (contact.account_state, status_of(contact).lost_at) == ("inactive", JAN)


@pytest.mark.parametrize(
    ("stage", "at", "reason"),
    [
        ("Gold", "", "stage: There is no stage “Gold”."),
        ("Promoter", "", "Stage is missing or unpublished."),
        ("Aware", "2199-01-01", "The date is in the future."),
    ],
)
def test_new_contacts_that_are_refused(imported: Import, stage: str, at: str, reason: str) -> None:
    Stage.objects.filter(name="Promoter").update(is_published=False)
    before = Contact.objects.count(), rows_of_history(), Stage.objects.count()
    result = imported(
        f"email,id,stage,at\na@b.co,,{stage},{at}\n", stage_column="stage", since_column="at", labels=("spring",)
    )
    assert (result.counts, result.refused) == ((0, 0, 0, 1), {2: reason})
    assert (Contact.objects.count(), rows_of_history(), Stage.objects.count()) == before
    assert not Label.objects.filter(name="spring").exists()


# Contacts of the book: their fields


def test_what_the_file_says_is_overwritten_and_empty_cells_wipe_nothing(imported: Import) -> None:
    ana = contact_in(None, email="ana@example.com", external_id="A1", first_name="Ana", company="Old", phone="1")
    bo = contact_in(None, email="bo@example.com", first_name="Bo", company="Old")
    result = imported(
        "email,id,first,last,company\nANA@example.com,A1,,Silva,New\nbo@example.com,,,,\n", mapping=KEYS | NAMES
    )
    assert result.counts == (0, 1, 1, 0)
    after = the(pk=ana.pk)
    assert (after.email, after.first_name, after.last_name, after.company, after.phone) == (
        "ana@example.com",
        "Ana",
        "Silva",
        "New",
        "1",
    )
    assert after.updated_at > ana.updated_at
    untouched = the(pk=bo.pk)
    assert (untouched.company, untouched.updated_at) == ("Old", bo.updated_at)


def test_the_same_file_twice_changes_nothing_the_second_time(imported: Import) -> None:
    content = (
        "email,id,first,stage,at,label,state,plan\n"
        "a@b.co,1,Ana,Engaged,2024-01-01,web,active,Pro\n"
        "b@b.co,2,Bo,Customer,2024-02-01,fair,inactive,\n"
        "c@b.co,,Cy,,,,,Free\n"
    )
    Attribute.objects.create(name="Plan", key="plan", type="choice", choices=["Free", "Pro"])
    options = {
        "mapping": KEYS | {"first": "first_name", "state": "account_state", "plan": "plan"},
        "stage_column": "stage",
        "since_column": "at",
        "label_column": "label",
        "labels": ("spring",),
    }
    assert imported(content, **options).counts == (3, 0, 0, 0)
    before = list(Contact.objects.values()), rows_of_history(), LabelChange.objects.count()
    assert imported(content, **options).counts == (0, 0, 3, 0)
    assert (list(Contact.objects.values()), rows_of_history(), LabelChange.objects.count()) == before


def test_dates_and_keys_of_known_contacts_change(imported: Import) -> None:
    contact_in(None, email="old@b.co", external_id="1", last_open_at=JAN)
    contact_in(None, email="only@b.co")
    result = imported(
        "email,id,open\nnew@b.co,1,2024-02-01T12:00Z\nonly@b.co,2,\n", mapping=KEYS | {"open": "last_open_at"}
    )
    assert result.counts == (0, 2, 0, 0)
    one, two = the(external_id="1"), the(external_id="2")
    assert (one.email, one.last_open_at, two.email, two.last_open_at) == ("new@b.co", FEB, "only@b.co", None)


def test_attributes_are_merged_and_typed(imported: Import) -> None:
    Attribute.objects.create(name="Employees", key="employees", type="number")
    Attribute.objects.create(name="Likes tea", key="likes-tea", type="yes_no")
    contact_in(None, external_id="1", attributes={"employees": 3, "other": "kept"})
    result = imported(
        "id,n,tea\n1,,yes\n2,12.5,no\n3,many,no\n",
        mapping={"id": "external_id", "n": "Employees", "tea": "likes-tea"},
    )
    assert result.counts == (1, 1, 0, 1)
    assert result.refused == {4: "n: “many” is not a number like 1200 or 12.50."}
    assert the(external_id="1").attributes == {"employees": 3, "other": "kept", "likes-tea": True}
    assert the(external_id="2").attributes == {"employees": 12.5, "likes-tea": False}


def test_twin_emails_in_two_normal_forms_and_cases_are_one_contact(imported: Import) -> None:
    result = imported("email,id\nana@m\u00fcller.de,\nANA@MU\u0308LLER.DE,\n \u200eAna@M\u00dcLLER.de\u200f,\n")
    assert result.counts == (1, 0, 2, 0)
    assert the(email="ana@müller.de")


# Which contact a row is about


@pytest.fixture
def ana_and_bo(db: None) -> tuple[Contact, Contact]:
    return (
        contact_in(None, email="ana@b.co", external_id="A"),
        contact_in(None, email="bo@b.co"),
    )


@pytest.mark.parametrize("key", [None, Key.EMAIL, Key.EXTERNAL_ID])
def test_a_row_that_matches_two_contacts_is_refused_naming_both(
    imported: Import, ana_and_bo: tuple[Contact, Contact], key: Key | None
) -> None:
    ana, bo = ana_and_bo
    result = imported("email,id,first\nBO@b.co,A,Changed\n", mapping=KEYS | {"first": "first_name"}, key=key)
    assert result.counts == (0, 0, 0, 1)
    assert result.refused == {
        2: f"The row matches two contacts: contact {bo.pk} (bo@b.co) by its e-mail, "
        f"contact {ana.pk} (ana@b.co, A) by its external id."
    }
    assert not Contact.objects.filter(first_name="Changed").exists()


ANAS_EMAIL = "The e-mail belongs to contact {ana} (ana@b.co, A), who is not known by this external id."
ANAS_ID = "The external id belongs to contact {ana} (ana@b.co, A), who is not known by this e-mail."
BOS_EMAIL = "The e-mail belongs to contact {bo} (bo@b.co), who is not known by this external id."


@pytest.mark.parametrize(
    ("key", "row", "outcome"),
    [
        (None, "ana@b.co,A", "unchanged"),
        (None, "ana@b.co,", "unchanged"),
        (None, ",A", "unchanged"),
        (None, "bo@b.co,B", "bo@b.co B"),
        (None, "new@b.co,A", "new@b.co A"),
        (None, "ana@b.co,B", ANAS_EMAIL),
        (Key.EMAIL, "ana@b.co,B", "ana@b.co B"),
        (Key.EMAIL, "new@b.co,A", ANAS_ID),
        (Key.EMAIL, "new@b.co,N", "new@b.co N"),
        (Key.EXTERNAL_ID, "new@b.co,A", "new@b.co A"),
        (Key.EXTERNAL_ID, "bo@b.co,B", BOS_EMAIL),
        (Key.EXTERNAL_ID, ",A", "unchanged"),
    ],
)  # fmt: skip
def test_which_contact_a_row_is_about(
    imported: Import, ana_and_bo: tuple[Contact, Contact], key: Key | None, row: str, outcome: str
) -> None:
    ana, bo = ana_and_bo
    before = set(Contact.objects.values_list("email", "external_id"))
    result = imported(f"email,id\n{row}\n", key=key)
    after = set(Contact.objects.values_list("email", "external_id"))
    if " belongs to " in outcome:
        assert result.refused == {2: outcome.format(ana=ana.pk, bo=bo.pk)}
        assert after == before
    elif outcome == "unchanged":
        assert (result.counts, after) == ((0, 0, 1, 0), before)
    else:
        assert after - before == {tuple(outcome.split())}


def test_a_row_that_contradicts_one_before_it_names_its_line(imported: Import) -> None:
    result = imported("email,id\na@b.co,1\nb@b.co,2\na@b.co,2\n")
    assert result.counts == (2, 0, 0, 1)
    assert result.refused == {
        4: "The row matches two contacts: the contact of line 2 (a@b.co, 1) by its e-mail, "
        "the contact of line 3 (b@b.co, 2) by its external id."
    }


# One contact in several rows


def test_a_second_row_works_on_what_the_first_one_left(imported: Import) -> None:
    result = imported(
        "email,id,first,company\na@b.co,1,Ana,\nA@B.CO,,,Stonecroft\n,1,Ana,\n,1,Anna,\n",
        mapping=KEYS | {"first": "first_name", "company": "company"},
    )
    assert result.counts == (1, 2, 1, 0)
    contact = the(external_id="1")
    assert (contact.email, contact.first_name, contact.company) == ("a@b.co", "Anna", "Stonecroft")
    assert len(moves(contact)) == 1


@pytest.mark.parametrize("batch", [1, 2, 4000])
def test_a_file_may_hold_a_contacts_whole_history(
    imported: Import, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(actions, "BATCH", batch)
    known = contact_in(Stage.objects.get(name="Aware"), external_id="2", since=JAN)
    result = imported(
        "id,stage,at\n1,Aware,2024-01-01T12:00Z\n2,Engaged,2024-02-01T12:00Z\n1,Engaged,2024-02-01T12:00Z\n"
        "1,Engaged,2024-02-01T12:00Z\n2,Customer,2024-03-01T12:00Z\n1,Customer,2024-04-01T12:00Z\n"
        "1,Loyal Customer,2024-03-01T12:00Z\n",
        mapping={"id": "external_id"},
        stage_column="stage",
        since_column="at",
    )
    assert result.counts == (1, 4, 1, 1)
    assert result.refused == {
        8: "The date is before the present status began. The date is 2024-03-01 12:00:00 UTC; "
        "the contact is in Customer since 2024-04-01 12:00:00 UTC."
    }
    one = the(external_id="1")
    assert moves(one) == ["outside > Aware", "Aware > Engaged", "Engaged > Customer"]
    assert [change.changed_at for change in StatusChange.objects.filter(contact=one)] == [JAN, FEB, APR]
    assert [change.changed_at for change in StatusChange.objects.filter(contact=known)] == [JAN, FEB, MAR]


@pytest.mark.parametrize("batch", [1, 3, 4000])
def test_keys_may_be_handed_from_one_contact_to_another(
    imported: Import, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(actions, "BATCH", batch)
    one, two = contact_in(None, email="one@b.co", external_id="1"), contact_in(None, email="two@b.co", external_id="2")
    result = imported("email,id\nfree@b.co,1\none@b.co,2\ntwo@b.co,3\nfree@b.co,1\ntwo@b.co,1\n", key=Key.EXTERNAL_ID)
    assert result.counts == (1, 2, 1, 1)
    assert list(result.refused) == [6]
    assert (the(pk=one.pk).email, the(pk=two.pk).email) == ("free@b.co", "one@b.co")
    assert the(external_id="3").email == "two@b.co"


@pytest.mark.parametrize("batch", [1, 4000])
def test_an_account_may_change_back_and_forth(imported: Import, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(actions, "BATCH", batch)
    known = contact_in(Stage.objects.get(name="Aware"), external_id="2", account_state="inactive")
    result = imported(
        "id,state,stage\n1,inactive,Aware\n1,active,Engaged\n1,inactive,\n1,,Customer\n1,inactive,Customer\n"
        "2,active,Engaged\n2,inactive,\n2,active,\n",
        mapping={"id": "external_id", "state": "account_state"},
        stage_column="stage",
        backward=True,
    )
    assert result.counts == (1, 6, 0, 1)
    assert result.refused == {5: "The account is inactive."}
    one = the(external_id="1")
    assert moves(one) == [
        "outside > lost from Aware",
        "lost from Aware > Engaged",
        "Engaged > lost from Engaged",
        "lost from Engaged > lost from Customer",
    ]
    assert moves(known) == ["outside > lost from Aware", "lost from Aware > Engaged", "Engaged > lost from Engaged"]
    assert (one.account_state, the(pk=known.pk).account_state) == ("inactive", "active")


# Where contacts stand


def move(imported: Import, contact: Contact, stage: str, at: str = "", **options: Any) -> Imported:
    return imported(
        f"email,id,first,stage,at\n{contact.email},,Changed,{stage},{at}\n",
        mapping=KEYS | {"first": "first_name"},
        stage_column="stage",
        since_column="at",
        labels=("spring",),
        **options,
    )


def test_a_known_contact_moves_since_the_date(imported: Import, aware: Stage, marketer: TeamMember) -> None:
    contact = contact_in(aware, since=JAN)
    result = move(imported, contact, "customer", "2024-03-01T12:00Z")
    assert result.counts == (0, 1, 0, 0)
    assert moves(contact) == ["outside > Aware", "Aware > Customer"]
    change = last_change(contact)
    assert result.run
    assert Signed.of(change) == Signed("import", by=marketer.pk, run=result.run.pk)
    assert (change.changed_at, status_of(contact).stage_since) == (MAR, MAR)


def test_without_a_date_it_moves_as_of_now(imported: Import, aware: Stage) -> None:
    contact = contact_in(aware, since=JAN)
    before = timezone.now()
    assert move(imported, contact, "Engaged").counts == (0, 1, 0, 0)
    assert before - timedelta(seconds=1) <= last_change(contact).changed_at <= timezone.now() + timedelta(seconds=1)


def refused(imported: Import, contact: Contact, stage: str, at: str = "", **options: Any) -> str:
    """The reason why a row is refused that would change the name, the label and the stage: none of it happens."""
    before = list(Contact.objects.values()), moves(contact), LabelChange.objects.count()
    result = move(imported, contact, stage, at, **options)
    assert result.counts == (0, 0, 0, 1)
    assert (list(Contact.objects.values()), moves(contact), LabelChange.objects.count()) == before
    assert not Label.objects.exists()
    return result.refused[2]


def test_a_move_that_is_refused_refuses_the_whole_row(imported: Import, customer: Stage) -> None:
    contact = contact_in(customer, since=JAN)
    assert refused(imported, contact, "Aware") == "Contact was not able to move into this stage."
    Stage.objects.filter(name="Promoter").update(is_published=False)
    assert refused(imported, contact, "Promoter") == "Stage is missing or unpublished."
    assert refused(imported, contact, "Promoter", backward=True) == "Stage is missing or unpublished."
    Stage.objects.filter(name="Promoter").update(retired_at=timezone.now())
    assert refused(imported, contact, "Promoter") == "stage: There is no stage “Promoter”."
    assert refused(imported, contact, "Loyal Customer", "2199-12-31") == "The date is in the future."
    assert refused(imported, contact, "Loyal Customer", "2023-12-31") == (
        "The date is before the present status began. The date is 2023-12-31 00:00:00 UTC; "
        "the contact is in Customer since 2024-01-01 12:00:00 UTC."
    )


def test_lost_contacts_are_refused(imported: Import, customer: Stage) -> None:
    lost = contact_in(customer, since=JAN, lost=True, lost_at=FEB)
    assert refused(imported, lost, "Customer") == "Contact is lost, and this does not recover lost contacts."
    assert refused(imported, lost, "Promoter", "2024-01-15") == (
        "The date is before the present status began. The date is 2024-01-15 00:00:00 UTC; "
        "the contact is lost from Customer since 2024-02-01 12:00:00 UTC."
    )
    assert refused(imported, contact_in(None, account_state="inactive"), "Aware") == "The account is inactive."


def test_backward_lets_contacts_go_back_and_recovers_them(imported: Import, customer: Stage) -> None:
    one, lost = contact_in(customer), contact_in(customer, lost=True)
    assert move(imported, one, "Aware", backward=True).counts == (0, 1, 0, 0)
    assert move(imported, lost, "Customer", backward=True).counts == (0, 1, 0, 0)
    assert moves(one)[1:] == ["Customer > Aware"]
    assert moves(lost)[1:] == ["Customer > lost from Customer", "lost from Customer > Customer"]
    inactive = contact_in(customer, account_state="inactive")
    assert move(imported, inactive, "Aware", backward=True).refused == {2: "The account is inactive."}


def test_movement_rules_of_the_organisation_hold(imported: Import, customer: Stage) -> None:
    MovementRule.objects.create(cause=Cause.IMPORT, to_lower_weight="flag", onto_lost="allow")
    one, lost = contact_in(customer), contact_in(customer, lost=True)
    assert move(imported, one, "Aware").counts == (0, 1, 0, 0)
    assert last_change(one).review_needed is True
    assert move(imported, lost, "Customer").counts == (0, 1, 0, 0)


def test_a_date_before_the_present_status_can_move_as_of_now(imported: Import, aware: Stage) -> None:
    contact = contact_in(aware, since=MAR)
    assert move(imported, contact, "Customer", "2024-01-01T12:00Z", on_earlier=OnEarlier.NOW).counts == (0, 1, 0, 0)
    change = last_change(contact)
    assert change.stated_at == JAN
    assert change.changed_at > MAR
    again = move(imported, contact, "Customer", "2024-01-01T12:00Z", on_earlier=OnEarlier.NOW)
    assert again.counts == (0, 0, 1, 0)


def test_where_a_contact_is_already_it_stays_unchanged(imported: Import, aware: Stage) -> None:
    contact = contact_in(aware, since=JAN)
    assert imported(f"email,id,at\n{contact.email},,2024-02-01\n", stage="Aware", since_column="at").counts == (
        0,
        0,
        1,
        0,
    )
    assert moves(contact) == ["outside > Aware"]
    Stage.objects.filter(name="Aware").update(is_published=False)
    assert imported(f"email,id\n{contact.email},\n", stage="Aware").counts == (0, 0, 1, 0)


def test_a_contact_without_a_stage_enters_any_open_one(imported: Import) -> None:
    contact = contact_in(None)
    assert move(imported, contact, "Aware").counts == (0, 1, 0, 0)
    assert moves(contact) == ["outside > none", "none > Aware"]


# Account states


def test_an_account_made_inactive_is_lost_by_the_same_person(
    imported: Import, customer: Stage, marketer: TeamMember
) -> None:
    contact = contact_in(customer, since=JAN)
    mapping = KEYS | {"state": "account_state"}
    result = imported(
        f"email,id,state,at\n{contact.email},,inactive,2024-02-01T12:00Z\n", mapping=mapping, since_column="at"
    )
    assert result.counts == (0, 1, 0, 0)
    assert moves(contact) == ["outside > Customer", "Customer > lost from Customer"]
    change = last_change(contact)
    assert result.run
    assert Signed.of(change) == Signed("account_inactive", by=marketer.pk, run=result.run.pk)
    assert (change.changed_at, the(pk=contact.pk).account_state) == (FEB, "inactive")


def test_a_row_may_move_a_contact_and_lose_it(imported: Import, aware: Stage) -> None:
    contact = contact_in(aware, since=JAN)
    result = imported(
        f"email,id,state,stage,at\n{contact.email},,inactive,Engaged,2024-02-01T12:00Z\n",
        mapping=KEYS | {"state": "account_state"},
        stage_column="stage",
        since_column="at",
    )
    assert result.counts == (0, 1, 0, 0)
    assert moves(contact) == ["outside > Aware", "Aware > Engaged", "Engaged > lost from Engaged"]
    assert status_of(contact).lost_at == FEB


def test_an_earlier_date_of_losing_is_kept_beside_it(imported: Import, aware: Stage) -> None:
    contact = contact_in(aware, since=MAR)
    options = {"mapping": KEYS | {"state": "account_state"}, "since_column": "at"}
    content = f"email,id,state,at\n{contact.email},,inactive,2024-01-01T12:00Z\n"
    assert imported(content, **options).counts == (0, 0, 0, 1)
    assert the(pk=contact.pk).account_state == "active"
    assert imported(content, **options, on_earlier=OnEarlier.NOW).counts == (0, 1, 0, 0)
    assert last_change(contact).stated_at == JAN


def test_becoming_active_does_not_recover_unless_the_row_moves(imported: Import, customer: Stage) -> None:
    stays, moved = (contact_in(customer, account_state="inactive") for _ in range(2))
    result = imported(
        f"email,id,state,stage\n{stays.email},,active,\n{moved.email},,active,Promoter\n",
        mapping=KEYS | {"state": "account_state"},
        stage_column="stage",
        backward=True,
    )
    assert result.counts == (0, 2, 0, 0)
    assert (moves(stays), moves(moved)[1:]) == (["outside > lost from Customer"], ["lost from Customer > Promoter"])
    assert set(Contact.objects.values_list("account_state", flat=True)) == {"active"}


def test_a_lost_contact_made_inactive_has_no_new_history(imported: Import, customer: Stage) -> None:
    contact = contact_in(customer, lost=True)
    before = moves(contact)
    result = imported(f"email,id,state\n{contact.email},,inactive\n", mapping=KEYS | {"state": "account_state"})
    assert result.counts == (0, 1, 0, 0)
    assert moves(contact) == before


# Labels


def test_labels_go_on_every_contact_of_the_file_but_the_refused(
    imported: Import, customer: Stage, marketer: TeamMember
) -> None:
    spring = LabelFactory(name="Spring")
    known, refused_one, other = contact_in(customer), contact_in(customer), contact_in(customer)
    result = imported(
        f"email,id,label,stage\n{known.email},,web,\nnew@b.co,,WEB,\n{refused_one.email},,web,Aware\nx@b.co,,,\n",
        labels=("spring",),
        label_column="label",
        stage_column="stage",
    )
    assert result.counts == (2, 1, 0, 1)
    assert labels_of(known) == {"Spring", "web"}
    assert labels_of(the(email="new@b.co")) == {"Spring", "web"}
    assert labels_of(the(email="x@b.co")) == {"Spring"}
    assert labels_of(refused_one) == labels_of(other) == set()
    assert set(Label.objects.values_list("name", "created_by")) == {("Spring", None), ("web", marketer.pk)}
    assert result.run
    assert set(LabelChange.objects.values_list("changed_by", "cause", "run_id", "put_on")) == {
        (marketer.pk, "import", result.run.pk, True)
    }
    assert CarriedLabel.objects.filter(label=spring).count() == 3


def test_a_label_carried_already_is_left_as_it_is(imported: Import) -> None:
    label = LabelFactory(name="Spring")
    contact = contact_in(None)
    CarriedLabel.objects.create(contact=contact, label=label, since=JAN, cause=Cause.MANUAL)
    assert imported(f"email,id\n{contact.email},\n", labels=("SPRING", "spring")).counts == (0, 0, 1, 0)
    assert CarriedLabel.objects.get().since == JAN
    assert Label.objects.count() == 1


def test_a_new_label_is_spelled_as_in_the_first_row_that_is_not_refused(imported: Import) -> None:
    result = imported("email,id,label\nnobody,,WEB\na@b.co,,Web\nb@b.co,,web\n", label_column="label")
    assert result.counts == (2, 0, 0, 1)
    assert list(Label.objects.values_list("name", flat=True)) == ["Web"]


def test_labels_that_only_the_database_takes_for_one_are_one(imported: Import) -> None:
    assert imported("email,id,label\na@b.co,,\u0130\nb@b.co,,i\nb@b.co,,\u0130\n", label_column="label").counts == (
        2,
        1,
        0,
        0,
    )
    assert list(Label.objects.values_list("name", flat=True)) == ["\u0130"]
    assert CarriedLabel.objects.count() == 2


def test_a_label_of_refused_rows_alone_is_not_made(imported: Import) -> None:
    assert imported("email,id,label\nnobody,,web\n", label_column="label").counts == (0, 0, 0, 1)
    assert not Label.objects.exists()


# Files as a whole


def test_ragged_rows_are_refused_and_the_others_are_not(imported: Import) -> None:
    result = imported("email,id\na@b.co\nb@b.co,2\nc@b.co,3,x\n")
    assert result.counts == (1, 0, 0, 2)
    assert result.refused == {
        2: "The row has 1 cell, the header 2 columns.",
        4: "The row has 3 cells, the header 2 columns.",
    }


def test_formulas_and_marks_are_data(imported: Import) -> None:
    imported('email,id,first\na@b.co,1,"=HYPERLINK(""http://x"")"\n', mapping=KEYS | {"first": "first_name"})
    assert the(external_id="1").first_name == '=HYPERLINK("http://x")'


def test_the_number_of_queries_does_not_grow_with_the_rows(tmp_path: Path, marketer: TeamMember, aware: Stage) -> None:
    LabelFactory(name="web")
    options = ImportOptions(mapping=KEYS, stage_column="stage", label_column="label")
    numbers = []
    for rows in (3, 30):
        known = [contact_in(aware, since=JAN) for _ in range(rows)]
        lines = [f"new{rows}x{n}@b.co,{rows}x{n},Aware,web\n" for n in range(rows)]
        lines += [f"{contact.email},,Customer,web\n" for contact in known]
        file = inspect(write(tmp_path, "email,id,stage,label\n" + "".join(lines)))
        with CaptureQueriesContext(connection) as queries:
            run = actions.import_contacts(
                file=file, options=options, by=marketer, refuse=lambda *_: None, progress=lambda _: None
            )
        assert (run.created, run.updated) == (rows, rows)
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


def test_an_import_that_breaks_off_has_done_whole_batches_and_says_so(
    tmp_path: Path, marketer: TeamMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "BATCH", 2)
    path = write(tmp_path, "id\n1\n2\n3\n4\n5\n")
    done: list[int] = []

    def progress(rows: int) -> None:
        done.append(rows)
        if len(done) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        actions.import_contacts(
            file=inspect(path),
            options=ImportOptions(mapping={"id": "external_id"}),
            by=marketer,
            refuse=lambda *_: None,
            progress=progress,
        )
    run = Run.objects.get()
    assert (run.state, run.records, run.created, run.refused) == (Run.State.STOPPED, 4, 4, 0)
    assert run.finished_at is not None
    assert set(Contact.objects.values_list("external_id", flat=True)) == {"1", "2", "3", "4"}


def test_a_check_leaves_no_trace(tmp_path: Path, aware: Stage) -> None:
    contact_in(aware, email="known@b.co", since=JAN)
    path = write(tmp_path, "email,id,stage,label\nknown@b.co,,Engaged,web\nnew@b.co,,Engaged,web\n")

    def everything() -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname, last_value FROM pg_sequences JOIN pg_class ON relname = sequencename ORDER BY 1"
            )
            sequences = cursor.fetchall()
            cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()")
            temporary = cursor.fetchall()
        models = (Contact, Label, CarriedLabel, LabelChange, StatusChange, Run)
        return [sequences, temporary, *(list(model.objects.values()) for model in models)]

    before = everything()
    counts = actions.check_import(
        file=inspect(path),
        options=ImportOptions(mapping=KEYS, stage_column="stage", label_column="label"),
        refuse=lambda *_: None,
        progress=lambda _: None,
    )
    assert str(counts) == "2 rows: 1 created, 1 updated, 0 unchanged, 0 refused"
    assert str(Counts(refused=1)) == "1 row: 0 created, 0 updated, 0 unchanged, 1 refused"
    assert everything() == before


# Choices that narrow it


def test_a_column_may_fill_only_what_is_empty(imported: Import) -> None:
    Attribute.objects.create(name="Plan", key="plan")
    Attribute.objects.create(name="Seats", key="seats", type="number")
    contact_in(None, external_id="1", email="old@b.co", company="Old", attributes={"seats": 0})
    result = imported(
        "id,email,company,phone,state,plan,seats\n1,new@b.co,New,123,inactive,Pro,5\n",
        mapping=KEYS | {name: name for name in ("company", "phone", "plan", "seats")} | {"state": "account_state"},
        only_where_empty=("email", "company", "phone", "state", "plan", "seats"),
        key=Key.EXTERNAL_ID,
    )
    after = the(external_id="1")
    assert result.counts == (0, 1, 0, 0)
    assert (after.email, after.company, after.phone, after.account_state) == ("old@b.co", "Old", "123", "active")
    assert after.attributes == {"plan": "Pro", "seats": 0}
    assert len(moves(after)) == 1


@pytest.mark.parametrize(
    ("does", "counts", "reason"),
    [
        (Does.CREATE, (1, 0, 0, 1), {2: "This is contact {pk} (a@b.co, 1) already, and this import changes nobody."}),
        (Does.UPDATE, (0, 1, 0, 1), {3: "Nobody in the book is known by this, and this import adds nobody."}),
    ],
)
def test_it_may_only_add_or_only_change(imported: Import, does: Does, counts: tuple, reason: dict[int, str]) -> None:
    known = contact_in(None, email="a@b.co", external_id="1", first_name="Old")
    result = imported("email,id,first\na@b.co,1,Ana\nb@b.co,2,Bo\n", mapping=KEYS | {"first": "first_name"}, does=does)
    assert (result.counts, result.refused) == (
        counts,
        {line: words.format(pk=known.pk) for line, words in reason.items()},
    )
    assert the(pk=known.pk).first_name == ("Ana" if does is Does.UPDATE else "Old")


def test_labels_may_be_for_new_contacts_alone(imported: Import) -> None:
    contact_in(None, email="a@b.co", external_id="1")
    result = imported(
        "email,id,label\na@b.co,1,web\nb@b.co,2,web\n", label_column="label", labels=("x",), labels_for=Whom.NEW
    )
    assert result.counts == (1, 0, 1, 0)
    assert (labels_of(the(external_id="1")), labels_of(the(external_id="2"))) == (set(), {"web", "x"})


@pytest.mark.parametrize(
    ("stage_for", "known", "new"),
    [(Whom.NONE, "Engaged", "Aware"), (Whom.NEW, "Engaged", "Customer"), (Whom.ALL, "Customer", "Customer")],
)
def test_who_moves(imported: Import, stage_for: Whom, known: str, new: str) -> None:
    contact_in(Stage.objects.get(name="Engaged"), email="a@b.co", external_id="1")
    imported("email,id\na@b.co,1\nb@b.co,2\n", stage="Customer", stage_for=stage_for)
    assert [str(status_of(the(external_id=key)).stage) for key in ("1", "2")] == [known, new]


def test_names_of_stages_mean_what_somebody_said(imported: Import, customer: Stage) -> None:
    result = imported(
        "email,id,stage\na@b.co,1,GOLD\nb@b.co,2,silver\nc@b.co,3,bronze\nd@b.co,4,Aware\n",
        stage_column="stage",
        stage_names={"gold": customer.pk, "Silver": None, "aware": customer.pk},
    )
    assert (result.counts, result.refused) == ((3, 0, 0, 1), {4: "stage: There is no stage “bronze”."})
    assert [str(status_of(the(external_id=key)).stage) for key in ("1", "2", "4")] == ["Customer", "Aware", "Aware"]


def test_dates_in_another_order(imported: Import) -> None:
    Attribute.objects.create(name="Until", key="until", type="date")
    imported(
        "id,at,until,open\n1,3/4/2024 7:30 PM,31.12.2025,2024/05/06\n",
        mapping={"id": "external_id", "until": "until", "open": "last_open_at"},
        stage="Aware",
        since_column="at",
        date_formats={"at": DateFormat.MONTH_FIRST, "until": DateFormat.DAY_FIRST, "open": DateFormat.YEAR_FIRST},
    )
    contact = the(external_id="1")
    assert status_of(contact).since == datetime(2024, 3, 4, 19, 30, tzinfo=UTC)
    assert (contact.attributes, contact.last_open_at) == ({"until": "2025-12-31"}, datetime(2024, 5, 6, tzinfo=UTC))


def test_options_are_kept_and_read_as_they_were() -> None:
    options = ImportOptions(
        mapping={"a": "email"},
        only_where_empty=("a",),
        date_formats={"a": DateFormat.DAY_FIRST},
        does=Does.CREATE,
        key=Key.EMAIL,
        labels=("x",),
        labels_for=Whom.NEW,
        makes_labels=False,
        stage_for=Whom.NEW,
        stage_names={"gold": 1, "silver": None},
        on_earlier=OnEarlier.NOW,
        backward=True,
    )
    assert ImportOptions.read(json.loads(json.dumps(options.as_json()))) == options
    assert options.in_words("a.csv") == "Import a.csv, only new contacts, label x on new ones"
