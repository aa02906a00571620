"""Runs, workers and people at the same contacts at the same time, on real connections."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from config.team.models import TeamMember
from config.team.roles import Role
from contacts.causes import Cause
from contacts.models import Contact
from journeys.runs import actions, patience, selections
from journeys.runs.models import Run, RunOutcome, RunPreview, RunSlice
from journeys.runs.operations import Act, Operation, Selection
from journeys.status import actions as status
from journeys.status.models import FunnelStatus, StatusChange
from journeys.status.requests import Outcome
from journeys.status.transitions import Refusal
from stages.models import Stage
from tests.elsewhere import at_once, elsewhere
from tests.factories import TeamMemberFactory
from tests.heart import Signed, assert_explained, last_change, moves, run_sql, status_of

pytestmark = pytest.mark.django_db(transaction=True)

WITHIN = 60
"""So many seconds are allowed for whatever takes well under one."""


@pytest.fixture
def stages(transactional_db: None) -> dict[str, Stage]:
    return {stage.name: stage for stage in Stage.objects.all()}


@pytest.fixture
def max_(transactional_db: None) -> TeamMember:
    return TeamMemberFactory(name="Max", role=Role.MARKETER)


@pytest.fixture
def olga(transactional_db: None) -> TeamMember:
    return TeamMemberFactory(name="Olga", role=Role.OPERATOR)


@pytest.fixture
def crowd(stages: dict[str, Stage], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Two thousand contacts in Aware, and runs that take a hundred of them in a slice."""
    monkeypatch.setattr(selections, "SLICE", 100)
    run_sql("INSERT INTO contacts_contact (external_id) SELECT 'C-' || number FROM generate_series(1, 2000) number")
    return list(Contact.objects.order_by("pk").values_list("pk", flat=True))


def preview_of(contacts: list[int], to: Stage, by: TeamMember) -> RunPreview:
    operation = Operation(Act.CHANGE_STATUS, Cause.LABEL_RULE, stage=to.pk)
    return actions.make_preview(operation=operation, selection=Selection(contacts=tuple(contacts)), by=by)


def started(contacts: list[int], to: Stage, by: TeamMember) -> Run:
    return actions.start_run(preview=preview_of(contacts, to, by), by=by)


def work(run: Run) -> bool:
    return actions.work_on_run(run=run.pk, seconds=WITHIN)


def work_to_the_end(run: Run) -> None:
    """As workers do in turns: go on with it for a moment, until there is nothing left."""
    until = time.monotonic() + WITHIN
    while Run.objects.filter(pk=run.pk, state=Run.State.RUNNING).exists():
        actions.work_on_run(run=run.pk, seconds=0.05)
        assert time.monotonic() < until


def changed_by(run: Run) -> list[int]:
    """The contact of each row of history that the run wrote."""
    return sorted(StatusChange.objects.filter(run=run).values_list("contact_id", flat=True))


def outcomes(run: Run) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for outcome in RunOutcome.objects.filter(run=run):
        found.setdefault(outcome.code, []).extend(outcome.contacts)
    return {code: sorted(contacts) for code, contacts in found.items()}


def counts(run: Run) -> tuple[str, int, int, int]:
    run.refresh_from_db()
    return run.state, run.updated, run.unchanged, run.refused


class Held:
    """A slice that has changed its contacts and is kept from committing, until it is let go."""

    def __init__(self) -> None:
        self.has_changed = threading.Event()
        self.goes_on = threading.Event()

    def wait(self) -> None:
        assert self.has_changed.wait(WITHIN)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """The first slice to come is held."""
    first, write = Held(), actions._write_outcome

    def hold_and_write(*arguments: Any) -> None:
        if not first.has_changed.is_set():
            first.has_changed.set()
            assert first.goes_on.wait(WITHIN)
        write(*arguments)

    monkeypatch.setattr(actions, "_write_outcome", hold_and_write)
    yield first
    first.goes_on.set()


@contextmanager
def contact_held(contact: int) -> Iterator[None]:
    """Somebody else has locked the status of a contact."""
    with elsewhere() as there:
        there.begin()
        there.do(run_sql, "SELECT 1 FROM journeys_funnelstatus WHERE contact_id = %s FOR UPDATE", contact).result()
        try:
            yield
        finally:
            there.commit()


