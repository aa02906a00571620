"""Runs, from preview to undo: what is confirmed is what runs, and what it did can be put back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from config.team.models import TeamMember
from config.team.roles import Role
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact, Label, LabelChange
from journeys.book import actions as book
from journeys.book.queries import ContactQuery
from journeys.rules.models import LabelRule
from journeys.runs import actions, selections
from journeys.runs.fates import BACK, DONE, ENTERS, FORWARD, LOSES, RECOVERS, UNCHANGED
from journeys.runs.models import Run, RunOutcome, RunPreview, RunSlice
from journeys.runs.operations import Act, Operation, Selection, needed_role
from journeys.runs.queries import runs_without_progress
from journeys.status import actions as status
from journeys.status.models import LostReason, StatusChange
from journeys.status.transitions import Refusal
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.heart import Signed, assert_explained, last_change, status_of

MAY = datetime(2024, 5, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def label(db: None) -> Label:
    return LabelFactory(name="purchased-q2")


def to(stage: Stage, **choices: Any) -> Operation:
    return Operation(Act.CHANGE_STATUS, Cause.LABEL_RULE, stage=stage.pk, **choices)


def carrying(label: Label) -> Selection:
    return Selection(query=ContactQuery(labels=(label.pk,)))


def put_on(label: Label, *contacts: Contact) -> None:
    put_on_label(contacts=[contact.pk for contact in contacts], label=label, by=None, cause=Cause.MANUAL)


def fates(preview: RunPreview) -> dict[tuple[int | None, bool, str], int]:
    return {(fate["stage"], fate["lost"], fate["outcome"]): fate["count"] for fate in preview.fates}


def done(preview: RunPreview, by: TeamMember) -> Run:
    """The run that a preview becomes, done to its end."""
    run = actions.start_run(preview=preview, by=by)
    assert actions.work_on_run(run=run.pk, seconds=60) is False
    run.refresh_from_db()
    return run


def outcomes(run: Run) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for outcome in RunOutcome.objects.filter(run=run):
        found.setdefault(outcome.code, []).extend(outcome.contacts)
    return found


def pks(*contacts: Contact) -> list[int]:
    return [contact.pk for contact in contacts]


# Preview


def test_a_preview_counts_what_would_become_of_everybody_who_carries_a_label(
    label: Label, aware: Stage, customer: Stage, promoter: Stage, marketer: TeamMember
) -> None:
    put_on(
        label,
        *(contact_in(aware) for _ in range(3)),
        contact_in(promoter),
        contact_in(customer),
        contact_in(customer, lost=True),
        contact_in(None),
        contact_in(aware, account_state="inactive"),
    )
    contact_in(aware)  # without the label
    preview = actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer)
    assert fates(preview) == {
        (aware.pk, False, FORWARD): 3,
        (promoter.pk, False, BACK): 1,
        (customer.pk, False, UNCHANGED): 1,
        (customer.pk, True, RECOVERS): 1,
        (None, False, ENTERS): 1,
        (aware.pk, True, Refusal.ACCOUNT_INACTIVE): 1,
    }
    assert preview.records == 8


def test_choices_only_narrow_it(label: Label, aware: Stage, customer: Stage, promoter: Stage, marketer) -> None:
    put_on(label, contact_in(promoter), contact_in(aware, lost=True), contact_in(aware))
    narrowed = to(customer, only_forward=True, leave_lost=True)
    preview = actions.make_preview(operation=narrowed, selection=carrying(label), by=marketer)
    assert fates(preview) == {
        (promoter.pk, False, Refusal.WOULD_GO_BACK): 1,
        (aware.pk, True, Refusal.LEFT_LOST): 1,
        (aware.pk, False, FORWARD): 1,
    }


def test_a_preview_says_who_was_set_by_hand_lately(label: Label, aware: Stage, customer: Stage, marketer) -> None:
    now = timezone.now()
    put_on(
        label,
        contact_in(aware, since=now - timedelta(days=29), by=marketer),
        contact_in(aware, since=now - timedelta(days=31), by=marketer),
        contact_in(aware, since=now - timedelta(days=2), cause=Cause.API),
    )
    preview = actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer)
    assert [(fate["count"], fate["by_hand"]) for fate in preview.fates] == [(3, 1)]


def test_a_preview_writes_nothing_but_itself(label: Label, aware: Stage, customer: Stage, marketer) -> None:
    put_on(label, contact_in(aware))
    before = StatusChange.objects.count()
    preview = actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer)
    assert (StatusChange.objects.count(), Run.objects.count()) == (before, 0)
    assert RunPreview.objects.get() == preview


def test_a_preview_is_forgotten_after_a_day(label: Label, customer: Stage, marketer: TeamMember) -> None:
    old, young = (actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer) for _ in "12")
    RunPreview.objects.filter(pk=old.pk).update(made_at=timezone.now() - timedelta(hours=25))
    RunPreview.objects.filter(pk=young.pk).update(made_at=timezone.now() - timedelta(hours=23))
    actions.forget_previews(by=None)
    assert RunPreview.objects.get() == young


# What is confirmed is what runs


def test_everybody_who_carried_the_label_flips(
    label: Label, aware: Stage, customer: Stage, promoter: Stage, marketer: TeamMember
) -> None:
    forward, back, there = contact_in(aware, since=MAY), contact_in(promoter, since=MAY), contact_in(customer)
    lost, inactive = contact_in(aware, lost=True), contact_in(aware, account_state="inactive")
    put_on(label, forward, back, there, lost, inactive)
    bystander = contact_in(aware)
    preview = actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer, note="Q2 is over")
    rule = LabelRule.objects.create(label=label, stage=customer, created_by=marketer)
    run = actions.start_run(preview=preview, by=marketer, rule=rule)
    assert actions.work_on_run(run=run.pk, seconds=60) is False
    run.refresh_from_db()
    assert (run.kind, run.state, run.words, run.note, run.stage, run.rule) == (
        *("label_rule", "finished", "label purchased-q2 → Customer", "Q2 is over"),
        *(customer, rule),
    )
    assert (run.records, run.updated, run.unchanged, run.refused, run.forward, run.back) == (5, 3, 1, 1, 2, 1)
    for contact in (forward, back, lost):
        assert Signed.of(last_change(contact)) == Signed("label_rule", by=marketer.pk, run=run.pk)
        assert (status_of(contact).stage, status_of(contact).is_lost) == (customer, False)
    assert StatusChange.objects.filter(run=run).count() == run.updated
    assert outcomes(run) == {"unchanged": [there.pk], "account_inactive": [inactive.pk]}
    assert status_of(bystander).stage == aware
    assert_explained()


def test_who_gains_the_label_later_does_not_flip(label: Label, aware: Stage, customer: Stage, marketer) -> None:
    early, late = contact_in(aware), contact_in(aware)
    put_on(label, early)
    preview = actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer)
    put_on(label, late)
    run = done(preview, marketer)
    assert (run.records, run.updated) == (1, 1)
    assert (status_of(early).stage, status_of(late).stage) == (customer, aware)


def test_who_was_changed_meanwhile_is_refused(label, aware, engaged, customer, marketer, operator) -> None:
    moved, still = contact_in(aware), contact_in(aware)
    put_on(label, moved, still)
    preview = actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer)
    status.change_status(contacts=[moved.pk], to=engaged, cause=Cause.MANUAL, by=operator)
    run = done(preview, marketer)
    assert (run.updated, run.refused) == (1, 1)
    assert outcomes(run) == {"changed_meanwhile": [moved.pk]}
    assert (status_of(moved).stage, status_of(still).stage) == (engaged, customer)


def test_a_label_taken_off_meanwhile_changes_nothing(label, aware, customer, marketer) -> None:
    contact = contact_in(aware)
    put_on(label, contact)
    preview = actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer)
    CarriedLabel.objects.all().delete()
    assert done(preview, marketer).updated == 1


def test_a_preview_is_confirmed_once(label, aware, customer, marketer) -> None:
    put_on(label, contact_in(aware))
    preview = actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer)
    run = actions.start_run(preview=preview, by=marketer)
    with pytest.raises(actions.AlreadyStarted) as again:
        actions.start_run(preview=preview, by=marketer)
    assert (again.value.run, Run.objects.count()) == (run, 1)


def test_a_stage_closed_since_the_preview_shows_the_new_one(label, aware, customer, marketer) -> None:
    put_on(label, contact_in(aware), contact_in(customer))
    preview = actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer)
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    with pytest.raises(actions.NumbersChanged) as other:
        actions.start_run(preview=preview, by=marketer)
    assert fates(other.value.preview) == {
        (aware.pk, False, Refusal.CLOSED_STAGE): 1,
        (customer.pk, False, UNCHANGED): 1,
    }
    assert (Run.objects.count(), RunSlice.objects.count()) == (0, 0)


def test_a_stage_closed_during_the_run_refuses_the_rest(label, aware, customer, marketer, monkeypatch) -> None:
    monkeypatch.setattr(selections, "SLICE", 1)
    first, second = contact_in(aware), contact_in(aware)
    put_on(label, first, second)
    preview = actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer)
    run = actions.start_run(preview=preview, by=marketer)
    assert actions._do_next_slice(run.pk) is True
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    assert actions.work_on_run(run=run.pk, seconds=60) is False
    run.refresh_from_db()
    assert (run.state, run.updated, run.refused) == ("finished", 1, 1)
    assert outcomes(run) == {"closed_stage": [second.pk]}
    assert (status_of(first).stage, status_of(second).stage) == (customer, aware)


def test_a_starter_deactivated_during_the_run_moves_nobody_any_more(label, aware, customer, marketer) -> None:
    contact = contact_in(aware)
    put_on(label, contact)
    preview = actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer)
    run = actions.start_run(preview=preview, by=marketer)
    TeamMember.objects.filter(pk=marketer.pk).update(is_active=False)
    actions.work_on_run(run=run.pk, seconds=60)
    assert outcomes(run) == {"starter_left": [contact.pk]}
    assert status_of(contact).stage == aware


# Large selections are frozen at the click


@pytest.fixture
def small_freezer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selections, "FROZEN_AT_MOST", 2)
    monkeypatch.setattr(selections, "SLICE", 2)


def test_a_large_selection_is_frozen_at_the_click(small_freezer, label, aware, customer, marketer) -> None:
    people = [contact_in(aware) for _ in range(5)]
    put_on(label, *people)
    preview = actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer)
    assert (preview.contacts, preview.records) == (None, 5)
    run = actions.start_run(preview=preview, by=marketer)
    parts = RunSlice.objects.filter(run=run)
    assert [part.contacts for part in parts] == [pks(*people[:2]), pks(*people[2:4]), pks(people[4])]
    assert [part.signatures for part in parts] == [[1, 1], [1, 1], [1]]
    assert run.slices == 3
    actions.work_on_run(run=run.pk, seconds=60)
    run.refresh_from_db()
    assert (run.updated, run.cursor, run.state) == (5, 3, "finished")


def test_numbers_that_differ_at_the_click_show_the_new_preview(small_freezer, label, aware, customer, marketer) -> None:
    put_on(label, *(contact_in(aware) for _ in range(3)))
    preview = actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer, note="Why")
    put_on(label, contact_in(aware))
    with pytest.raises(actions.NumbersChanged) as other:
        actions.start_run(preview=preview, by=marketer)
    shown_now = other.value.preview
    assert (shown_now.records, shown_now.note, fates(shown_now)) == (4, "Why", {(aware.pk, False, FORWARD): 4})
    assert (Run.objects.count(), RunSlice.objects.count()) == (0, 0)
    assert done(shown_now, marketer).updated == 4


# Doing it


def test_only_a_large_run_is_queued(label, aware, customer, marketer, monkeypatch) -> None:
    put_on(label, contact_in(aware), contact_in(aware))
    for limit, jobs in ((2, 0), (1, 1)):
        monkeypatch.setattr(actions, "SMALL", limit)
        preview = actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer)
        run = actions.start_run(preview=preview, by=marketer)
        queued = ProcrastinateJob.objects.filter(task_name=actions.WORK)
        assert queued.count() == jobs
    assert queued.get().args == {"run": run.pk}
    actions.queue_run(run=run.pk, by=None)
    assert queued.count() == 1


def test_runs_that_stand_still_are_found(label, aware, customer, marketer) -> None:
    put_on(label, contact_in(aware))
    preview = actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer)
    run = actions.start_run(preview=preview, by=marketer)
    assert runs_without_progress() == []
    Run.objects.update(progressed_at=timezone.now() - timedelta(seconds=9))
    assert runs_without_progress() == [run.pk]
    Run.objects.update(progressed_at=timezone.now() + timedelta(hours=2))  # the clock was set back
    assert runs_without_progress() == [run.pk]
    actions.work_on_run(run=run.pk, seconds=60)
    Run.objects.update(progressed_at=timezone.now() - timedelta(seconds=9))
    assert runs_without_progress() == []


def test_an_empty_selection_is_finished_at_once(label, customer, marketer) -> None:
    preview = actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer)
    run = actions.start_run(preview=preview, by=marketer)
    assert (run.state, run.records, run.slices) == ("finished", 0, 0)


# Cancelling


def test_a_cancelled_run_leaves_the_rest(label, aware, customer, marketer, administrator, monkeypatch) -> None:
    monkeypatch.setattr(selections, "SLICE", 2)
    people = [contact_in(aware) for _ in range(5)]
    put_on(label, *people)
    preview = actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer)
    run = actions.start_run(preview=preview, by=marketer)
    actions._do_next_slice(run.pk)
    assert actions.cancel_run(run=run, by=administrator) == 3
    assert actions.work_on_run(run=run.pk, seconds=60) is False
    run.refresh_from_db()
    assert (run.state, run.cancelled_by, run.updated, run.refused, run.records) == ("cancelled", administrator, 2, 3, 5)
    assert outcomes(run) == {"run_cancelled": pks(*people[2:])}
    assert [status_of(person).stage for person in people] == [customer, customer, aware, aware, aware]
    with pytest.raises(actions.RunHasEnded):
        actions.cancel_run(run=run, by=administrator)


# The other things that can be done to many


def test_lost_and_recovered(aware: Stage, customer: Stage, marketer: TeamMember) -> None:
    people = [contact_in(aware), contact_in(customer)]
    reason = LostReason.objects.get(name="No answer")
    lose = Operation(Act.MARK_LOST, Cause.BULK, reason=reason.pk)
    chosen = Selection(contacts=tuple(pks(*people)))
    preview = actions.make_preview(operation=lose, selection=chosen, by=marketer)
    assert fates(preview) == {(aware.pk, False, LOSES): 1, (customer.pk, False, LOSES): 1}
    run = done(preview, marketer)
    assert (run.kind, run.words, run.updated) == ("bulk", "2 contacts lost: No answer", 2)
    assert {(status_of(person).is_lost, status_of(person).lost_reason) for person in people} == {(True, reason)}
    recover = Operation(Act.RECOVER, Cause.BULK)
    back = actions.make_preview(operation=recover, selection=chosen, by=marketer)
    assert fates(back) == {(aware.pk, True, RECOVERS): 1, (customer.pk, True, RECOVERS): 1}
    assert done(back, marketer).words == "2 contacts recovered"
    assert [status_of(person).is_lost for person in people] == [False, False]


def test_a_required_reason_is_required_of_many_too(aware, marketer) -> None:
    from journeys.rules.actions import require_lost_reason

    require_lost_reason(required=True, by=marketer)
    contact = contact_in(aware)
    lose = Operation(Act.MARK_LOST, Cause.BULK)
    run = done(actions.make_preview(operation=lose, selection=Selection(contacts=(contact.pk,)), by=marketer), marketer)
    assert outcomes(run) == {"reason_required": [contact.pk]}
    assert not status_of(contact).is_lost


def test_the_default_is_given_to_those_without_a_status(aware, customer, marketer) -> None:
    without, lost_without, with_one = contact_in(None), contact_in(None, lost=True), contact_in(customer)
    give = Operation(Act.GIVE_DEFAULT, Cause.DEFAULT, stage=aware.pk)
    preview = actions.make_preview(operation=give, selection=Selection(without_stage=True), by=marketer)
    assert fates(preview) == {(None, False, ENTERS): 1, (None, True, ENTERS): 1}
    run = done(preview, marketer)
    assert (run.kind, run.words, run.updated) == ("default", "2 contacts without a status → Aware", 2)
    assert (status_of(without).stage, status_of(without).is_lost) == (aware, False)
    assert (status_of(lost_without).stage, status_of(lost_without).is_lost) == (aware, True)
    assert status_of(with_one).stage == customer


def test_a_label_is_put_on_and_taken_off(label: Label, aware: Stage, marketer: TeamMember) -> None:
    new, carrier = contact_in(aware), contact_in(aware)
    put_on(label, carrier)
    chosen = Selection(contacts=tuple(pks(new, carrier)))
    put = Operation(Act.PUT_ON_LABEL, Cause.BULK, label=label.pk)
    preview = actions.make_preview(operation=put, selection=chosen, by=marketer)
    assert fates(preview) == {(aware.pk, False, DONE): 1, (aware.pk, False, UNCHANGED): 1}
    run = done(preview, marketer)
    assert (run.words, outcomes(run)) == (
        "label purchased-q2 put on 2 contacts",
        {"changed": [new.pk], "unchanged": [carrier.pk]},
    )
    carried = CarriedLabel.objects.get(contact=new)
    assert (carried.by, carried.cause, carried.run_id) == (marketer, "bulk", run.pk)
    off = Operation(Act.TAKE_OFF_LABEL, Cause.BULK, label=label.pk)
    taken = done(actions.make_preview(operation=off, selection=chosen, by=marketer), marketer)
    assert (taken.words, outcomes(taken)) == (
        "label purchased-q2 taken off 2 contacts",
        {"changed": pks(new, carrier)},
    )
    assert not CarriedLabel.objects.exists()


def test_a_label_deleted_meanwhile_is_said(label: Label, aware: Stage, marketer: TeamMember) -> None:
    contact = contact_in(aware)
    put = Operation(Act.PUT_ON_LABEL, Cause.BULK, label=label.pk)
    preview = actions.make_preview(operation=put, selection=Selection(contacts=(contact.pk,)), by=marketer)
    label.delete()
    assert outcomes(done(preview, marketer)) == {"label_deleted": [contact.pk]}


def test_inactive_accounts_are_lost_and_active_ones_stay_lost(aware: Stage, marketer: TeamMember) -> None:
    active, inactive = contact_in(aware), contact_in(aware, account_state="inactive")
    chosen = Selection(contacts=tuple(pks(active, inactive)))
    off = Operation(Act.DEACTIVATE, Cause.BULK)
    preview = actions.make_preview(operation=off, selection=chosen, by=marketer)
    assert fates(preview) == {(aware.pk, False, DONE): 1, (aware.pk, True, UNCHANGED): 1}
    run = done(preview, marketer)
    assert outcomes(run) == {"changed": [active.pk], "unchanged": [inactive.pk]}
    assert Signed.of(last_change(active)) == Signed("account_inactive", by=marketer.pk, run=run.pk)
    on = done(
        actions.make_preview(operation=Operation(Act.ACTIVATE, Cause.BULK), selection=chosen, by=marketer), marketer
    )
    assert outcomes(on) == {"changed": pks(active, inactive)}
    assert set(Contact.objects.values_list("account_state", flat=True)) == {"active"}
    assert [status_of(person).is_lost for person in (active, inactive)] == [True, True]


def test_an_erased_contact_is_not_in_the_book(label, aware, customer, marketer, administrator) -> None:
    gone, here = contact_in(aware), contact_in(aware)
    chosen = Selection(contacts=tuple(pks(gone, here)))
    operations = [to(customer), Operation(Act.PUT_ON_LABEL, Cause.BULK, label=label.pk)]
    previews = [actions.make_preview(operation=one, selection=chosen, by=marketer) for one in operations]
    book.erase_contacts(contacts=[gone.pk], by=administrator)
    for preview in previews:
        run = done(preview, marketer)
        assert (run.updated, run.refused, outcomes(run)["not_in_the_book"]) == (1, 1, [gone.pk])


# Undo


def undone(run: Run, by: TeamMember, **choices: Any) -> Run:
    return done(actions.preview_undo(run=run, by=by, **choices), by)


def test_an_undo_puts_back_what_the_run_was_the_last_to_set(
    label, aware, engaged, customer, promoter, marketer, operator
) -> None:
    reason = LostReason.objects.get(name="Other")
    plain, lost, moved = contact_in(aware, since=MAY), contact_in(promoter, lost=True, reason=reason), contact_in(aware)
    put_on(label, plain, lost, moved)
    run = done(actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer), marketer)
    status.change_status(contacts=[moved.pk], to=engaged, cause=Cause.MANUAL, by=operator)
    preview = actions.preview_undo(run=run, by=marketer)
    assert [(fate["outcome"], fate["since"], fate["count"]) for fate in preview.fates] == [
        ("moved_since", "manual", 1),
        ("done", "", 2),
    ]
    undo = done(preview, marketer)
    assert (undo.kind, undo.words, undo.undoes) == ("undo", f"undo of run {run.pk}: {run.words}", run)
    assert (undo.updated, undo.refused, outcomes(undo)) == (2, 1, {"moved_since": [moved.pk]})
    assert (status_of(plain).stage, status_of(plain).stage_since) == (aware, MAY)
    assert (status_of(lost).stage, status_of(lost).is_lost, status_of(lost).lost_reason) == (promoter, True, reason)
    assert status_of(moved).stage == engaged
    assert_explained()


def test_those_moved_since_are_put_back_too_if_asked(label, aware, engaged, customer, marketer, operator) -> None:
    moved, still = contact_in(aware), contact_in(aware)
    put_on(label, moved, still)
    run = done(actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer), marketer)
    status.change_status(contacts=[moved.pk], to=engaged, cause=Cause.MANUAL, by=operator)
    undo = undone(run, marketer, also_moved_since=True)
    assert (undo.updated, undo.refused) == (2, 0)
    assert [status_of(person).stage for person in (moved, still)] == [aware, aware]
    assert (last_change(moved).undoes_id, last_change(moved).cause, last_change(moved).run_id) == (
        None,
        "undo",
        undo.pk,
    )
    again = undone(undo, marketer)
    assert again.updated == 2
    assert [status_of(person).stage for person in (moved, still)] == [engaged, customer]


def test_an_undo_is_undone_and_that_too(label, aware, customer, marketer) -> None:
    contact = contact_in(aware)
    put_on(label, contact)
    run = done(actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer), marketer)
    for stage in (aware, customer, aware):
        run = undone(run, marketer)
        assert (run.updated, status_of(contact).stage) == (1, stage)


def test_a_run_undone_twice_does_nothing_the_second_time(label, aware, customer, marketer) -> None:
    contact = contact_in(aware)
    put_on(label, contact)
    run = done(actions.make_preview(operation=to(customer), selection=carrying(label), by=marketer), marketer)
    undone(run, marketer)
    second = undone(run, marketer)
    assert (second.updated, second.refused, status_of(contact).stage) == (0, 1, aware)


def test_labels_are_put_back_where_they_are_still_those_of_the_run(label, aware, marketer, operator) -> None:
    new, carrier, again = contact_in(aware), contact_in(aware), contact_in(aware)
    put_on(label, carrier)
    chosen = Selection(contacts=tuple(pks(new, carrier, again)))
    put = Operation(Act.PUT_ON_LABEL, Cause.BULK, label=label.pk)
    run = done(actions.make_preview(operation=put, selection=chosen, by=marketer), marketer)
    CarriedLabel.objects.filter(contact=again).delete()
    put_on(label, again)  # by somebody else, since
    undo = undone(run, marketer)
    assert outcomes(undo) == {"changed": [new.pk], "changed_since": [again.pk]}
    assert set(CarriedLabel.objects.values_list("contact_id", flat=True)) == {carrier.pk, again.pk}
    change = LabelChange.objects.filter(contact_id=new.pk).latest("id")
    assert (change.put_on, change.cause, change.run_id) == (False, "undo", undo.pk)
    redone = undone(undo, marketer)
    assert outcomes(redone) == {"changed": [new.pk]}
    assert set(CarriedLabel.objects.values_list("contact_id", flat=True)) == {new.pk, carrier.pk, again.pk}


def test_undoing_a_bulk_deactivation_recovers_those_it_made_lost(aware, marketer) -> None:
    made_lost, lost_before, active_again = contact_in(aware), contact_in(aware, lost=True), contact_in(aware)
    chosen = Selection(contacts=tuple(pks(made_lost, lost_before, active_again)))
    off = Operation(Act.DEACTIVATE, Cause.BULK)
    run = done(actions.make_preview(operation=off, selection=chosen, by=marketer), marketer)
    book.activate_accounts(contacts=[active_again.pk], by=marketer)
    undo = undone(run, marketer)
    assert outcomes(undo) == {"changed": pks(made_lost, lost_before), "changed_since": [active_again.pk]}
    assert [status_of(one).is_lost for one in (made_lost, lost_before, active_again)] == [False, True, True]
    assert set(Contact.objects.values_list("account_state", flat=True)) == {"active"}
    redone = undone(undo, marketer)
    assert outcomes(redone) == {"changed": pks(made_lost, lost_before)}
    assert [status_of(one).is_lost for one in (made_lost, lost_before, active_again)] == [True, True, True]
    states = dict(Contact.objects.values_list("pk", "account_state"))
    assert states == {made_lost.pk: "inactive", lost_before.pk: "inactive", active_again.pk: "active"}
    assert_explained()


# Who may


@pytest.mark.parametrize(
    ("act", "contacts", "role"),
    [
        (Act.MARK_LOST, 500, Role.OPERATOR),
        (Act.RECOVER, 500, Role.OPERATOR),
        (Act.MARK_LOST, 501, Role.MARKETER),
        (Act.CHANGE_STATUS, 1, Role.MARKETER),
        (Act.PUT_ON_LABEL, 1, Role.MARKETER),
        (Act.DEACTIVATE, 1, Role.MARKETER),
    ],
)
def test_operators_may_lose_and_recover_up_to_500(act: Act, contacts: int, role: Role) -> None:
    assert needed_role(Operation(act, Cause.BULK), contacts) is role
