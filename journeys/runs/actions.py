"""Previewing, starting, doing, cancelling and undoing runs.

What a person confirms is what runs: the contacts are frozen with the signatures of their statuses, and whoever was
changed meanwhile is refused. A run is done slice by slice, each in a transaction that holds the slice locked and says
that it is done; whoever works on the run at the same time takes another slice, and whoever was killed or frozen did
nothing.
"""

import logging
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.conf import settings
from django.db import InternalError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from config.database import refuse_if_disk_is_nearly_full
from config.team.mail.actions import mail_end_of_run
from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.rules.models import LabelRule
from journeys.runs import failures, selections
from journeys.runs.fates import Fate
from journeys.runs.models import Run, RunOutcome, RunPreview, RunSlice
from journeys.runs.operations import OF_STATUSES, Act, Operation, Selection
from journeys.runs.patience import ATTEMPTS, limit_time, may_pass
from journeys.runs.queries import ended_runs_to_mail, operation_in_words
from journeys.runs.slices import do_slice
from journeys.status.requests import Outcome
from journeys.status.transitions import Refusal

logger = logging.getLogger(__name__)

SMALL = 10_000
"""A run over so many contacts at most is done by whoever starts it; a larger one is left to a worker."""

PREVIEWS_ARE_KEPT = timedelta(days=1)
WORK = "journeys.runs.tasks.work_on_run"
LANES = min(2, len(os.sched_getaffinity(0)))
"""So many slices of one run does a worker at a time: with two, one is computed while the other is written."""
WORTH_A_MAIL = timedelta(minutes=1)
"""Whoever starts a shorter run sees its end on its page."""
ENDS_ARE_MAILED_WITHIN = timedelta(hours=1)

_LEFT = """
    WITH refused AS (
        INSERT INTO journeys_runoutcome (run_id, slice, code, contacts)
        SELECT run_id, number, %s, contacts FROM journeys_runslice WHERE run_id = %s AND NOT done ORDER BY number
        RETURNING cardinality(contacts) AS count
    )
    SELECT coalesce(sum(count), 0) FROM refused
"""

_KINDS = {
    Act.GIVE_DEFAULT: Run.Kind.DEFAULT,
    Act.PUT_BACK: Run.Kind.UNDO,
    Act.ERASE: Run.Kind.ERASE,
}


class NumbersChanged(Exception):
    """The book changed since the preview, so that the run would do something else; `preview` says what."""

    def __init__(self, preview: RunPreview) -> None:
        super().__init__("The numbers changed since you looked.")
        self.preview = preview


class RunHasEnded(Exception):
    """There is nothing left to cancel."""


class RunCannotGoOn(Exception):
    """It did not stop before its end, or goes on already."""


class AlreadyStarted(Exception):
    """The preview was confirmed before; `run` is what it became."""

    def __init__(self, run: Run) -> None:
        super().__init__("This was started already.")
        self.run = run


def make_preview(
    *, operation: Operation, selection: Selection, by: TeamMember, note: str = "", not_found: Sequence[str] = ()
) -> RunPreview:
    """Count what an operation would do to a selection, and freeze the selection unless it is too large for that.

    Args:
        note: kept with the run.
        not_found: what a pasted list named and the book does not hold.
    """
    forget_previews(by=by)
    rows = selections.rows_to_freeze(selection, operation)
    preview = RunPreview(
        made_by=by, operation=operation.as_json(), selection=selection.as_json(), note=note, not_found=list(not_found)
    )
    if not selections.is_larger_than_frozen(rows):
        preview.contacts, preview.signatures, preview.changes = selections.read_rows(rows)
        rows = selections.rows_of_preview(preview, operation)
    _count(preview, operation, rows)
    preview.save()
    return preview


def forget_previews(*, by: TeamMember | None) -> None:
    """Drop previews that nobody will confirm any more."""
    RunPreview.objects.filter(made_at__lt=timezone.now() - PREVIEWS_ARE_KEPT).delete()