# Two runs


def test_two_runs_over_some_of_the_same_contacts(
    crowd: list[int], stages: dict[str, Stage], max_: TeamMember, olga: TeamMember
) -> None:
    first = set(Random(1).sample(crowd, 1400))
    second = set(Random(2).sample(crowd, 1400))
    to_customer = started(list(first), stages["Customer"], max_)
    to_promoter = started(list(second), stages["Promoter"], max_)
    at_once(partial(work_to_the_end, to_customer), partial(work_to_the_end, to_promoter))

    by_first, by_second = changed_by(to_customer), changed_by(to_promoter)
    assert len(by_first) + len(by_second) == len({*by_first, *by_second}) == len(first | second)
    assert outcomes(to_customer) == refused_as(Refusal.CHANGED_MEANWHILE, first - {*by_first})
    assert outcomes(to_promoter) == refused_as(Refusal.CHANGED_MEANWHILE, second - {*by_second})
    assert counts(to_customer) == ("finished", len(by_first), 0, 1400 - len(by_first))
    assert counts(to_promoter) == ("finished", len(by_second), 0, 1400 - len(by_second))
    assert in_stage(stages["Customer"]) == by_first
    assert in_stage(stages["Promoter"]) == by_second
    assert_explained()


def refused_as(refusal: Refusal, contacts: set[int]) -> dict[str, list[int]]:
    return {str(refusal): sorted(contacts)} if contacts else {}


def in_stage(stage: Stage) -> list[int]:
    return list(FunnelStatus.objects.filter(stage=stage).order_by("pk").values_list("pk", flat=True))


def test_a_run_and_the_undo_of_another_over_the_same_contacts(
    crowd: list[int], stages: dict[str, Stage], max_: TeamMember
) -> None:
    run = started(crowd, stages["Customer"], max_)
    assert work(run) is False
    onward = started(crowd, stages["Promoter"], max_)
    undo = actions.start_run(preview=actions.preview_undo(run=run, by=max_), by=max_)
    at_once(partial(work_to_the_end, onward), partial(work_to_the_end, undo))

    by_onward, by_undo = changed_by(onward), changed_by(undo)
    assert sorted([*by_onward, *by_undo]) == crowd
    assert outcomes(onward) == refused_as(Refusal.CHANGED_MEANWHILE, set(by_undo))
    assert outcomes(undo) == refused_as(Refusal.MOVED_SINCE, set(by_onward))
    assert (in_stage(stages["Promoter"]), in_stage(stages["Aware"])) == (by_onward, by_undo)
    assert_explained()


# Two workers


def test_three_workers_at_one_run_change_nobody_twice(
    crowd: list[int], stages: dict[str, Stage], max_: TeamMember
) -> None:
    run = started(crowd, stages["Customer"], max_)
    at_once(*[partial(work_to_the_end, run)] * 3)
    assert counts(run) == ("finished", 2000, 0, 0)
    assert (run.cursor, run.forward, run.back) == (20, 2000, 0)
    assert changed_by(run) == crowd
    assert_explained()


def test_a_second_worker_leaves_a_slice_under_way_alone_and_does_the_others(
    crowd: list[int], stages: dict[str, Stage], max_: TeamMember, held: Held
) -> None:
    run = started(crowd, stages["Customer"], max_)
    with elsewhere() as first:
        working = first.do(work, run)
        held.wait()
        assert work(run) is False
        assert counts(run) == ("running", 1900, 0, 0)
        assert changed_by(run) == crowd[100:]
        held.goes_on.set()
        assert working.result() is False
    assert counts(run) == ("finished", 2000, 0, 0)
    assert changed_by(run) == crowd
    assert_explained()


