"""Reads of imports: the list, one with what is said of it, its refused rows, and earlier ones like it."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from journeys.imports.models import Import, RefusedRow
from journeys.imports.undoing import UNTOUCHED
from journeys.imports.wizard.actions import STALLED
from journeys.runs.models import Run, RunOutcome

PAGE = 50
"""So many imports, or refused rows, are shown at once."""

UNDER_WAY = Q(state__in=[Import.State.READING, Import.State.CHECKING]) | Q(
    state=Import.State.STARTED, run__state=Run.State.RUNNING
)


def imports_without_progress() -> list[int]:
    """Imports that wait for work on which nothing was done lately; those of the command line do it alone. One query."""
    stalled = Import.objects.filter(UNDER_WAY, progressed_at__lt=timezone.now() - STALLED, size__gt=0)
    return list(stalled.order_by("pk").values_list("pk", flat=True))


def import_of(pk: int) -> Import | None:
    """An import with its run and who made it. One query."""
    with_run = Import.objects.select_related("made_by", "run__started_by", "run__cancelled_by")
    return with_run.exclude(state=Import.State.FORGOTTEN).filter(pk=pk).first()


@dataclass(frozen=True, slots=True)
class ImportsPage:
    """Imports, the newest first, and the id to read on from."""

    imports: list[Import]
    older_than: int | None = None


def imports_page(*, older_than: int | None = None) -> ImportsPage:
    """A page of the imports that were not forgotten. One query."""
    rows = Import.objects.select_related("made_by", "run").exclude(state=Import.State.FORGOTTEN)
    found = list((rows.filter(pk__lt=older_than) if older_than is not None else rows).order_by("-pk")[: PAGE + 1])
    return ImportsPage(found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None)


def same_file_before(asked: Import) -> Import | None:
    """The last import of the very same file. One query."""
    started = Import.objects.select_related("run__started_by").filter(state=Import.State.STARTED)
    return started.filter(digest=asked.digest).exclude(pk=asked.pk).exclude(digest="").order_by("-pk").first()


def same_columns_before(asked: Import) -> Import | None:
    """The last import of a file with the same columns: what was matched then is offered. One query."""
    started = Import.objects.select_related("run__started_by").filter(state=Import.State.STARTED)
    return started.filter(fingerprint=asked.fingerprint).exclude(pk=asked.pk).order_by("-pk").first()


@dataclass(frozen=True, slots=True)
class RefusedPage:
    """Refused rows in the order of the file, and the id to read on from."""

    rows: list[RefusedRow]
    after: int | None = None


def refused_page(asked: Import, *, after: int | None = None, limit: int = PAGE) -> RefusedPage:
    """A page of the rows that a check or an import refused. One query."""
    rows = RefusedRow.objects.filter(of=asked)
    found = list((rows.filter(pk__gt=after) if after is not None else rows).order_by("pk")[: limit + 1])
    return RefusedPage(found[:limit], found[limit - 1].pk if len(found) > limit else None)


def has_outcomes(run: Run) -> bool:
    """Whether it is still known which contacts became what. One query."""
    return RunOutcome.objects.filter(run=run).exists()


@dataclass(frozen=True, slots=True)
class EffectOfUndo:
    """What undoing an import would do now: of those it created, so many go; so many others are put back."""

    created: int
    go: int
    updated: int

    @property
    def stay(self) -> int:
        return self.created - self.go


_CREATED = f"""
    SELECT unnest(contacts) FROM journeys_runoutcome
    WHERE run_id = %(undone)s AND code = '{RunOutcome.CREATED}'
"""

_UPDATED = f"""
    SELECT count(DISTINCT contact) FROM journeys_runoutcome CROSS JOIN unnest(contacts) AS contact
    JOIN contacts_contact book ON book.id = contact
    WHERE run_id = %(undone)s AND code = '{RunOutcome.UPDATED}' AND contact NOT IN ({_CREATED})
"""


def effect_of_undo(run: Run) -> EffectOfUndo:
    """What undoing an import would do now. Three queries, over all that it touched."""
    values = {"undone": run.pk}
    with connection.cursor() as cursor:
        counts = []
        for statement in (
            f"SELECT count(*) FROM contacts_contact WHERE id IN ({_CREATED})",
            f"SELECT count(*) FROM ({UNTOUCHED.format(contacts=_CREATED)}) AS untouched",
            _UPDATED,
        ):
            cursor.execute(statement, values)
            counts.append(cursor.fetchone()[0])
    return EffectOfUndo(*counts)
