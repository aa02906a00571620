"""Retiring stages: gone from lists at once, named by history for good; their contacts move on."""

from collections.abc import Sequence

from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.status.actions import change_status
from journeys.status.models import FunnelStatus
from stages import actions as stages_actions

SLICE = 20_000
"""So many contacts are looked up at once."""


def retire_stages(*, stages: Sequence[int], by: TeamMember | None) -> list[int]:
    """Retire stages and leave their contacts in none. Who is lost from one stays lost from it.

    First the stages close for good, then contacts move, slice by slice: nobody comes in behind them.

    Returns: the ids of those that were in use.
    """
    retired = stages_actions.retire_stages(stages=stages, by=by)
    standing = FunnelStatus.objects.filter(stage__in=retired, lost_at=None).order_by("pk")
    last = 0
    while retired and (contacts := list(standing.filter(pk__gt=last).values_list("pk", flat=True)[:SLICE])):
        change_status(contacts=contacts, to=None, cause=Cause.STAGE_RETIRED, by=by)
        last = contacts[-1]
    return retired