def _count(preview: RunPreview, operation: Operation, rows: selections.Statement) -> None:
    fates = selections.fates_of(rows, operation)
    preview.fates = [fate.as_json() for fate in fates]
    preview.records = sum(fate.count for fate in fates)


def start_run(*, preview: RunPreview, by: TeamMember, rule: LabelRule | None = None) -> Run:
    """Start what a preview showed. A job of the worker is queued with it, unless the run is so small that the caller
    does it at once with `work_on_run`.

    Raises:
        AlreadyStarted: it was confirmed before.
        NumbersChanged: it would do something else now than was shown. Nothing is started.
        DiskNearlyFull: there is no room for it.
    """
    refuse_if_disk_is_nearly_full()
    operation = Operation.read(preview.operation)
    try:
        with transaction.atomic():
            # Without the run joined to it: whoever waits for the lock would be given the run of before.
            stored = RunPreview.objects.select_for_update().get(pk=preview.pk)
            if stored.run:
                raise AlreadyStarted(stored.run)
            run = _begin(stored, operation, by, rule)
            RunPreview.objects.filter(pk=stored.pk).update(run=run)
            if run.records > SMALL:
                queue_run(run=run.pk, by=by)
    except _OtherNumbers:
        selection = Selection.read(preview.selection)
        raise NumbersChanged(make_preview(operation=operation, selection=selection, by=by, note=preview.note)) from None
    logger.info("Run %s over %s contacts was started by %s", run.pk, run.records, by.pk)
    return run


def _begin(preview: RunPreview, operation: Operation, by: TeamMember, rule: LabelRule | None) -> Run:
    run = _new_run(preview, operation, by, rule)
    rows = selections.rows_of_preview(preview, operation)
    is_undo = operation.act is Act.PUT_BACK
    selections.freeze(run, rows, with_signatures=not is_undo, with_changes=is_undo)
    _refuse_other_numbers(preview, operation, run)
    run.slices, run.records = _size(run)
    if not run.slices:
        run.state, run.finished_at = Run.State.FINISHED, timezone.now()
    run.save()
    return run


def _new_run(preview: RunPreview, operation: Operation, by: TeamMember, rule: LabelRule | None) -> Run:
    words = operation_in_words(operation, Selection.read(preview.selection), preview.records)
    return Run.objects.create(
        kind=Run.Kind.LABEL_RULE if rule else _KINDS.get(operation.act, Run.Kind.BULK),
        words=words[:500],
        note=preview.note,
        operation=preview.operation,
        rule=rule,
        undoes_id=operation.run,
        stage_id=operation.stage,
        started_by=by,
        frozen_at=timezone.now() if preview.contacts is None else preview.made_at,
    )


