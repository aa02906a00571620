"""Previewing, starting, doing, cancelling and undoing runs.

What a person confirms is what runs: the contacts are frozen with the signatures of their statuses, and whoever was
changed meanwhile is refused. A run is done slice by slice, each in a transaction that also moves the cursor of the run
on; whoever works on it at the same time, or did and was killed or frozen, finds the cursor moved and does nothing.
"""

import logging
import time
from collections.abc import Sequence
from datetime import timedelta

from django.db import InternalError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued
from psycopg.errors import (
    IdleInTransactionSessionTimeout,
    LockNotAvailable,
    QueryCanceled,
    TransactionRollback,
    TransactionTimeout,
)

from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.rules.models import LabelRule
from journeys.runs import failures, selections
from journeys.runs.fates import Fate
from journeys.runs.models import Run, RunOutcome, RunPreview, RunSlice
from journeys.runs.operations import OF_STATUSES, Act, Operation, Selection
from journeys.runs.queries import operation_in_words
from journeys.runs.slices import do_slice
from journeys.status.requests import Outcome
from journeys.status.transitions import Refusal

logger = logging.getLogger(__name__)

SMALL = 10_000
"""A run over so many contacts at most is done by whoever starts it; a larger one is left to a worker."""

PREVIEWS_ARE_KEPT = timedelta(days=1)
WORK = "journeys.runs.tasks.work_on_run"
WAIT_FOR_LOCKS = "3s"
LONGEST_SLICE = "30s"
LONGEST_PAUSE = "5s"
ATTEMPTS = 5
"""A slice is tried again where somebody else held its contacts for too long, or the server cut the worker off."""

_LEFT = """
    WITH refused AS (
        INSERT INTO journeys_runoutcome (run_id, slice, code, contacts)
        SELECT run_id, number, %s, contacts FROM journeys_runslice WHERE run_id = %s AND number >= %s ORDER BY number
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
    """
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
    """
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
        rows = selections.rows_to_freeze(selection, operation)
        selections.freeze(run, rows, with_signatures=False, with_changes=False)
        run.slices, run.records = _size(run)
        run.words = operation_in_words(operation, selection, run.records)[:500]
        if not run.slices:
            run.state, run.finished_at = Run.State.FINISHED, timezone.now()
        run.save()
        if run.records > SMALL:
            queue_run(run=run.pk, by=by)
    logger.info("Run %s over %s contacts was started by %s", run.pk, run.records, by.pk if by else "nobody")
    return run


def queue_run(*, run: int, by: TeamMember | None) -> None:
    """Have a worker go on with a run, unless a job for that is waiting already."""
    try:
        with transaction.atomic():
            _limit_time()  # whoever is frozen here holds up all that queue the same run
            app.configure_task(WORK, queueing_lock=f"run-{run}").defer(run=run)
    except AlreadyEnqueued:
        pass


# Doing it


def work_on_run(*, run: int, seconds: float) -> bool:
    """Do slices of a run, one after the other, for so many seconds. Returns whether there are more.

    Returns False too where somebody else is working on it, or where a slice failed: that is noted, and tried again
    later, until the run is stopped.

    Raises:
        OperationalError: the database went away. The run goes on when it is back.
    """
    until = time.monotonic() + seconds
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
        if not run.is_running:
            return
        run.tries += 1
        run.problem = failures.in_words(error)
        now = timezone.now()
        if run.tries < failures.TRIES:
            run.next_try_at = now + failures.pause_after(run.tries)
        else:
            run.state, run.finished_at, run.next_try_at = Run.State.STOPPED, now, None
        run.save(update_fields=["tries", "problem", "next_try_at", "state", "finished_at"])
    logger.error("Slice %s of run %s failed (%s of %s)", run.cursor, pk, run.tries, failures.TRIES, exc_info=error)


class _CursorMoved(Exception):
    """Somebody else did the slice, or cancelled the run, before this was written."""


def _do_next_slice(run: int) -> bool:
    """Do one slice. Returns whether there are more."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _do_slice_alone(run)
        except _CursorMoved:
            return Run.objects.filter(pk=run, state=Run.State.RUNNING).exists()
        except (OperationalError, InternalError) as error:
            if attempt == ATTEMPTS or not _may_pass(error):
                raise
            logger.warning("A slice of run %s is tried again: %s", run, str(error).strip())
            connection.close_if_unusable_or_obsolete()
            time.sleep(0.1 * attempt)
    raise AssertionError("the last attempt returns or raises")


