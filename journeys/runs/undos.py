"""Which runs are undone, by which run; and which can be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q

from config.team.roles import Role
from contacts.causes import Cause
from journeys.rules.models import LabelRule
from journeys.runs.models import Run
from journeys.runs.operations import Act, Operation, needed_role

UNDOABLE = frozenset({Run.Kind.LABEL_RULE, Run.Kind.BULK, Run.Kind.DEFAULT, Run.Kind.UNDO})
"""Imports are undone on a page of their own, for good; what a retired or merged stage moved is not put back."""


@dataclass(frozen=True, slots=True)
class Undo:
    """A run that undid another one, or is about to.

    Attributes:
        run: its id; `since` when it ended, or went on last.
        undone_by: the run that undid this one in its turn.
    """

    run: int
    state: str
    since: datetime
    undone_by: "Undo | None" = None

    @property
    def is_running(self) -> bool:
        return self.state == Run.State.RUNNING

    @property
    def is_in_part(self) -> bool:
        """It was cancelled: what it did not come to is as the undone run left it."""
        return self.state == Run.State.CANCELLED

    @property
    def is_in_force(self) -> bool:
        return self.undone_by is None or not self.undone_by.is_in_force


def undos() -> dict[int, Undo]:
    """The latest undo of every run that has one, by the run undone; undos that put nobody back left out. One query."""
    rows = (
        Run.objects.filter(Q(updated__gt=0) | Q(state=Run.State.RUNNING), undoes__isnull=False)
        .order_by("-pk")
        .values_list("pk", "undoes_id", "state", "progressed_at", "finished_at")
    )
    found: dict[int, Undo] = {}
    for pk, undone, state, progressed_at, finished_at in rows:
        found.setdefault(undone, Undo(pk, state, finished_at or progressed_at, undone_by=found.get(pk)))
    return found


def undo_of_last_run(rule: LabelRule) -> Undo | None:
    """The undo of the last run of a label rule, if it is in force. At most two queries."""
    last = Run.objects.filter(rule=rule).order_by("-pk").first()
    undo = undos().get(last.pk) if last else None
    return undo if undo and undo.is_in_force else None


def runs_undone(found: dict[int, Undo]) -> list[int]:
    """The runs that are undone now: what undid them was not undone itself."""
    return [undone for undone, undo in found.items() if undo.is_in_force]


def can_be_undone(run: Run, undo: Undo | None) -> bool:
    """Whether there is something of a run to put back; of one that has an undo, that one is undone instead.

    Args:
        undo: the latest undo of the run.
    """
    is_open = undo is None or (undo.is_in_part and undo.is_in_force)
    is_undoable = run.kind in UNDOABLE and run.operation and not run.is_running and run.updated and is_open
    if run.operation.get("act") == Act.UNDO_IMPORT:
        return False
    return bool(is_undoable and (run.details_dropped_at is None or is_in_history(run)))


def is_in_history(run: Run) -> bool:
    """Whether the status history says, for good, whom the run changed. Of labels and accounts that is a detail."""
    return not run.operation or Operation.read(run.operation).moves


def why_not_undone(run: Run, undo: Undo | None) -> str:
    """Why there is nothing of a run to put back, as a sentence.

    Args:
        undo: the latest undo of the run.
    """
    if run.is_running:
        return "The run is still going on. Cancel it first."
    if undo and undo.undone_by:
        return f"Run {undo.run} undid this run, and run {undo.undone_by.run} undid that one in turn."
    if undo:
        return f"Run {undo.run} undid this run already."
    if run.details_dropped_at and run.updated and not is_in_history(run):
        return "Whom it changed is not kept any more. Settings → Retention says for how long it is."
    return "There is nothing that this run could put back."


_ACTS = """
    WITH RECURSIVE chain (run, below) AS (
        SELECT id, id FROM journeys_run WHERE id = ANY (%s)
        UNION ALL
        SELECT run, undoes_id FROM chain JOIN journeys_run ON id = below WHERE undoes_id IS NOT NULL
    )
    SELECT run, operation ->> 'act' FROM chain JOIN journeys_run ON id = below WHERE undoes_id IS NULL
"""


def roles_to_undo(runs: Sequence[Run]) -> dict[int, Role]:
    """Who may undo each of these runs, as `journeys.runs.queries.role_to_start` says of one. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_ACTS, [[run.pk for run in runs]])
        acts = {run: Act(act) for run, act in cursor.fetchall() if act}
    return {run.pk: needed_role(Operation(acts[run.pk], Cause.UNDO), run.records) for run in runs if run.pk in acts}
