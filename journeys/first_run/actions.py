"""The first run: whoever opens it becomes administrator, and the organisation decides what it begins with."""

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from config.team.actions import change_organisation, give_role, lock_team
from config.team.links.actions import LinkIsDead, use_link
from config.team.models import SingleUseLink, TeamMember
from config.team.queries import is_anybody_there
from config.team.roles import Role
from journeys.rules.actions import set_default_stage, use_movement_preset
from journeys.rules.movement import Preset
from stages.actions import change_stage
from stages.models import Stage

logger = logging.getLogger(__name__)


class StageRefused(Exception):
    """A stage cannot be called this. `errors` says why, by field."""

    def __init__(self, stage: Stage, errors: ValidationError) -> None:
        super().__init__(str(errors))
        self.stage, self.errors = stage, errors


@transaction.atomic
def set_up(
    *,
    link: SingleUseLink,
    email: str,
    name: str,
    password: str,
    organisation: Mapping[str, Any],
    preset: Preset,
    stages: Mapping[Stage, Mapping[str, Any]],
    default_stage: Stage | None,
    by: None,
) -> TeamMember:
    """Begin. All of it, or nothing.

    Args:
        link: from a first-run address.
        organisation: name, time_zone, first_day_of_week.
        stages: name and description of each stage in use.

    Returns: the administrator, in whose name the rest was written.

    Raises:
        LinkIsDead: it was used, or is too old; or somebody came in by the command line meanwhile.
        StageRefused
    """
    lock_team()
    if is_anybody_there():
        raise LinkIsDead
    use_link(link=link, by=by)
    administrator = TeamMember.objects.create_user(email, password, name=name)
    give_role(member=administrator, role=Role.ADMINISTRATOR, by=by)
    change_organisation(**organisation, by=administrator)
    for stage in _in_order_of_renaming(stages):
        try:
            change_stage(stage=stage, fields=stages[stage], by=administrator)
        except ValidationError as errors:
            raise StageRefused(stage, errors) from errors
    set_default_stage(stage=default_stage, by=administrator)
    use_movement_preset(preset=preset, by=administrator)
    logger.info("The first run was done by %s", administrator.pk)
    return administrator


def _in_order_of_renaming(stages: Mapping[Stage, Mapping[str, Any]]) -> list[Stage]:
    """A stage that takes the name of another one comes after that one has given it up."""
    waiting, order = list(stages), []
    while waiting:
        held = {stage.pk: stage.name.lower() for stage in waiting}
        free = [
            stage
            for stage in waiting
            if stages[stage]["name"].lower() not in {name for pk, name in held.items() if pk != stage.pk}
        ]
        order += free or waiting
        waiting = [stage for stage in waiting if stage not in free] if free else []
    return order
