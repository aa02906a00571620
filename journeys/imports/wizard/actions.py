"""An import by hand, step by step: take a file, match its columns, say what is wanted, check all of it, import it.

Reading and checking write nothing to the book, and begin anew when they were interrupted; an import goes on where it
was. A small file is done by whoever asks; a larger one is left to a worker.
"""

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from config.database import refuse_if_disk_is_nearly_full
from config.team.models import TeamMember
from journeys.imports.actions import MovedOn, check_rows, close_run, import_rows, new_run
from journeys.imports.columns import Notes, fingerprint_of
from journeys.imports.kept import KeptFile, keep_file
from journeys.imports.models import Import, ImportChunk, ImportedFields, RefusedRow
from journeys.imports.options import ImportOptions, kept_name
from journeys.imports.plan import Plan
from journeys.imports.reading import Encoding, ImportRefused, OtherEncoding, both_ways, inspect
from journeys.runs.models import Run, RunOutcome

logger = logging.getLogger(__name__)

SMALL_FILE = 2_000_000
"""So many bytes at most are read by whoever sends them."""

SMALL = 2_000
"""So many rows at most are checked, and imported, by whoever asks for it."""

WORK = "journeys.imports.wizard.tasks.work_on_import"
STALLED = timedelta(seconds=20)
"""An import on which nothing was done for so long is given to a worker again."""

_BEATS_EVERY = 20_000

ShouldStop = Callable[[], bool]


class NotNow(Exception):
    """The import is not, or no longer, at the step that this needs; the message says what it is."""


class _Stopped(Exception):
    """The worker is asked to end; somebody else goes on."""


# The file


def take_file(*, name: str, content: Iterable[bytes], by: TeamMember) -> Import:
    """Keep a file and read it; a larger one is read by a worker.

    Raises:
        DiskNearlyFull: there is no room for it.
    """
    refuse_if_disk_is_nearly_full()
    with transaction.atomic():
        asked = Import.objects.create(name=kept_name(name), made_by=by)
        asked.size, asked.digest = keep_file(asked, content)
        asked.save(update_fields=["size", "digest"])
    _begin(asked, is_small=asked.size <= SMALL_FILE, by=by)
    return asked


def read_in_other_encoding(*, asked: Import, encoding: Encoding, by: TeamMember) -> None:
    """Read a file again that is not in the encoding it was taken for.

    Raises:
        NotNow: it is not one that could not be read, or its file is gone.
    """
    steps = [Import.State.UNREADABLE]
    _take_step(asked, steps, state=Import.State.READING, encoding=encoding, problem="", notes={})
    _begin(asked, is_small=asked.size <= SMALL_FILE, by=by)


def forget_import(*, asked: Import, by: TeamMember | None) -> None:
    """Drop an import that was not started, with its file and all that was read of it.

    Raises:
        NotNow: it was started.
    """
    steps = set(Import.State) - {Import.State.STARTED, Import.State.FORGOTTEN}
    with transaction.atomic():
        _take_step(asked, steps, state=Import.State.FORGOTTEN, attempt=F("attempt") + 1, notes={})
        _forget_file(asked.pk)
        RefusedRow.objects.filter(of=asked).delete()
    logger.info("Import %s was forgotten by %s", asked.pk, by.pk if by else "nobody")


def _forget_file(asked: int) -> None:
    """Nothing of the file's content stays but the rows that were refused. Names of columns may be anything."""
    ImportChunk.objects.filter(of=asked).delete()
    Import.objects.filter(pk=asked).update(notes={})


# What is wanted


def ask_for(*, asked: Import, options: ImportOptions, by: TeamMember) -> None:
    """Keep how the file is to be understood and what is wanted of it. A check that was made is of no use any more.

    Raises:
        NotNow: it was started, or its file is gone.
    """
    steps = [Import.State.READ, Import.State.CHECKING, Import.State.CHECKED]
    with transaction.atomic():
        _take_step(
            asked, steps, state=Import.State.READ, options=options.as_json(), attempt=F("attempt") + 1, problem=""
        )
        RefusedRow.objects.filter(of=asked).delete()


