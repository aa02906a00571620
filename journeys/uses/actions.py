"""What uses a stage goes over to another one. Campaigns and web forms join in by one function each."""

import logging
from collections.abc import Callable

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from config.team.models import TeamMember
from journeys.rules.models import FunnelSettings, LabelRule
from journeys.runs.models import Run
from journeys.segments.models import Segment
from stages.models import Stage

logger = logging.getLogger(__name__)


def let_uses_follow(*, stage: Stage, to: Stage, by: TeamMember | None) -> None:
    """Have everything that names a stage name another one instead."""
    with transaction.atomic():
        for follow in FOLLOWERS:
            follow(stage, to)
    logger.info("What used stage %s uses stage %s now, by %s", stage.pk, to.pk, by.pk if by else "nobody")


def change_default(*, stage: Stage, to: Stage | None, by: TeamMember | None) -> bool:
    """Give new contacts another default status, or none, if this stage is it. Returns whether it was."""
    was = FunnelSettings.objects.filter(default_stage=stage).update(default_stage=to) == 1
    if was:
        logger.info("The default status became %s by %s", to.pk if to else "none", by.pk if by else "nobody")
    return was


def _default_follows(stage: Stage, to: Stage) -> None:
    FunnelSettings.objects.filter(default_stage=stage).update(default_stage=to)


def _label_rules_follow(stage: Stage, to: Stage) -> None:
    """A rule that is kept for the other stage already takes over the runs of its like."""
    for rule in LabelRule.objects.filter(stage=stage).order_by("pk"):
        kept = LabelRule.objects.filter(
            label=rule.label_id, stage=to, only_forward=rule.only_forward, leave_lost=rule.leave_lost
        ).first()
        if kept is None:
            LabelRule.objects.filter(pk=rule.pk).update(stage=to)
        else:
            Run.objects.filter(rule=rule).update(rule=kept)
            rule.delete()


def _segments_follow(stage: Stage, to: Stage) -> None:
    """Conditions that name the stage name the other one. Whoever is editing one of them is told."""
    for segment in Segment.objects.select_for_update().order_by("pk"):
        if stage.pk in segment.asks.stages:
            conditions = segment.asks.naming(to.pk, instead_of=stage.pk).as_json()
            Segment.objects.filter(pk=segment.pk).update(
                conditions=conditions, changed_at=timezone.now(), revision=F("revision") + 1
            )


FOLLOWERS: tuple[Callable[[Stage, Stage], None], ...] = (_default_follows, _label_rules_follow, _segments_follow)
