"""Reads of imports: the list, one with what is said of it, its refused rows, and earlier ones like it."""

from dataclasses import dataclass

from django.db.models import F, Q
from django.utils import timezone

from config.team.models import TeamMember
from journeys.imports.models import Import, RefusedRow
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


def members_who_import() -> list[TeamMember]:
    """Everybody who made an import. One query."""
    return list(TeamMember.objects.filter(pk__in=Import.objects.values(member=F("made_by")).distinct()))
