"""Putting labels on contacts and taking them off, and what is written down about it."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, transaction

from config.team.models import TeamMember
from contacts.actions import new_contact_ids, put_on_label, take_off_label
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact, Label, LabelChange
from tests.factories import ContactFactory, LabelFactory
from tests.heart import database_clock, rows_of_history, run_sql

pytestmark = pytest.mark.django_db

MAY = datetime(2024, 5, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def people(db: None) -> list[int]:
    return [ContactFactory().pk for _ in range(3)]


@pytest.fixture
def label(db: None) -> Label:
    return LabelFactory(name="purchased-q2")


def changes() -> list[tuple]:
    """What was written down: contact, put on, by, cause, run."""
    return list(LabelChange.objects.values_list("contact_id", "put_on", "changed_by_id", "cause", "run_id"))


def carried() -> list[tuple]:
    rows = CarriedLabel.objects.order_by("contact_id", "label_id")
    return list(rows.values_list("contact_id", "label_id", "by_id", "cause", "run_id"))


def test_putting_on_a_label(people: list[int], label: Label, marketer: TeamMember) -> None:
    before, history = database_clock(), rows_of_history()
    assert put_on_label(contacts=people[:2], label=label, by=marketer, cause=Cause.BULK, run_id=7) == 2
    assert carried() == [(contact, label.pk, marketer.pk, "bulk", 7) for contact in people[:2]]
    assert changes() == [(contact, True, marketer.pk, "bulk", 7) for contact in people[:2]]
    since = set(CarriedLabel.objects.values_list("since", flat=True))
    assert since == set(LabelChange.objects.values_list("changed_at", flat=True))
    assert min(since) > before
    assert rows_of_history() == history


def test_who_carries_it_already_stays_as_it_is(people: list[int], label: Label, marketer: TeamMember) -> None:
    put_on_label(contacts=people[:1], label=label, by=marketer, cause=Cause.MANUAL)
    before = carried()
    asked = [people[1], people[0], people[1], 10**9]
    assert put_on_label(contacts=asked, label=label, by=None, cause=Cause.API) == 1
    assert carried() == [*before, (people[1], label.pk, None, "api", None)]
    assert changes()[1:] == [(people[1], True, None, "api", None)]


def test_a_label_carried_since_a_date(people: list[int], label: Label) -> None:
    before = database_clock()
    put_on_label(contacts=people, label=label, by=None, cause=Cause.IMPORT, dates={people[0]: MAY})
    since = dict(CarriedLabel.objects.values_list("contact_id", "since"))
    assert since[people[0]] == MAY
    assert since[people[1]] > before
    assert dict(LabelChange.objects.values_list("contact_id", "changed_at")) == since


def test_taking_off_a_label(people: list[int], label: Label, marketer: TeamMember, operator: TeamMember) -> None:
    other = LabelFactory()
    for each in (label, other):
        put_on_label(contacts=people, label=each, by=marketer, cause=Cause.BULK)
    off = take_off_label(contacts=[people[2], people[0], 10**9], label=label, by=operator, cause=Cause.MANUAL, run_id=9)
    assert off == 2
    assert [row[:2] for row in carried()] == [
        (people[0], other.pk),
        (people[1], label.pk),
        (people[1], other.pk),
        (people[2], other.pk),
    ]
    assert changes()[6:] == [(contact, False, operator.pk, "manual", 9) for contact in (people[0], people[2])]
    assert take_off_label(contacts=people[:1], label=label, by=operator, cause=Cause.MANUAL) == 0
    assert len(changes()) == 8


def test_a_label_taken_off_by_sql_blames_nobody(people: list[int], label: Label, marketer: TeamMember) -> None:
    put_on_label(contacts=people, label=label, by=marketer, cause=Cause.BULK, run_id=7)
    run_sql("DELETE FROM contacts_carriedlabel WHERE contact_id = %s", people[0])
    Contact.objects.filter(pk=people[1]).delete()
    run_sql("DELETE FROM contacts_contact WHERE id = %s", people[2])
    assert changes()[3:] == [(contact, False, None, "data_fix", None) for contact in people]


def test_a_label_put_on_by_sql_is_written_down(people: list[int], label: Label) -> None:
    run_sql("INSERT INTO contacts_carriedlabel (contact_id, label_id) VALUES (%s, %s)", people[0], label.pk)
    assert changes() == [(people[0], True, None, "data_fix", None)]
    assert CarriedLabel.objects.get().since == LabelChange.objects.get().changed_at


def test_a_carried_label_does_not_become_another(people: list[int], label: Label) -> None:
    put_on_label(contacts=people[:1], label=label, by=None, cause=Cause.MANUAL)
    other = LabelFactory()
    for assignment, value in (("label_id", other.pk), ("contact_id", people[1])):
        with pytest.raises(DatabaseError, match="take it off and put another on"), transaction.atomic():
            run_sql(f"UPDATE contacts_carriedlabel SET {assignment} = %s", value)
    assert [row[:2] for row in carried()] == [(people[0], label.pk)]
    assert len(changes()) == 1


def test_without_its_history_no_label_stays(people: list[int], label: Label) -> None:
    put_on_label(contacts=people[:1], label=label, by=None, cause=Cause.MANUAL)
    run_sql("ALTER TABLE contacts_labelchange ADD CONSTRAINT full_disk CHECK (cause <> 'bulk') NOT VALID")
    before = carried()
    with pytest.raises(DatabaseError, match="full_disk"), transaction.atomic():
        put_on_label(contacts=people, label=label, by=None, cause=Cause.BULK)
    with pytest.raises(DatabaseError, match="full_disk"):
        take_off_label(contacts=people, label=label, by=None, cause=Cause.BULK)
    assert (carried(), len(changes())) == (before, 1)
    assert not CarriedLabel.objects.get().taken_off


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_does_not_grow(django_assert_num_queries, label: Label, count: int) -> None:
    people = [ContactFactory().pk for _ in range(count)]
    with django_assert_num_queries(1):
        put_on_label(contacts=people, label=label, by=None, cause=Cause.BULK)
    with django_assert_num_queries(4):  # savepoint twice, signed, taken off
        take_off_label(contacts=people, label=label, by=None, cause=Cause.BULK)


def test_ids_of_contacts_to_come_are_nobodys(people: list[int]) -> None:
    ids = new_contact_ids(3)
    assert len(set(ids)) == 3
    assert set(ids).isdisjoint([*people, ContactFactory().pk])
    assert new_contact_ids(0) == []