def _may_pass(error: OperationalError | InternalError) -> bool:
    """Whether others were in the way, or this one was frozen for so long that the server cut it off."""
    return isinstance(error.__cause__, LockNotAvailable | QueryCanceled | TransactionRollback | _CUT_OFF)


_CUT_OFF = IdleInTransactionSessionTimeout | TransactionTimeout


def _do_slice_alone(pk: int) -> bool:
    """Within a transaction: do the slice at the cursor, and move the cursor on."""
    _limit_time()
    if not _is_alone(pk):
        return False
    run = Run.objects.select_related("started_by", "stage").get(pk=pk)
    is_left_alone = run.next_try_at and run.next_try_at > timezone.now()
    if not run.is_running or run.cursor == run.slices or is_left_alone:
        return False
    operation = Operation.read(run.operation)
    part = RunSlice.objects.get(run=run, number=run.cursor)
    if run.started_by and not run.started_by.is_active:
        outcome = Outcome()
        outcome.refused[Refusal.STARTER_LEFT] = part.contacts
    else:
        outcome = do_slice(run, operation, part)
    _write_outcome(run, operation, outcome)
    return _move_cursor(run, outcome)


def _limit_time() -> None:
    """A slice neither waits for others for long, nor lets them wait: a frozen worker is cut off by the server."""
    whole = "transaction_timeout" if connection.pg_version >= 170_000 else "statement_timeout"  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, true), set_config(%s, %s, true), "
            "set_config('idle_in_transaction_session_timeout', %s, true)",
            [WAIT_FOR_LOCKS, whole, LONGEST_SLICE, LONGEST_PAUSE],
        )


def _is_alone(run: int) -> bool:
    """Whether nobody else works on the run just now. The cursor would see to it too, after the work was done twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('run'), %s::int)", [run])
        return cursor.fetchone()[0]


def _write_outcome(run: Run, operation: Operation, outcome: Outcome) -> None:
    became: dict[str, list[int]] = {RunOutcome.UNCHANGED: outcome.unchanged}
    if not operation.moves:
        became[RunOutcome.CHANGED] = outcome.changed
    became |= {str(refusal): contacts for refusal, contacts in outcome.refused.items()}
    RunOutcome.objects.bulk_create(
        RunOutcome(run=run, slice=run.cursor, code=code, contacts=sorted(contacts))
        for code, contacts in became.items()
        if contacts
    )


_MOVE_CURSOR = """
    UPDATE journeys_run SET
        cursor = cursor + 1, updated = updated + %(changed)s, unchanged = unchanged + %(unchanged)s,
        refused = refused + %(refused)s, forward = forward + %(forward)s, back = back + %(back)s,
        tries = 0, next_try_at = NULL, problem = '', progressed_at = clock_timestamp(),
        state = CASE WHEN cursor + 1 < slices THEN 'running' ELSE 'finished' END,
        finished_at = CASE WHEN cursor + 1 < slices THEN NULL ELSE clock_timestamp() END
    WHERE id = %(run)s AND cursor = %(cursor)s AND state = 'running'
"""


def _move_cursor(run: Run, outcome: Outcome) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVE_CURSOR,
            {
                "run": run.pk,
                "cursor": run.cursor,
                "changed": len(outcome.changed),
                "unchanged": len(outcome.unchanged),
                "refused": sum(map(len, outcome.refused.values())),
                "forward": outcome.forward,
                "back": outcome.back,
            },
        )
        if not cursor.rowcount:
            raise _CursorMoved
    return run.cursor + 1 < run.slices


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
        cursor.execute(_LEFT, [refusal, run.pk, run.cursor])
        return cursor.fetchone()[0]


# Undo


def preview_undo(*, run: Run, by: TeamMember, also_moved_since: bool = False, note: str = "") -> RunPreview:
    """What undoing a run would put back: an undo of an undo does again what was undone.

    Args:
        also_moved_since: contacts that were moved since go back too.
    """
    operation = Operation.read(run.operation).undone_by(run.pk, also_moved_since=also_moved_since)
    return make_preview(operation=operation, selection=Selection(run=run.pk), by=by, note=note)
