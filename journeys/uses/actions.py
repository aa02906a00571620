"""What uses a stage, or a label, goes over to another one. Campaigns join in by one function each."""

import logging
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from config.team.models import TeamMember
from contacts.models import Label
from journeys.campaigns.models import Campaign, CampaignStep
from journeys.rules.models import FunnelSettings, LabelRule
from journeys.runs.models import Run
from journeys.segments.conditions import Conditions
from journeys.segments.models import Segment
from journeys.webforms.models import WebForm
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
    for rule in LabelRule.objects.filter(stage=stage).order_by("pk"):
        _say_otherwise(rule, stage=to)


def _say_otherwise(rule: LabelRule, **changed: Stage | Label) -> None:
    """Have a rule name something else. One that is kept for that already takes over the runs of its like."""
    said = {name: getattr(rule, name) for name in ("label", "stage", "only_forward", "leave_lost")} | changed
    kept = LabelRule.objects.filter(**said).first()
    if kept is None:
        LabelRule.objects.filter(pk=rule.pk).update(**changed)
    else:
        Run.objects.filter(rule=rule).update(rule=kept)
        rule.delete()


def _segments_follow(stage: Stage, to: Stage) -> None:
    for segment in Segment.objects.select_for_update().order_by("pk"):
        if stage.pk in segment.asks.stages:
            _ask_otherwise(segment, segment.asks.naming(to.pk, instead_of=stage.pk))


def _ask_otherwise(segment: Segment, conditions: Conditions) -> None:
    """Give a segment conditions that name something else. Whoever is editing it is told."""
    Segment.objects.filter(pk=segment.pk).update(
        conditions=conditions.as_json(), changed_at=timezone.now(), revision=F("revision") + 1
    )


def _web_forms_follow(stage: Stage, to: Stage) -> None:
    _give_otherwise(WebForm.objects.filter(stage=stage), stage=to)


def _give_otherwise(forms: QuerySet[WebForm], **changed: Any) -> None:
    """Have web forms give something else. Whoever is editing one is told."""
    forms.update(changed_at=timezone.now(), revision=F("revision") + 1, **changed)


def _campaigns_follow(stage: Stage, to: Stage) -> None:
    for step in CampaignStep.objects.filter(Q(stage=stage) | Q(stages__contains=[stage.pk])).order_by("pk"):
        asked = dict.fromkeys(to.pk if pk == stage.pk else pk for pk in step.stages)
        CampaignStep.objects.filter(pk=step.pk).update(
            stage=to if step.stage_id == stage.pk else step.stage_id, stages=list(asked)
        )
        _say_that_it_changed(step)


def _say_that_it_changed(step: CampaignStep) -> None:
    """Whoever is editing the campaign is told, and a slice under way goes by the new plan."""
    Campaign.objects.filter(pk=step.campaign_id).update(changed_at=timezone.now(), revision=F("revision") + 1)


FOLLOWERS: tuple[Callable[[Stage, Stage], None], ...] = (
    _default_follows,
    _label_rules_follow,
    _segments_follow,
    _web_forms_follow,
    _campaigns_follow,
)


# Labels


def let_uses_of_label_follow(*, label: Label, to: Label, by: TeamMember | None) -> None:
    """Have everything that names a label name another one instead."""
    with transaction.atomic():
        for follow in FOLLOWERS_OF_LABELS:
            follow(label, to)
    logger.info("What used label %s uses label %s now, by %s", label.pk, to.pk, by.pk if by else "nobody")


def _label_rules_follow_label(label: Label, to: Label) -> None:
    for rule in LabelRule.objects.filter(label=label).order_by("pk"):
        _say_otherwise(rule, label=to)


def _segments_follow_label(label: Label, to: Label) -> None:
    for segment in Segment.objects.select_for_update().order_by("pk"):
        if label.pk in segment.asks.labels:
            _ask_otherwise(segment, segment.asks.naming_label(to.pk, instead_of=label.pk))


def _web_forms_follow_label(label: Label, to: Label) -> None:
    forms = list(WebForm.objects.filter(labels=label).order_by("pk"))
    for form in forms:
        form.labels.add(to)
        form.labels.remove(label)
    _give_otherwise(WebForm.objects.filter(pk__in=[form.pk for form in forms]))


def _campaigns_follow_label(label: Label, to: Label) -> None:
    for step in CampaignStep.objects.filter(label=label).order_by("pk"):
        CampaignStep.objects.filter(pk=step.pk).update(label=to)
        _say_that_it_changed(step)


FOLLOWERS_OF_LABELS: tuple[Callable[[Label, Label], None], ...] = (
    _label_rules_follow_label,
    _segments_follow_label,
    _web_forms_follow_label,
    _campaigns_follow_label,
)
