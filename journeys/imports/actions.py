"""Importing a file, and checking one: the same decisions, with and without writing.

Rows are taken in batches, in the order of the file, each batch in one transaction together with the counts of the
run: whatever interrupts an import, it has done whole rows up to a known one, and goes on with the next. Whoever works
on it at the same time finds that the run has done more than they thought, and nothing of their batch stays. The disk
is waited for once, when the run is said to be finished.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from zoneinfo import ZoneInfo

from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone
from psycopg.errors import LockNotAvailable, TransactionRollback

from config.database import refuse_if_disk_is_nearly_full
from config.team.models import TeamMember
from config.team.queries import organisation
from contacts.models import Attribute
from journeys.imports.ahead import ahead
from journeys.imports.fields import FieldMap, Row, match_fields
from journeys.imports.models import Import
from journeys.imports.options import Counts, ImportOptions, kept_name
from journeys.imports.plan import KeyHandedOver, Known, LabelKey, Plan
from journeys.imports.queries import labels_by_name, matching_contacts, read_alone, read_carried_labels, rules_now
from journeys.imports.reading import CsvFile, Record, records
from journeys.imports.shadow import Shadow
from journeys.imports.writing import BookChanged, Writer, commit_without_waiting
from journeys.runs.models import Run, RunOutcome
from journeys.status.actions import MoveRefused
from stages.models import Stage
from stages.queries import stages_in_use

BATCH = 4000
"""So many rows are imported in one transaction, fewer where they are long."""

BATCH_CHARACTERS = 8_000_000
ATTEMPTS = 5
"""A batch is decided anew where somebody added or moved the same contact between deciding and writing."""

WAIT_FOR_LOCKS = "3s"
LONGEST_PAUSE = "20s"
"""Whoever is frozen in the middle of a batch is cut off by the server, and holds nobody up."""

Progress = Callable[[int], None]
"""Is told after each batch how many more rows are done."""

Refuse = Callable[[Record, str], None]
"""Is given each refused row and the reason, once that is settled."""

Follow = Callable[[Plan, int], None]
"""Is given what a batch does and how many rows that are, within its transaction or after it."""


class MovedOn(Exception):
    """Somebody else did these rows, or the import was cancelled: nothing of the batch stays."""


def matched_fields(*, file: CsvFile, options: ImportOptions) -> FieldMap:
    """How the columns of a file are understood.

    Raises:
        ImportRefused: the options do not fit the file or the book; the sentence names what is unknown.
    """
    return match_fields(
        file,
        options,
        attributes=Attribute.objects.all(),
        stages={stage.pk: stage.name for stage in stages_in_use()},
        zone=ZoneInfo(organisation().time_zone),
    )


def import_contacts(
    *, file: CsvFile, options: ImportOptions, by: TeamMember, refuse: Refuse, progress: Progress
) -> Run:
    """Import a file: a run whose counts add up to the rows of the file.

    Raises:
        ImportRefused: the options do not fit, before anything is written; or the file was changed meanwhile.
            Then, and on any other error, the run is stopped and counts what was done.
    """
    matched_fields(file=file, options=options)
    run = new_run(name=file.source.name, options=options, by=by)
    Import.objects.create(
        name=kept_name(file.source.name),
        made_by=by,
        state=Import.State.STARTED,
        columns=list(file.columns),
        records=file.records,
        options=options.as_json(),
        run=run,
    )

    def tell(plan: Plan, taken: int) -> None:
        for record, reason in plan.refused:
            refuse(record, reason)
        progress(taken)

    try:
        import_rows(run=run, file=file, options=options, within=lambda plan, taken: None, after=tell, by=by)
    except BaseException:
        with suppress(DatabaseError):
            close_run(run=run, state=Run.State.STOPPED, by=by)
        raise
    close_run(run=run, state=Run.State.FINISHED, by=by)
    run.refresh_from_db()
    return run


def new_run(*, name: str, options: ImportOptions, by: TeamMember) -> Run:
    """A run of which nothing is done yet.

    Raises:
        DiskNearlyFull: there is no room for it.
    """
    refuse_if_disk_is_nearly_full()
    return Run.objects.create(kind=Run.Kind.IMPORT, words=options.in_words(name)[:500], started_by=by)


def import_rows(
    *, run: Run, file: CsvFile, options: ImportOptions, within: Follow, after: Follow, by: TeamMember
) -> None:
    """Import the rows of a file that the run has not done yet.

    Args:
        by: who started the run.

    Raises:
        MovedOn: somebody else is at it, or it was cancelled.
    """
    fields = matched_fields(file=file, options=options)
    writer = Writer(fields, options, by, run)
    labels = _Labels()
    for rows in _parts(file, fields, run.records):
        taken, plan = _import_part(rows.now, writer, labels, within)
        rows.take(taken)
        after(plan, taken)


def close_run(*, run: Run, state: Run.State, by: TeamMember) -> None:
    """Say that a run has ended, unless that was said before."""
    Run.objects.filter(pk=run.pk, state=Run.State.RUNNING).update(state=state, finished_at=timezone.now())


def check_import(*, file: CsvFile, options: ImportOptions, refuse: Refuse, progress: Progress) -> Counts:
    """Check a whole file: the counts and refused rows that importing it now would have. Nothing is written.

    Raises:
        ImportRefused: as `import_contacts`.
    """
    counts = Counts()

    def tell(plan: Plan, taken: int) -> None:
        counts.add(plan.counts)
        for record, reason in plan.refused:
            refuse(record, reason)
        progress(taken)

    check_rows(file=file, options=options, within=lambda plan, taken: None, after=tell, by=None)
    return counts


def check_rows(*, file: CsvFile, options: ImportOptions, within: Follow, after: Follow, by: TeamMember | None) -> None:
    """Decide what every row of a file would do, and write nothing to the book."""
    fields = matched_fields(file=file, options=options)
    labels = _Labels()
    with Shadow() as shadow:
        for rows in _parts(file, fields):
            with transaction.atomic():
                read_alone()
                contacts = shadow.matching_contacts(rows.now, fields)
                taken, plan = _decide(rows.now, contacts, fields, options, labels, list(Stage.objects.all()))
                shadow.remember(plan.touched)
                within(plan, taken)
            rows.take(taken)
            after(plan, taken)


class _Part:
    """Rows of a batch that are not done yet, and how many of them to try next."""

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows
        self._size = len(rows)

    @property
    def now(self) -> list[Row]:
        return self._rows[: self._size]

    def take(self, count: int) -> None:
        """So many are done. Where few were, few are tried next: the rest would be read again and again."""
        self._rows = self._rows[count:]
        self._size = 2 * count

    def __bool__(self) -> bool:
        return bool(self._rows)


def _parts(file: CsvFile, fields: FieldMap, done: int = 0) -> Iterator[_Part]:
    """Each batch after so many rows, again and again until all of its rows are taken."""
    with _few_collections():
        for batch in ahead(_batches(file, fields, done)):
            part = _Part(batch)
            while part:
                yield part


@contextmanager
def _few_collections() -> Iterator[None]:
    """Batches are many objects, none in a cycle: looking for garbage among them took a fifth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _batches(file: CsvFile, fields: FieldMap, done: int) -> Iterator[list[Row]]:
    batch: list[Row] = []
    characters = 0
    for record in islice(records(file), done, None):
        batch.append(fields.understand(record))
        characters += sum(map(len, record.cells))
        if len(batch) == BATCH or characters > BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _import_part(rows: Sequence[Row], writer: Writer, labels: "_Labels", within: Follow) -> tuple[int, Plan]:
    """Decide and write rows in one transaction. Returns how many were taken."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                read_alone()
                _limit_time()
                contacts = matching_contacts(rows, writer.fields)
                stages = list(Stage.objects.all())
                taken, plan = _decide(rows, contacts, writer.fields, writer.options, labels, stages)
                writer.write(plan, {stage.pk: stage for stage in stages})
                within(plan, taken)
                _count(writer.run, plan)
                commit_without_waiting()
            writer.run.records += plan.counts.records
            return taken, plan
        except (BookChanged, MoveRefused, IntegrityError, OperationalError) as error:
            if attempt == ATTEMPTS or not _may_pass(error):
                raise
            labels.forget()
    raise AssertionError("the last attempt returns or raises")


def _limit_time() -> None:
    """A batch does not wait for others for long, and does not let them wait."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, true), set_config('idle_in_transaction_session_timeout', %s, true)",
            [WAIT_FOR_LOCKS, LONGEST_PAUSE],
        )