def start_check(*, asked: Import, by: TeamMember) -> None:
    """Have the whole file checked.

    Raises:
        NotNow: it is being checked, was started, or its columns are not matched.
    """
    if not asked.options:
        raise NotNow("Match its columns first.")
    _take_step(
        asked, [Import.State.READ, Import.State.CHECKED], state=Import.State.CHECKING, problem="", done=0, **_ZERO
    )
    _begin(asked, is_small=asked.records <= SMALL, by=by)


def start_import(*, asked: Import, by: TeamMember) -> Run:
    """Import a file that was checked.

    Raises:
        NotNow: it was not checked as it is asked for now, or was started already.
    """
    with transaction.atomic():
        _take_step(asked, [Import.State.CHECKED])
        run = new_run(name=asked.name, options=ImportOptions.read(asked.options), by=by)
        Import.objects.filter(pk=asked.pk).update(run=run, state=Import.State.STARTED)
        RefusedRow.objects.filter(of=asked).delete()
    logger.info("Import %s, run %s, was started by %s", asked.pk, run.pk, by.pk)
    _begin(asked, is_small=asked.records <= SMALL, by=by)
    return run


def cancel_import(*, asked: Import, by: TeamMember) -> None:
    """End an import. What it did stays, and can be undone; the batch under way is not done.

    Raises:
        NotNow: it has ended, or was not started.
    """
    with transaction.atomic():
        Import.objects.select_for_update(no_key=True).get(pk=asked.pk)  # before the run, as a batch locks them
        under_way = Run.objects.filter(pk=asked.run_id or 0, state=Run.State.RUNNING)
        if not under_way.update(state=Run.State.CANCELLED, cancelled_by=by, finished_at=timezone.now()):
            raise NotNow("It has ended already.")
        _forget_file(asked.pk)
    asked.refresh_from_db()
    logger.info("Import %s was cancelled by %s", asked.pk, by.pk)


_ZERO = dict.fromkeys(("created", "updated", "unchanged", "refused", "back"), 0)


def _take_step(asked: Import, steps: Iterable[Import.State], **values: Any) -> None:
    """Bring an import on, if it is at one of these steps: of two that do so at once, one does."""
    now = timezone.now()
    if not Import.objects.filter(pk=asked.pk, state__in=steps).update(progressed_at=now, **values):
        asked.refresh_from_db()
        raise NotNow(f"This import is at another step by now: {asked.get_state_display().lower()}.")
    asked.refresh_from_db()


# Doing it


def _begin(asked: Import, *, is_small: bool, by: TeamMember) -> None:
    if is_small:
        work_on_import(asked=asked.pk, should_stop=lambda: False)
    else:
        queue_import(asked=asked.pk, by=by)
    asked.refresh_from_db()


def queue_import(*, asked: int, by: TeamMember | None) -> None:
    """Have a worker go on with an import, unless a job for that is waiting already."""
    with suppress(AlreadyEnqueued), transaction.atomic():
        app.configure_task(WORK, queueing_lock=f"import-{asked}").defer(asked=asked)


def work_on_import(*, asked: int, should_stop: ShouldStop) -> bool:
    """Do what an import waits for, to its end. Returns whether it was stopped before.

    Whoever works on it meanwhile finds out, and leaves it.
    """
    kept = Import.objects.select_related("run__started_by").get(pk=asked)
    do = {Import.State.READING: _read, Import.State.CHECKING: _check, Import.State.STARTED: _import}.get(
        Import.State(kept.state)
    )
    if do is None or (kept.run and not kept.run.is_running):
        return False
    Import.objects.filter(pk=asked).update(attempt=F("attempt") + 1, progressed_at=timezone.now())
    kept.attempt += 1
    try:
        do(kept, should_stop)
    except MovedOn:
        return False
    except _Stopped:
        return True
    return False


def _beat(kept: Import, **values: Any) -> None:
    """Say that the import is being worked on.

    Raises:
        MovedOn: somebody else does so, or it is at another step.
    """
    mine = Import.objects.filter(pk=kept.pk, state=kept.state, attempt=kept.attempt)
    if not mine.update(progressed_at=timezone.now(), **values):
        raise MovedOn