def _size(run: Run) -> tuple[int, int]:
    """How many slices and how many contacts a run has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(cardinality(contacts)), 0) FROM journeys_runslice WHERE run_id = %s",
            [run.pk],
        )
        return cursor.fetchone()


class _OtherNumbers(Exception):
    """The run would do something else than its preview showed."""


def _refuse_other_numbers(preview: RunPreview, operation: Operation, run: Run) -> None:
    """A selection that was frozen only now has to be what the person was shown, number by number.

    Of one frozen before, whoever was changed meanwhile is refused one by one; but nobody meets a fate that was not
    shown for their place, as when the stage was closed or the movement rules changed.
    """
    rows = selections.rows_of_run(run)
    shown = [Fate.read(fate) for fate in preview.fates]
    if preview.contacts is None:
        if selections.fates_of(rows, operation) != shown:
            raise _OtherNumbers
    elif operation.act in OF_STATUSES:
        now = selections.fates_of(selections.unchanged_since(rows), operation)
        if not {fate.kind for fate in now} <= {fate.kind for fate in shown}:
            raise _OtherNumbers


def start_moving_out(*, operation: Operation, by: TeamMember | None, note: str = "") -> Run:
    """Start to move out of a stage whoever stands in it now, lost or not. Nobody confirms a number: all have to go.

    The caller's transaction keeps others from coming in. A small run is left to the caller, as by `start_run`.

    Args:
        operation: of the act `MOVE_OUT`.

    Raises:
        DiskNearlyFull: there is no room for it.
    """
    refuse_if_disk_is_nearly_full()
    kind = Run.Kind.MERGE if operation.cause is Cause.STAGE_MERGED else Run.Kind.RETIRE
    return _start_unseen(kind, operation, Selection(standing_in=operation.leaves), by, note)


def start_erasing_again(*, contacts: Sequence[int], by: TeamMember | None) -> Run:
    """Start to erase people who were erased before and came back by a restore. A small run is left to the caller."""
    note = "Erased before, and back in the book by a restore."
    return _start_unseen(
        Run.Kind.ERASE, Operation(Act.ERASE, Cause.ERASED), Selection(contacts=tuple(contacts)), by, note
    )


def _start_unseen(
    kind: Run.Kind, operation: Operation, selection: Selection, by: TeamMember | None, note: str = ""
) -> Run:
    """Start what nobody was shown a preview of."""
    with transaction.atomic():
        run = Run.objects.create(
            kind=kind,
            note=note,
            operation=operation.as_json(),
            stage_id=operation.stage,
            started_by=by,
            frozen_at=timezone.now(),
        )
        _freeze_all(run, operation, selection)
    return run


def start_undoing_import(*, run: Run, by: TeamMember) -> Run:
    """Start to undo an import: who was created goes, the others are as before, but for what was changed since.

    It cannot be undone in its turn. A small run is left to the caller, as by `start_run`.

    Args:
        run: the run of the import.

    Raises:
        AlreadyStarted: it was undone before.
        DiskNearlyFull: there is no room for it.
    """
    refuse_if_disk_is_nearly_full()
    operation = Operation(Act.UNDO_IMPORT, Cause.UNDO, run=run.pk)
    with transaction.atomic():
        Run.objects.select_for_update(no_key=True).get(pk=run.pk)
        if before := Run.objects.filter(undoes=run).exclude(state=Run.State.CANCELLED).first():
            raise AlreadyStarted(before)
        undo = Run.objects.create(
            kind=Run.Kind.UNDO, operation=operation.as_json(), undoes=run, started_by=by, frozen_at=timezone.now()
        )
        _freeze_all(undo, operation, Selection(run=run.pk))
    return undo


def _freeze_all(run: Run, operation: Operation, selection: Selection) -> None:
    """Freeze whom a run is about that nobody was shown first, and queue it unless it is small."""
    rows = selections.rows_to_freeze(selection, operation)
    selections.freeze(run, rows, with_signatures=False, with_changes=False)
    run.slices, run.records = _size(run)
    run.words = operation_in_words(operation, selection, run.records)[:500]
    if not run.slices:
        run.state, run.finished_at = Run.State.FINISHED, timezone.now()
    run.save()
    if run.records > SMALL:
        queue_run(run=run.pk, by=run.started_by)
    by = run.started_by
    logger.info("Run %s over %s contacts was started by %s", run.pk, run.records, by.pk if by else "nobody")


def queue_run(*, run: int, by: TeamMember | None) -> None:
    """Have a worker go on with a run, unless a job for that is waiting already."""
    try:
        with transaction.atomic():
            limit_time()  # whoever is frozen here holds up all that queue the same run
            app.configure_task(WORK, queueing_lock=f"run-{run}").defer(run=run)
    except AlreadyEnqueued:
        pass


# Doing it


def work_on_run(*, run: int, seconds: float, lanes: int = 1) -> bool:
    """Do slices of a run for so many seconds. Returns whether there are more that nobody is working on.

    A slice that fails is noted, and tried again later, until the run is stopped.

    Args:
        lanes: so many slices at a time, each on a connection of its own; with one, on the caller's.

    Raises:
        OperationalError: the database went away. The run goes on when it is back.
    """
    until = time.monotonic() + seconds
    if lanes == 1:
        return _do_slices(run, until)
    with ThreadPoolExecutor(lanes) as pool:
        at_work = [pool.submit(_do_slices_apart, run, until) for _ in range(lanes)]
        return any(lane.result() for lane in at_work)


def _do_slices_apart(run: int, until: float) -> bool:
    try:
        return _do_slices(run, until)
    finally:
        connection.close()


def _do_slices(run: int, until: float) -> bool:
    goes_on = True
    while goes_on and time.monotonic() < until:
        try:
            goes_on = _do_next_slice(run)
        except Exception as error:
            if failures.has_lost_the_database(error):
                raise
            _note_failure(run, error)
            return False
    return goes_on


def _note_failure(pk: int, error: Exception) -> None:
    """The next slice is tried again after a pause, longer each time; in the end the run is stopped, and says why."""
    with transaction.atomic():
        run = Run.objects.select_for_update(no_key=True).get(pk=pk)
        now = timezone.now()
        if not run.is_running or (run.next_try_at and run.next_try_at > now):
            return
        run.tries += 1
        run.problem = failures.in_words(error)
        if run.tries < failures.TRIES:
            run.next_try_at = now + failures.pause_after(run.tries)
        else:
            run.state, run.finished_at, run.next_try_at = Run.State.STOPPED, now, None
        run.save(update_fields=["tries", "problem", "next_try_at", "state", "finished_at"])
    logger.error("A slice of run %s failed (%s of %s)", pk, run.tries, failures.TRIES, exc_info=error)


class _RunHasEnded(Exception):
    """The run was cancelled before this slice was written: nothing of it stays."""


def _do_next_slice(run: int) -> bool:
    """Do one slice. Returns whether there are more."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _do_slice_alone(run)
        except _RunHasEnded:
            return False
        except (OperationalError, InternalError) as error:
            if attempt == ATTEMPTS or not may_pass(error):
                raise
            logger.warning("A slice of run %s is tried again: %s", run, str(error).strip())
            connection.close_if_unusable_or_obsolete()
            time.sleep(0.1 * attempt)
    raise AssertionError("the last attempt returns or raises")


