"""Retiring and merging stages: closed at once, everybody moved by a run, and whatever uses them follows or is told."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Contact
from journeys.book.actions import add_contact, erase_contacts
from journeys.book.queries import ContactQuery
from journeys.retiring.actions import BeingEmptied, merge_stages, retire_stage, retire_stages
from journeys.rules.actions import keep_label_rule
from journeys.rules.models import FunnelSettings, LabelRule
from journeys.runs import actions, selections
from journeys.runs.models import Run, RunOutcome, RunSlice
from journeys.runs.operations import Act, Operation, Selection
from journeys.status import actions as status
from journeys.status.actions import MoveRefused
from journeys.status.models import LostReason, StatusChange
from journeys.uses.queries import uses_of_stages
from stages.models import Stage
from stages.queries import open_stages
from tests.factories import ContactFactory, LabelFactory, contact_in
from tests.heart import Signed, assert_explained, last_change, moves, run_sql, status_of

MAY = datetime(2024, 5, 2, 9, 30, tzinfo=UTC)


def work(run: Run) -> Run:
    """The run, done to its end."""
    assert actions.work_on_run(run=run.pk, seconds=60) is False
    run.refresh_from_db()
    return run


def outcomes(run: Run) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for outcome in RunOutcome.objects.filter(run=run):
        found.setdefault(outcome.code, []).extend(outcome.contacts)
    return found


@pytest.fixture
def bounced(db: None) -> LostReason:
    return LostReason.objects.get(name="Bounced")


# Retiring


def test_many_at_once_are_retired_with_a_run_for_each_that_anybody_is_in(
    aware: Stage, engaged: Stage, loyal: Stage, promoter: Stage, marketer: TeamMember
) -> None:
    here, lost = contact_in(aware), contact_in(loyal, lost=True)
    runs = [work(run) for run in retire_stages(stages=[aware, engaged, loyal], by=marketer)]
    assert [(run.kind, run.operation["leaves"], run.updated) for run in runs] == [
        ("retire", aware.pk, 1),
        ("retire", loyal.pk, 1),
    ]
    assert (moves(here)[-1], moves(lost)[-1]) == ("Aware > none", "lost from Loyal Customer > lost from none")
    assert {str(stage) for stage in Stage.objects.in_use()} == {"Customer", "Promoter"}
    assert FunnelSettings.objects.get().default_stage is None
    assert retire_stages(stages=[aware, engaged], by=marketer) == []
    assert_explained()


def test_everybody_in_it_is_moved_and_lost_ones_stay_lost(
    customer: Stage, loyal: Stage, marketer: TeamMember, bounced: LostReason
) -> None:
    here = contact_in(loyal, since=MAY)
    lost = contact_in(loyal, since=MAY, lost=True, reason=bounced)
    inactive = contact_in(loyal, since=MAY, account_state="inactive")
    elsewhere = contact_in(customer, since=MAY)

    run = work(retire_stage(stage=loyal, to=customer, by=marketer, note="Too few"))

    assert (run.kind, run.state, run.words, run.note) == (
        *("retire", "finished", "Loyal Customer retired: 3 contacts → Customer", "Too few"),
    )
    assert (run.records, run.updated, run.unchanged, run.refused, run.forward, run.back) == (3, 3, 0, 0, 0, 3)
    assert run.started_by == marketer
    assert moves(here)[-1] == "Loyal Customer > Customer"
    for contact in (lost, inactive):
        assert moves(contact)[-1] == "lost from Loyal Customer > lost from Customer"
    assert status_of(lost).lost_reason == bounced
    for contact in (here, lost, inactive):
        assert Signed.of(last_change(contact)) == Signed("stage_retired", by=marketer.pk, run=run.pk)
    assert len(moves(elsewhere)) == 1
    assert outcomes(run) == {}
    assert_explained()


def test_they_can_be_left_in_no_stage(loyal: Stage, marketer: TeamMember) -> None:
    here, lost = contact_in(loyal), contact_in(loyal, lost=True)
    run = work(retire_stage(stage=loyal, to=None, by=marketer))
    assert run.words == "Loyal Customer retired: 2 contacts → no stage"
    assert (moves(here)[-1], moves(lost)[-1]) == ("Loyal Customer > none", "lost from Loyal Customer > lost from none")
    assert_explained()


def test_the_stage_is_gone_at_once_and_history_goes_on_naming_it(loyal, customer, marketer: TeamMember) -> None:
    contact = contact_in(loyal)
    changes = StatusChange.objects.count()

    retire_stage(stage=loyal, to=customer, by=marketer)

    stored = Stage.objects.get(pk=loyal.pk)
    assert stored.retired_at is not None
    assert (stored.name, stored.modified_by) == ("Loyal Customer", marketer)
    assert stored not in open_stages(timezone.now())
    assert StatusChange.objects.count() == changes  # the run has not begun
    assert status_of(contact).stage == loyal


def test_nobody_comes_into_it_any_more_by_whatever_door(loyal: Stage, customer, marketer, administrator) -> None:
    FunnelSettings.objects.update(default_stage=loyal)
    here, lost, there = contact_in(loyal), contact_in(loyal, lost=True), contact_in(customer)
    run = retire_stage(stage=loyal, to=customer, by=marketer)

    for by, cause in ((marketer, Cause.MANUAL), (administrator, Cause.MANUAL), (marketer, Cause.STAGE_MERGED)):
        moved = status.change_status(contacts=[there.pk], to=loyal, cause=cause, by=by)
        assert moved.refusal == "retired_stage"
    assert status.recover(contacts=[lost.pk], cause=Cause.MANUAL, by=marketer).refusal == "retired_stage"
    with pytest.raises(MoveRefused), transaction.atomic():
        add_contact(fields={"email": "a@example.com"}, stage=loyal, by=marketer, cause=Cause.MANUAL)
    with pytest.raises(DatabaseError, match="in use"), transaction.atomic():
        run_sql("UPDATE journeys_funnelstatus SET stage_id = %s WHERE contact_id = %s", loyal.pk, there.pk)
    assert status_of(ContactFactory()).stage is None

    work(run)
    assert (status_of(here).stage, status_of(lost).stage, status_of(there).stage) == (customer, customer, customer)


def test_a_stage_that_nobody_is_in_ends_with_an_empty_run(loyal: Stage, customer: Stage, marketer: TeamMember) -> None:
    run = retire_stage(stage=loyal, to=customer, by=marketer)
    assert (run.state, run.records, run.slices) == ("finished", 0, 0)
    assert run.finished_at is not None


def test_who_left_it_meanwhile_is_not_followed(loyal, customer, aware, marketer, operator: TeamMember) -> None:
    left, erased, lost, here = (contact_in(loyal) for _ in range(4))
    run = retire_stage(stage=loyal, to=customer, by=marketer)
    status.change_status(contacts=[left.pk], to=aware, cause=Cause.MANUAL, by=operator)
    status.mark_lost(contacts=[lost.pk], reason=None, cause=Cause.MANUAL, by=operator)
    erase_contacts(contacts=[erased.pk], by=operator)

    work(run)

    assert outcomes(run) == {"moved_since": [left.pk], "not_in_the_book": [erased.pk]}
    assert (run.records, run.updated, run.refused) == (4, 2, 2)
    assert (status_of(left).stage, status_of(here).stage) == (aware, customer)
    assert moves(lost)[-1] == "lost from Loyal Customer > lost from Customer"
    assert_explained()


def test_neither_weight_nor_a_closed_stage_nor_one_direction_only_refuses(loyal, aware, marketer) -> None:
    contact = contact_in(loyal)
    run = retire_stage(stage=loyal, to=aware, by=marketer)
    Stage.objects.filter(pk=aware.pk).update(is_published=False)
    assert work(run).updated == 1
    assert status_of(contact).stage == aware


def test_the_stage_they_go_to_has_to_be_in_use(loyal: Stage, customer: Stage, marketer: TeamMember) -> None:
    Stage.objects.filter(pk=customer.pk).update(retired_at=timezone.now())
    with pytest.raises(Stage.DoesNotExist):
        retire_stage(stage=loyal, to=customer, by=marketer)
    assert Stage.objects.get(pk=loyal.pk).retired_at is None
    assert not Run.objects.exists()


def test_if_that_stage_is_retired_meanwhile_the_rest_stays_is_said_and_can_be_moved_on(
    loyal: Stage, customer: Stage, aware: Stage, marketer: TeamMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selections, "SLICE", 1)
    first, second = contact_in(loyal), contact_in(loyal, lost=True)
    run = retire_stage(stage=loyal, to=customer, by=marketer)
    assert actions._do_next_slice(run.pk) is True
    onward = retire_stage(stage=customer, to=aware, by=marketer)

    work(run)
    assert (run.state, run.updated, run.refused) == ("finished", 1, 1)
    assert outcomes(run) == {"retired_stage": [second.pk]}
    work(onward)
    assert (status_of(first).stage, status_of(second).stage) == (aware, loyal)

    emptied = work(retire_stage(stage=loyal, to=aware, by=marketer))
    assert (emptied.records, emptied.updated) == (1, 1)
    assert (status_of(second).stage, status_of(second).is_lost) == (aware, True)
    assert_explained()


def test_a_stage_that_is_being_emptied_is_not_emptied_twice(loyal, customer, aware, marketer) -> None:
    contact_in(loyal)
    run = retire_stage(stage=loyal, to=customer, by=marketer)
    with pytest.raises(BeingEmptied) as already:
        retire_stage(stage=loyal, to=aware, by=marketer)
    assert already.value.run == run
    assert Run.objects.get() == run


def test_a_run_into_a_stage_that_is_retired_meanwhile_ends_with_refusals(
    loyal: Stage, aware: Stage, marketer: TeamMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selections, "SLICE", 1)
    first, second = contact_in(aware), contact_in(aware)
    move = Operation(Act.CHANGE_STATUS, Cause.BULK, stage=loyal.pk)
    chosen = Selection(contacts=(first.pk, second.pk))
    bulk = actions.start_run(preview=actions.make_preview(operation=move, selection=chosen, by=marketer), by=marketer)
    assert actions._do_next_slice(bulk.pk) is True
    end = retire_stage(stage=loyal, to=None, by=marketer)

    work(bulk)
    work(end)

    assert (bulk.state, bulk.updated, bulk.refused) == ("finished", 1, 1)
    assert outcomes(bulk) == {"retired_stage": [second.pk]}
    assert (end.records, end.updated) == (1, 1)
    assert (status_of(first).stage, status_of(second).stage) == (None, aware)
    assert_explained()


def test_a_large_one_is_queued_in_slices(loyal, customer, marketer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "SMALL", 2)
    monkeypatch.setattr(selections, "SLICE", 2)
    people = [contact_in(loyal, lost=number % 2 == 0) for number in range(5)]
    run = retire_stage(stage=loyal, to=customer, by=marketer)
    assert ProcrastinateJob.objects.get(task_name=actions.WORK).args == {"run": run.pk}
    parts = RunSlice.objects.filter(run=run)
    assert [(part.contacts, part.signatures) for part in parts] == [
        ([people[0].pk, people[1].pk], None),
        ([people[2].pk, people[3].pk], None),
        ([people[4].pk], None),
    ]
    assert work(run).updated == 5


def test_who_retires_it_has_no_default(loyal: Stage) -> None:
    with pytest.raises(TypeError):
        retire_stage(stage=loyal, to=None)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        merge_stages(stage=loyal, into=loyal)  # type: ignore[call-arg]


# What uses it


def test_the_default_becomes_what_was_said(loyal, customer, engaged, marketer: TeamMember) -> None:
    FunnelSettings.objects.update(default_stage=loyal)
    retire_stage(stage=loyal, to=customer, by=marketer, default=engaged)
    assert FunnelSettings.objects.get().default_stage == engaged
    retire_stage(stage=customer, to=None, by=marketer, default=None)
    assert FunnelSettings.objects.get().default_stage == engaged  # it was not the default
    retire_stage(stage=engaged, to=None, by=marketer)
    assert FunnelSettings.objects.get().default_stage is None


def test_label_rules_of_a_retired_stage_are_kept_and_move_nobody(loyal, customer, aware, marketer) -> None:
    label = LabelFactory()
    rule = LabelRule.objects.create(label=label, stage=loyal, created_by=marketer)
    contact = contact_in(aware)
    run_sql("INSERT INTO contacts_carriedlabel (contact_id, label_id, since, cause) VALUES (%s, %s, now(), 'manual')",
            contact.pk, label.pk)  # fmt: skip
    retire_stage(stage=loyal, to=customer, by=marketer)
    assert LabelRule.objects.get() == rule
    again = actions.make_preview(
        operation=Operation(Act.CHANGE_STATUS, Cause.LABEL_RULE, stage=loyal.pk),
        selection=Selection(query=ContactQuery(labels=(label.pk,))),
        by=marketer,
    )
    assert [fate["outcome"] for fate in again.fates] == ["retired_stage"]


# Merging


def test_on_a_merge_whatever_uses_the_stage_follows(loyal, customer, aware, marketer: TeamMember) -> None:
    FunnelSettings.objects.update(default_stage=loyal)
    bought, paid = LabelFactory(name="bought"), LabelFactory(name="paid")
    choices = {"only_forward": False, "leave_lost": False, "note": "", "by": marketer}
    follows = keep_label_rule(label=bought, stage=loyal, **choices)
    twin = keep_label_rule(label=paid, stage=loyal, **choices)
    kept = keep_label_rule(label=paid, stage=customer, **choices)
    other = keep_label_rule(label=paid, stage=aware, **choices)
    ran = Run.objects.create(kind="label_rule", words="label paid → Loyal Customer", rule=twin, state="finished")
    here, lost = contact_in(loyal), contact_in(loyal, lost=True)

    run = work(merge_stages(stage=loyal, into=customer, by=marketer, note="One is enough"))

    assert (run.kind, run.words) == ("merge", "Loyal Customer merged: 2 contacts → Customer")
    assert FunnelSettings.objects.get().default_stage == customer
    assert set(LabelRule.objects.values_list("pk", "stage")) == {
        (follows.pk, customer.pk),
        (kept.pk, customer.pk),
        (other.pk, aware.pk),
    }
    ran.refresh_from_db()
    assert ran.rule == kept
    assert uses_of_stages().get(loyal.pk) is None
    assert [str(use) for use in uses_of_stages()[customer.pk]] == [
        "Default status",
        "Label rule bought",
        "Label rule paid",
    ]
    assert moves(here)[-1] == "Loyal Customer > Customer"
    assert moves(lost)[-1] == "lost from Loyal Customer > lost from Customer"
    assert Signed.of(last_change(here)) == Signed("stage_merged", by=marketer.pk, run=run.pk)
    assert status_of(ContactFactory()).stage == customer
    assert_explained()


def test_a_merge_into_a_retired_stage_leaves_everything_as_it_was(loyal, customer, marketer: TeamMember) -> None:
    FunnelSettings.objects.update(default_stage=loyal)
    Stage.objects.filter(pk=customer.pk).update(retired_at=timezone.now())
    contact: Contact = contact_in(loyal)
    with pytest.raises(Stage.DoesNotExist):
        merge_stages(stage=loyal, into=customer, by=marketer)
    assert Stage.objects.get(pk=loyal.pk).retired_at is None
    assert FunnelSettings.objects.get().default_stage == loyal
    assert status_of(contact).stage == loyal
    assert not Run.objects.exists()