def _read(kept: Import, should_stop: ShouldStop) -> None:
    notes = Notes()
    rows = 0

    def see(cells: list[str]) -> None:
        nonlocal rows
        rows += 1
        notes.see(cells)
        if rows % _BEATS_EVERY == 0:
            _beat(kept)
            if should_stop():
                raise _Stopped

    with KeptFile(kept) as source:
        try:
            file = inspect(source, encoding=Encoding(kept.encoding), see=see)
        except ImportRefused as refused:
            pieces = both_ways(source) if isinstance(refused, OtherEncoding) else []
            _beat(kept, state=Import.State.UNREADABLE, problem=str(refused), notes={"both_ways": pieces})
            if not pieces:
                _forget_file(kept.pk)
            return
    _beat(
        kept,
        state=Import.State.READ,
        delimiter=file.delimiter,
        has_byte_order_mark=file.has_byte_order_mark,
        columns=list(file.columns),
        fingerprint=fingerprint_of(file.columns),
        records=file.records,
        notes=notes.as_json(),
    )


def _check(kept: Import, should_stop: ShouldStop) -> None:
    RefusedRow.objects.filter(of=kept).delete()
    _beat(kept, done=0, **_ZERO)

    def within(plan: Plan, taken: int) -> None:
        counts = plan.counts
        _keep_refused(kept, plan)
        _beat(
            kept,
            done=F("done") + taken,
            created=F("created") + counts.created,
            updated=F("updated") + counts.updated,
            unchanged=F("unchanged") + counts.unchanged,
            refused=F("refused") + counts.refused,
            back=F("back") + counts.back,
        )

    with KeptFile(kept) as source:
        file = source.as_read(kept)
        try:
            check_rows(
                file=file, options=ImportOptions.read(kept.options), within=within, after=_stops(should_stop), by=None
            )
        except ImportRefused as refused:
            _beat(kept, state=Import.State.READ, problem=str(refused))
            return
    _beat(kept, state=Import.State.CHECKED)


def _import(kept: Import, should_stop: ShouldStop) -> None:
    run = kept.run
    assert run and run.started_by

    def within(plan: Plan, taken: int) -> None:
        _beat(kept)
        _keep_refused(kept, plan)

    if not run.started_by.is_active:
        _end(kept, run, Run.State.STOPPED, "Whoever started it was deactivated before it came to the end.")
        return
    with KeptFile(kept) as source:
        file = source.as_read(kept)
        try:
            import_rows(
                run=run,
                file=file,
                options=ImportOptions.read(kept.options),
                within=within,
                after=_stops(should_stop),
                by=run.started_by,
            )
        except ImportRefused as refused:
            _end(kept, run, Run.State.STOPPED, str(refused))
        else:
            _end(kept, run, Run.State.FINISHED, "")


def _end(kept: Import, run: Run, state: Run.State, problem: str) -> None:
    with transaction.atomic():
        _beat(kept, problem=problem)
        close_run(run=run, state=state, by=run.started_by)  # type: ignore[arg-type]
        _forget_file(kept.pk)


def _stops(should_stop: ShouldStop) -> Callable[[Plan, int], None]:
    def after(plan: Plan, taken: int) -> None:
        if should_stop():
            raise _Stopped

    return after


def _keep_refused(kept: Import, plan: Plan) -> None:
    RefusedRow.objects.bulk_create(
        RefusedRow(of=kept, line=record.line, reason=reason, cells=record.cells) for record, reason in plan.refused
    )


# What is forgotten


def forget_old_imports(*, by: TeamMember | None) -> None:
    """Drop files that nobody went on with, refused rows, and what undo needs, after the time that pages name."""
    now = timezone.now()
    waiting = Import.objects.exclude(state__in=[Import.State.STARTED, Import.State.FORGOTTEN])
    for asked in waiting.filter(progressed_at__lt=now - settings.IMPORT_FILES_ARE_KEPT):
        with suppress(NotNow):
            forget_import(asked=asked, by=by)
    ended_before = now - settings.IMPORT_ROWS_ARE_KEPT
    RefusedRow.objects.filter(of__run__finished_at__lt=ended_before).delete()
    ImportedFields.objects.filter(run__finished_at__lt=ended_before).delete()
    RunOutcome.objects.filter(run__kind=Run.Kind.IMPORT, run__finished_at__lt=ended_before).delete()