def _do_slice_alone(run: int) -> bool:
    """Within a transaction: take the next slice that nobody is working on, do it, and say that it is done."""
    limit_time()
    part = _take_slice(run)
    if part is None:
        return False
    operation = Operation.read(part.run.operation)
    if part.run.started_by and not part.run.started_by.is_active:
        outcome = Outcome()
        outcome.refused[Refusal.STARTER_LEFT] = part.contacts
    else:
        outcome = do_slice(part.run, operation, part)
    _write_outcome(part, operation, outcome)
    return _say_it_is_done(part, outcome)


def _take_slice(run: int) -> RunSlice | None:
    """Lock the first slice to do, past those that others have locked. Whoever dies or is cut off lets go of theirs."""
    to_do = RunSlice.objects.filter(run=run, done=False, run__state=Run.State.RUNNING).order_by("number")
    to_do = to_do.exclude(failures.left_alone(timezone.now(), of="run__"))
    with_run = to_do.select_related("run__started_by", "run__stage")
    return with_run.select_for_update(of=("self",), no_key=True, skip_locked=True).first()


def _write_outcome(part: RunSlice, operation: Operation, outcome: Outcome) -> None:
    became: dict[str, list[int]] = {RunOutcome.UNCHANGED: outcome.unchanged}
    if not operation.moves:
        became[RunOutcome.CHANGED] = outcome.changed
    became |= {str(refusal): contacts for refusal, contacts in outcome.refused.items()}
    RunOutcome.objects.bulk_create(
        RunOutcome(run=part.run, slice=part.number, code=code, contacts=sorted(contacts))
        for code, contacts in became.items()
        if contacts
    )


