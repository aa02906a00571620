"""Runs for tests: started and done, step by step or to their end."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Contact
from journeys.runs import actions
from journeys.runs.models import Run
from journeys.runs.operations import Act, Operation, Selection
from stages.models import Stage


def started(operation: Operation, contacts: Sequence[Contact], by: TeamMember, note: str = "") -> Run:
    """A run over these contacts of which nothing is done yet."""
    chosen = Selection(contacts=tuple(contact.pk for contact in contacts))
    preview = actions.make_preview(operation=operation, selection=chosen, by=by, note=note)
    return actions.start_run(preview=preview, by=by)


def done(run: Run) -> Run:
    """The run at its end."""
    assert actions.work_on_run(run=run.pk, seconds=60) is False
    return Run.objects.get(pk=run.pk)


def one_slice_of(run: Run) -> Run:
    """The run after one more of its slices."""
    actions._do_next_slice(run.pk)
    return Run.objects.get(pk=run.pk)


def moved(contacts: Sequence[Contact], to: Stage, by: TeamMember, **choices: Any) -> Run:
    """A run that moved contacts to a stage."""
    return done(started(Operation(Act.CHANGE_STATUS, Cause.BULK, stage=to.pk, **choices), contacts, by))


def lost(contacts: Sequence[Contact], by: TeamMember) -> Run:
    """A run that marked contacts lost."""
    return done(started(Operation(Act.MARK_LOST, Cause.BULK), contacts, by))


def undone(run: Run, by: TeamMember, **choices: Any) -> Run:
    """The run that undid another one."""
    return done(actions.start_run(preview=actions.preview_undo(run=run, by=by, **choices), by=by))


def a_worker_is_up(*, seconds_ago: int = 0) -> None:
    """A worker said so many seconds ago that it is alive."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s * interval '1 second')",
            [seconds_ago],
        )