def _may_pass(error: Exception) -> bool:
    """Whether the same rows may go through when they are decided anew."""
    return not isinstance(error, OperationalError) or isinstance(
        error.__cause__, TransactionRollback | LockNotAvailable
    )


def _decide(
    rows: Sequence[Row],
    contacts: Sequence[Known],
    fields: FieldMap,
    options: ImportOptions,
    labels: "_Labels",
    stages: Sequence[Stage],
) -> tuple[int, Plan]:
    """Decide what rows do, up to one that has to wait for these to be written. Returns how many were decided."""
    keys = labels.keys(rows)
    read_carried_labels(contacts, keys.values())
    plan = Plan(rules_now(options, fields, stages), contacts, keys)
    for count, row in enumerate(rows):
        try:
            plan.add(row)
        except KeyHandedOver:
            return count, plan
    return len(rows), plan


class _Labels:
    """Which label each name of the file means."""

    def __init__(self) -> None:
        self._made: dict[str, int] = {}

    def keys(self, rows: Sequence[Row]) -> Mapping[str, LabelKey]:
        """The label of every name that these rows give. One query where there are names not met before."""
        names = {name for row in rows for name in row.labels}
        if new := names - self._made.keys():
            self._made |= labels_by_name(new)
        return {name: self._made.get(name) or name.lower() for name in names}

    def forget(self) -> None:
        """Look names up again: a label may have gone."""
        self._made.clear()


def _count(run: Run, plan: Plan) -> None:
    """Count a batch, and keep what became of its contacts.

    Raises:
        MovedOn: the run was cancelled, or has done these rows.
    """
    counts = plan.counts
    under_way = Run.objects.filter(pk=run.pk, state=Run.State.RUNNING, records=run.records)
    counted = under_way.update(
        records=F("records") + counts.records,
        created=F("created") + counts.created,
        updated=F("updated") + counts.updated,
        unchanged=F("unchanged") + counts.unchanged,
        refused=F("refused") + counts.refused,
        progressed_at=timezone.now(),
    )
    if not counted:
        raise MovedOn
    births = {birth.contact for birth in plan.births}
    became = {
        RunOutcome.CREATED: births,
        RunOutcome.UPDATED: plan.touched.keys() - births,
        RunOutcome.UNCHANGED: plan.unchanged.keys() - plan.touched.keys(),
    }
    RunOutcome.objects.bulk_create(
        RunOutcome(run=run, slice=run.records, code=code, contacts=sorted(contact.id or 0 for contact in contacts))
        for code, contacts in became.items()
        if contacts
    )