_DONE = """
    WITH done AS (UPDATE journeys_runslice SET done = true WHERE run_id = %(run)s AND number = %(number)s)
    UPDATE journeys_run SET
        cursor = cursor + 1, updated = updated + %(changed)s, unchanged = unchanged + %(unchanged)s,
        refused = refused + %(refused)s, forward = forward + %(forward)s, back = back + %(back)s,
        tries = 0, next_try_at = NULL, problem = '', progressed_at = clock_timestamp(),
        state = CASE WHEN cursor + 1 < slices THEN 'running' ELSE 'finished' END,
        finished_at = CASE WHEN cursor + 1 < slices THEN NULL ELSE clock_timestamp() END
    WHERE id = %(run)s AND state = 'running'
    RETURNING state = 'running'
"""


def _say_it_is_done(part: RunSlice, outcome: Outcome) -> bool:
    """Count a slice. The last statement of its transaction, because it makes the others that work on the run wait."""
    with connection.cursor() as cursor:
        cursor.execute(
            _DONE,
            {
                "run": part.run_id,
                "number": part.number,
                "changed": len(outcome.changed),
                "unchanged": len(outcome.unchanged),
                "refused": sum(map(len, outcome.refused.values())),
                "forward": outcome.forward,
                "back": outcome.back,
            },
        )
        row = cursor.fetchone()
    if row is None:
        raise _RunHasEnded
    return row[0]


def cancel_run(*, run: Run, by: TeamMember) -> int:
    """Stop a run. What it did stays, and can be undone; a slice under way is not done. Returns how many were left.

    Raises:
        RunHasEnded: it was finished, or cancelled, before.
    """
    with transaction.atomic():
        stored = Run.objects.select_for_update(no_key=True).get(pk=run.pk)
        if not stored.is_running or not stored.slices:
            raise RunHasEnded
        count = _write_what_is_left(stored, Refusal.RUN_CANCELLED)
        Run.objects.filter(pk=run.pk).update(
            state=Run.State.CANCELLED,
            cancelled_by=by,
            finished_at=timezone.now(),
            cursor=F("slices"),
            refused=F("refused") + count,
        )
    logger.info("Run %s was cancelled by %s", run.pk, by.pk)
    return count


def continue_run(*, run: Run, by: TeamMember) -> None:
    """Have a run that stopped before its end go on where it was.

    Raises:
        RunCannotGoOn: it did not stop, or nothing is left to do.
    """
    with transaction.atomic():
        stored = Run.objects.select_for_update(no_key=True).get(pk=run.pk)
        if not stored.may_go_on:
            raise RunCannotGoOn
        Run.objects.filter(pk=run.pk).update(
            state=Run.State.RUNNING,
            finished_at=None,
            tries=0,
            next_try_at=None,
            problem="",
            progressed_at=timezone.now(),
        )
        queue_run(run=run.pk, by=by)
    logger.info("Run %s was continued by %s", run.pk, by.pk)


def _write_what_is_left(run: Run, refusal: Refusal) -> int:
    """The contacts of all slices to come are refused. Returns how many those are."""
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, [refusal, run.pk])
        return cursor.fetchone()[0]


# Telling


def mail_ends_of_runs(*, by: TeamMember | None) -> None:
    """Mail whoever wants to know that a run has ended that they started: once for each end, and by itself."""
    if not settings.SENDS_MAIL:
        return
    for run in ended_runs_to_mail(since=timezone.now() - ENDS_ARE_MAILED_WITHIN, longer_than=WORTH_A_MAIL):
        if run.started_by and run.finished_at:
            mail_end_of_run(run=run.pk, ended_at=run.finished_at, to=run.started_by, by=by)


# Undo


def preview_undo(*, run: Run, by: TeamMember, also_moved_since: bool = False, note: str = "") -> RunPreview:
    """What undoing a run would put back: an undo of an undo does again what was undone.

    Args:
        also_moved_since: contacts that were moved since go back too.
    """
    operation = Operation.read(run.operation).undone_by(run.pk, also_moved_since=also_moved_since)
    return make_preview(operation=operation, selection=Selection(run=run.pk), by=by, note=note)
