"""Importing a file, and checking one: the same decisions, with and without writing.

Rows are taken in batches, in the order of the file, each batch in one transaction together with the counts of the
run: whatever interrupts an import, it has done whole rows up to a known one. The disk is waited for once, when the
run is said to be finished.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from zoneinfo import ZoneInfo

from django.db import DatabaseError, IntegrityError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone
from psycopg.errors import TransactionRollback

from config.team.models import TeamMember
from config.team.queries import organisation
from contacts.models import Attribute
from journeys.imports.ahead import ahead
from journeys.imports.fields import FieldMap, Row, match_fields
from journeys.imports.options import Counts, ImportOptions
from journeys.imports.plan import KeyHandedOver, Known, LabelKey, Plan
from journeys.imports.queries import labels_by_name, matching_contacts, read_alone, read_carried_labels, rules_now
from journeys.imports.reading import CsvFile, Record, records
from journeys.imports.shadow import Shadow
from journeys.imports.writing import BookChanged, Writer, commit_without_waiting
from journeys.runs.models import Run
from journeys.status.actions import MoveRefused
from stages.models import Stage
from stages.queries import stages_in_use

BATCH = 4000
"""So many rows are imported in one transaction, fewer where they are long."""

BATCH_CHARACTERS = 8_000_000
ATTEMPTS = 5
"""A batch is decided anew where somebody added or moved the same contact between deciding and writing."""

Progress = Callable[[int], None]
"""Is told after each batch how many more rows are done."""

Refuse = Callable[[Record, str], None]
"""Is given each refused row and the reason, once that is settled."""


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
    fields = matched_fields(file=file, options=options)
    words = options.in_words(file.path.name)
    run = Run.objects.create(kind=Run.Kind.IMPORT, words=words[:500], started_by=by)
    writer = Writer(fields, options, by, run)
    labels = _Labels()
    try:
        for rows in _parts(file, fields):
            taken, plan = _import_part(rows.now, writer, labels)
            rows.take(taken)
            for record, reason in plan.refused:
                refuse(record, reason)
            progress(taken)
    except BaseException:
        with suppress(DatabaseError):
            _close(run, Run.State.STOPPED)
        raise
    _close(run, Run.State.FINISHED)
    return run


def check_import(*, file: CsvFile, options: ImportOptions, refuse: Refuse, progress: Progress) -> Counts:
    """Check a whole file: the counts and refused rows that importing it now would have. Nothing is written.

    Raises:
        ImportRefused: as `import_contacts`.
    """
    fields = matched_fields(file=file, options=options)
    labels = _Labels()
    counts = Counts()
    with Shadow() as shadow:
        for rows in _parts(file, fields):
            with transaction.atomic():
                read_alone()
                contacts = shadow.matching_contacts(rows.now, fields)
                taken, plan = _decide(rows.now, contacts, options, labels, list(Stage.objects.all()))
                shadow.remember(plan.touched)
            rows.take(taken)
            counts.add(plan.counts)
            for record, reason in plan.refused:
                refuse(record, reason)
            progress(taken)
    return counts


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


def _parts(file: CsvFile, fields: FieldMap) -> Iterator[_Part]:
    """Each batch, again and again until all of its rows are taken."""
    with _few_collections():
        for batch in ahead(_batches(file, fields)):
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


def _batches(file: CsvFile, fields: FieldMap) -> Iterator[list[Row]]:
    batch: list[Row] = []
    characters = 0
    for record in records(file):
        batch.append(fields.understand(record))
        characters += sum(map(len, record.cells))
        if len(batch) == BATCH or characters > BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _import_part(rows: Sequence[Row], writer: Writer, labels: "_Labels") -> tuple[int, Plan]:
    """Decide and write rows in one transaction. Returns how many were taken."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                read_alone()
                contacts = matching_contacts(rows, writer.fields)
                stages = list(Stage.objects.all())
                taken, plan = _decide(rows, contacts, writer.options, labels, stages)
                writer.write(plan, {stage.pk: stage for stage in stages})
                _count(writer.run, plan.counts)
                commit_without_waiting()
            return taken, plan
        except (BookChanged, MoveRefused, IntegrityError, OperationalError) as error:
            if attempt == ATTEMPTS or not _may_pass(error):
                raise
            labels.forget()
    raise AssertionError("the last attempt returns or raises")


def _may_pass(error: Exception) -> bool:
    """Whether the same rows may go through when they are decided anew."""
    return not isinstance(error, OperationalError) or isinstance(error.__cause__, TransactionRollback)


def _decide(
    rows: Sequence[Row], contacts: Sequence[Known], options: ImportOptions, labels: "_Labels", stages: Sequence[Stage]
) -> tuple[int, Plan]:
    """Decide what rows do, up to one that has to wait for these to be written. Returns how many were decided."""
    keys = labels.keys(rows)
    read_carried_labels(contacts, keys.values())
    plan = Plan(rules_now(options, stages), contacts, keys)
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


def _count(run: Run, counts: Counts) -> None:
    Run.objects.filter(pk=run.pk).update(
        records=F("records") + counts.records,
        created=F("created") + counts.created,
        updated=F("updated") + counts.updated,
        unchanged=F("unchanged") + counts.unchanged,
        refused=F("refused") + counts.refused,
        progressed_at=timezone.now(),
    )


def _close(run: Run, state: Run.State) -> None:
    run.refresh_from_db()
    run.state = state
    run.finished_at = timezone.now()
    run.save(update_fields=["state", "finished_at"])
