"""Reads of the list of runs: a page of it, each in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from config.team.roles import Role
from journeys.paging import newest_first
from journeys.runs import results
from journeys.runs.models import Run
from journeys.runs.undos import Undo, can_be_undone, roles_to_undo, undos

PAGE = 50
"""So many runs are shown at once."""

_SILENCE = timedelta(minutes=2)
"""An import of which nothing was heard for so long has ended without saying so."""


@dataclass(frozen=True, slots=True)
class RunInWords:
    """A run as lists say it.

    Attributes:
        undo: its latest undo.
        role_to_undo: who may undo it; None where there is nothing to undo.
    """

    run: Run
    when: str
    by: str
    undo: Undo | None = None
    role_to_undo: Role | None = None

    @property
    def came_of(self) -> str:
        return results.came_of(self.run)

    def __str__(self) -> str:
        return results.in_one_line(self.run, when=self.when, by=self.by)


def in_words(runs: Sequence[Run], found: Mapping[int, Undo]) -> list[RunInWords]:
    """Runs in words, in their order, in the time zone of the person who reads. One query.

    Args:
        runs: read with `started_by`.
        found: as `journeys.runs.undos.undos` gives them.
    """
    roles = roles_to_undo([run for run in runs if can_be_undone(run, found.get(run.pk))])
    now = timezone.localtime()
    return [
        RunInWords(
            run,
            when=results.when_said(timezone.localtime(run.started_at), now),
            by=str(run.started_by or ""),
            undo=found.get(run.pk),
            role_to_undo=roles.get(run.pk),
        )
        for run in runs
    ]


def recent_runs(count: int) -> list[RunInWords]:
    """The newest runs in words. Three queries."""
    return in_words(list(Run.objects.select_related("started_by").order_by("-pk")[:count]), undos())


@dataclass(frozen=True, slots=True)
class RunsPage:
    """Runs, the newest first, and the ids to read on from in both directions."""

    runs: list[RunInWords]
    newer_than: int | None = None
    older_than: int | None = None


def runs_page(
    runs: QuerySet[Run], found: Mapping[int, Undo], *, newer_than: int | None = None, older_than: int | None = None
) -> RunsPage:
    """A page of these runs, the newest first, at a cost that does not grow with how far one has read. Two queries.

    Args:
        found: as `journeys.runs.undos.undos` gives them.
        newer_than, older_than: read on from the run of this id, in one of the two directions.
    """
    part = newest_first(runs.select_related("started_by", "stage"), PAGE, newer_than=newer_than, older_than=older_than)
    return RunsPage(in_words(part.rows, found), part.newer_than, part.older_than)


def runs_going() -> list[int]:
    """The runs that are going on now, the newest first. One query."""
    is_alive = Q(slices__gt=0) | Q(progressed_at__gt=timezone.now() - _SILENCE)
    return list(Run.objects.filter(is_alive, state=Run.State.RUNNING).order_by("-pk").values_list("pk", flat=True))
