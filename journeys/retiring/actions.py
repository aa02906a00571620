"""The end of a stage: gone from lists at once, named by history for good; its contacts are moved by a run.

The stage is closed for good first, then whoever stands in it is frozen, in one transaction. Whoever moves contacts
holds the stage they go to until they are there. So those who came first are waited for and moved with the rest, and
those who come later find the stage retired: nobody comes in behind the run.
"""

import logging
from collections.abc import Sequence

from django.db import transaction

from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.retiring.queries import run_out_of, stages_with_contacts
from journeys.rules.queries import funnel_settings
from journeys.runs.actions import start_moving_out
from journeys.runs.models import Run
from journeys.runs.operations import Act, Operation
from journeys.uses.actions import change_default, let_uses_follow
from stages import actions as stages_actions
from stages.models import Stage

logger = logging.getLogger(__name__)


class BeingEmptied(Exception):
    """The stage was retired before, and `run` is moving its contacts."""

    def __init__(self, run: Run) -> None:
        super().__init__("This stage is being emptied already.")
        self.run = run


def retire_stage(
    *, stage: Stage, to: Stage | None, by: TeamMember | None, note: str = "", default: Stage | None = None
) -> Run:
    """Retire a stage, and start a run that moves all in it, lost or not, to another one or to none. Lost stay lost.

    A stage that was retired before, and in which contacts were left, is emptied in the same way. A small run is left
    to the caller to be done: `journeys.runs.shown.do_if_small`.

    Args:
        to: a stage in use.
        note: kept with the run.
        default: the default status from now on, if the stage was it.

    Raises:
        Stage.DoesNotExist: the stage to go to was retired.
        BeingEmptied: it was retired before, and its contacts are being moved.
    """
    with transaction.atomic():
        _retire(stage, to, by)
        change_default(stage=stage, to=default, by=by)
        return _move_out(stage, to, Cause.STAGE_RETIRED, by, note)


def retire_stages(*, stages: Sequence[Stage], by: TeamMember | None) -> list[Run]:
    """Retire stages as applications do, many at once: contacts go to none, by a run for each stage that has any.

    Small runs are left to the caller, as by `retire_stage`. Those retired before are left alone.
    """
    with transaction.atomic():
        retired = set(stages_actions.retire_stages(stages=[stage.pk for stage in stages], by=by))
        default = funnel_settings().default_stage
        if default and default.pk in retired:
            change_default(stage=default, to=None, by=by)
        occupied = stages_with_contacts(retired)
        return [_move_out(stage, None, Cause.STAGE_RETIRED, by, "") for stage in stages if stage.pk in occupied]


def merge_stages(*, stage: Stage, into: Stage, by: TeamMember | None, note: str = "") -> Run:
    """Retire a stage, let what uses it use another one, and start a run that moves all in it there. Lost stay lost.

    The arguments, and what is raised, are those of `retire_stage`.
    """
    with transaction.atomic():
        _retire(stage, into, by)
        let_uses_follow(stage=stage, to=into, by=by)
        return _move_out(stage, into, Cause.STAGE_MERGED, by, note)


def _retire(stage: Stage, to: Stage | None, by: TeamMember | None) -> None:
    retired = stages_actions.retire_stages(stages=[stage.pk], kept=to.pk if to else None, by=by)
    if not retired and (run := run_out_of(stage)):
        raise BeingEmptied(run)
    logger.info("Stage %s was retired by %s", stage.pk, by.pk if by else "nobody")


def _move_out(stage: Stage, to: Stage | None, cause: Cause, by: TeamMember | None, note: str) -> Run:
    operation = Operation(Act.MOVE_OUT, cause, stage=to.pk if to else None, leaves=stage.pk)
    return start_moving_out(operation=operation, by=by, note=note)
