"""Reads of the list of runs: a page of it, each in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from journeys.runs import results
from journeys.runs.models import Run
from journeys.runs.undos import Undo, can_be_undone

PAGE = 50
"""So many runs are shown at once."""

_SILENCE = timedelta(minutes=2)
"""An import of which nothing was heard for so long has ended without saying so."""


@dataclass(frozen=True, slots=True)
class RunInWords:
    """A run as lists say it."""

    run: Run
    when: str
    by: str
    undo: Undo | None = None

    @property
    def came_of(self) -> str:
        return results.came_of(self.run)

    @property
    def can_be_undone(self) -> bool:
        return can_be_undone(self.run, self.undo)

    def __str__(self) -> str:
        return results.in_one_line(self.run, when=self.when, by=self.by)


def run_in_words(run: Run, undo: Undo | None = None) -> RunInWords:
    """A run in words, in the time zone of the person who reads. Read it with `started_by`.

    Args:
        undo: its latest undo, from `journeys.runs.undos.undos`.
    """
    when = results.when_said(timezone.localtime(run.started_at), timezone.localtime())
    return RunInWords(run, when, str(run.started_by or ""), undo)


def in_words(runs: Sequence[Run], undos: Mapping[int, Undo]) -> list[RunInWords]:
    """Runs in words, in their order."""
    return [run_in_words(run, undos.get(run.pk)) for run in runs]


@dataclass(frozen=True, slots=True)
class RunsPage:
    """Runs, the newest first, and the ids to read on from in both directions."""

    runs: list[RunInWords]
    newer_than: int | None = None
    older_than: int | None = None


def runs_page(
    runs: QuerySet[Run], undos: Mapping[int, Undo], *, newer_than: int | None = None, older_than: int | None = None
) -> RunsPage:
    """A page of these runs, the newest first, at a cost that does not grow with how far one has read. One query.

    Args:
        undos: as `journeys.runs.undos.undos` gives them.
        newer_than, older_than: read on from the run of this id, in one of the two directions.
    """
    runs = runs.select_related("started_by", "stage")
    if newer_than is not None:
        found = list(runs.filter(pk__gt=newer_than).order_by("pk")[: PAGE + 1])
        shown = found[:PAGE][::-1]
        has_newer, has_older = len(found) > PAGE, True
    else:
        older = runs.filter(pk__lt=older_than) if older_than is not None else runs
        found = list(older.order_by("-pk")[: PAGE + 1])
        shown = found[:PAGE]
        has_newer, has_older = older_than is not None, len(found) > PAGE
    return RunsPage(
        runs=in_words(shown, undos),
        newer_than=shown[0].pk if shown and has_newer else None,
        older_than=shown[-1].pk if shown and has_older else None,
    )


def runs_going() -> list[int]:
    """The runs that are going on now, the newest first. One query."""
    is_alive = Q(slices__gt=0) | Q(progressed_at__gt=timezone.now() - _SILENCE)
    return list(Run.objects.filter(is_alive, state=Run.State.RUNNING).order_by("-pk").values_list("pk", flat=True))