def test_a_worker_does_slices_side_by_side(
    crowd: list[int], stages: dict[str, Stage], max_: TeamMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, do_slice = threading.Barrier(2), actions.do_slice

    def meet_and_do(run: Run, operation: Operation, part: RunSlice) -> Outcome:
        both.wait(WITHIN)
        return do_slice(run, operation, part)

    monkeypatch.setattr(actions, "do_slice", meet_and_do)
    run = started(crowd, stages["Customer"], max_)
    assert actions.work_on_run(run=run.pk, seconds=WITHIN, lanes=2) is False
    assert counts(run) == ("finished", 2000, 0, 0)
    assert (run.cursor, run.forward, run.back) == (20, 2000, 0)
    assert changed_by(run) == crowd
    assert_explained()


def test_what_goes_wrong_in_one_lane_is_tried_again(
    crowd: list[int], stages: dict[str, Stage], max_: TeamMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    do_slice, failed = actions.do_slice, threading.Event()

    def fail_once(run: Run, operation: Operation, part: RunSlice) -> Outcome:
        if part.number == 3 and not failed.is_set():
            failed.set()
            raise ZeroDivisionError
        return do_slice(run, operation, part)

    monkeypatch.setattr(actions, "do_slice", fail_once)
    run = started(crowd, stages["Customer"], max_)
    actions.work_on_run(run=run.pk, seconds=WITHIN, lanes=2)
    assert failed.is_set()
    Run.objects.update(next_try_at=None)
    work(run)
    assert counts(run) == ("finished", 2000, 0, 0)
    assert changed_by(run) == crowd


def test_a_frozen_worker_is_cut_off_and_another_goes_on(
    crowd: list[int], stages: dict[str, Stage], max_: TeamMember, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "LONGEST_PAUSE", "200ms")
    run = started(crowd, stages["Customer"], max_)
    with elsewhere() as frozen:
        working = frozen.do(work, run)
        held.wait()
        wait_until(lambda: not is_connected(frozen.pid))
        work_to_the_end(run)
        assert changed_by(run) == crowd
        held.goes_on.set()
        assert working.result() is False
    assert counts(run) == ("finished", 2000, 0, 0)
    assert changed_by(run) == crowd
    assert_explained()


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def is_connected(pid: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [pid])
        return cursor.fetchone()[0] == 1


def test_who_is_frozen_while_queueing_a_run_is_cut_off_too(
    crowd: list[int], stages: dict[str, Stage], max_: TeamMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "LONGEST_PAUSE", "200ms")
    run = started(crowd, stages["Customer"], max_)
    with elsewhere() as frozen, elsewhere() as rescuing:
        frozen.begin()
        frozen.do(actions.queue_run, run=run.pk, by=None).result()
        queued = rescuing.do(actions.queue_run, run=run.pk, by=None)
        queued.result(WITHIN)
        assert not is_connected(frozen.pid)
    assert ProcrastinateJob.objects.filter(task_name=actions.WORK).get().args == {"run": run.pk}


# Cancelling


def test_a_slice_that_waits_is_not_done_once_the_run_is_cancelled(
    crowd: list[int], stages: dict[str, Stage], max_: TeamMember
) -> None:
    run = started(crowd, stages["Customer"], max_)
    with elsewhere() as worker:
        with contact_held(crowd[50]):
            working = worker.do(work, run)
            assert worker.has_to_wait()
            assert seconds_to_cancel(run, max_) < 2
        assert working.result() is False
    assert_nothing_was_done(run, crowd)


def test_a_slice_that_is_done_but_for_its_commit_is_taken_back_once_the_run_is_cancelled(
    crowd: list[int], stages: dict[str, Stage], max_: TeamMember, held: Held
) -> None:
    run = started(crowd, stages["Customer"], max_)
    with elsewhere() as worker:
        working = worker.do(work, run)
        held.wait()
        assert seconds_to_cancel(run, max_) < 2
        held.goes_on.set()
        assert working.result() is False
    assert_nothing_was_done(run, crowd)


def seconds_to_cancel(run: Run, by: TeamMember) -> float:
    began = time.monotonic()
    assert actions.cancel_run(run=run, by=by) == 2000
    return time.monotonic() - began


def assert_nothing_was_done(run: Run, crowd: list[int]) -> None:
    assert counts(run) == ("cancelled", 0, 0, 2000)
    assert outcomes(run) == {"run_cancelled": crowd}
    assert changed_by(run) == []
    assert set(FunnelStatus.objects.values_list("stage__name", flat=True)) == {"Aware"}
    assert_explained()


def test_of_two_who_cancel_one_does(crowd: list[int], stages: dict[str, Stage], max_: TeamMember) -> None:
    run = started(crowd, stages["Customer"], max_)
    cancel = or_error(partial(actions.cancel_run, run=run, by=max_), actions.RunHasEnded)
    left, error = sorted(at_once(cancel, cancel), key=lambda result: isinstance(result, Exception))
    assert (left, type(error)) == (2000, actions.RunHasEnded)
    assert_nothing_was_done(run, crowd)


def or_error(action: Callable[[], Any], error: type[Exception]) -> Callable[[], Any]:
    def result() -> Any:
        try:
            return action()
        except error as raised:
            return raised

    return result


# People at the contacts of a slice


def test_who_moves_a_contact_of_a_slice_under_way_waits_for_it(
    crowd: list[int], stages: dict[str, Stage], max_: TeamMember, olga: TeamMember, held: Held
) -> None:
    run = started(crowd, stages["Customer"], max_)
    contact = crowd[50]
    with elsewhere() as worker, elsewhere() as operator:
        working = worker.do(work, run)
        held.wait()
        moved = operator.do(by_hand, contact, stages["Promoter"], olga)
        assert operator.has_to_wait()
        held.goes_on.set()
        assert moved.result().changed == [contact]
        assert working.result() is False
    assert counts(run) == ("finished", 2000, 0, 0)
    assert moves(contact) == ["outside > Aware", "Aware > Customer", "Customer > Promoter"]
    assert Signed.of(last_change(contact)) == Signed("manual", by=olga.pk)
    assert_explained()


def test_a_slice_leaves_whom_an_operator_is_moving(
    crowd: list[int], stages: dict[str, Stage], max_: TeamMember, olga: TeamMember
) -> None:
    run = started(crowd, stages["Customer"], max_)
    contact = crowd[50]
    with elsewhere() as worker, elsewhere() as operator:
        operator.begin()
        operator.do(by_hand, contact, stages["Promoter"], olga).result()
        working = worker.do(work, run)
        assert worker.has_to_wait()
        operator.commit()
        assert working.result() is False
    assert counts(run) == ("finished", 1999, 0, 1)
    assert outcomes(run) == {"changed_meanwhile": [contact]}
    assert moves(contact) == ["outside > Aware", "Aware > Promoter"]
    assert status_of(contact).stage == stages["Promoter"]
    assert_explained()


def by_hand(contact: int, to: Stage, by: TeamMember) -> status.Outcome:
    return status.change_status(contacts=[contact], to=to, cause=Cause.MANUAL, by=by)


def test_a_slice_waits_for_a_lock_again_and_again(
    crowd: list[int], stages: dict[str, Stage], max_: TeamMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "WAIT_FOR_LOCKS", "20ms")
    pauses: list[float] = []
    monkeypatch.setattr(actions.time, "sleep", pauses.append)
    run = started(crowd, stages["Customer"], max_)
    with contact_held(crowd[50]):
        assert work(run) is False
    assert len(pauses) == actions.ATTEMPTS - 1
    assert counts(run) == ("running", 0, 0, 0)
    run.refresh_from_db()
    assert (run.tries, run.problem) == (1, "Somebody else held its next contacts for too long.")
    Run.objects.filter(pk=run.pk).update(next_try_at=timezone.now())
    assert work(run) is False
    assert counts(run) == ("finished", 2000, 0, 0)


# Two clicks


def test_two_clicks_at_once_start_one_run(
    crowd: list[int], stages: dict[str, Stage], max_: TeamMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "SMALL", 1000)
    preview = preview_of(crowd, stages["Customer"], max_)
    click = or_error(partial(actions.start_run, preview=preview, by=max_), actions.AlreadyStarted)
    run, error = sorted(at_once(click, click), key=lambda result: isinstance(result, Exception))
    assert isinstance(error, actions.AlreadyStarted)
    assert error.run == run == Run.objects.get()
    assert RunSlice.objects.count() == 20
    assert ProcrastinateJob.objects.filter(task_name=actions.WORK).get().args == {"run": run.pk}
    assert work(run) is False
    assert changed_by(run) == crowd
