"""Reads of what the organisation decided about moves: label rules, default status, movement rules, lost reasons."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Count, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Lower
from django.db.models.lookups import Exact
from django.utils import timezone

from contacts.causes import Cause
from contacts.models import CarriedLabel
from journeys.reports.queries import funnel_at
from journeys.rules.models import FunnelSettings, LabelRule, MovementRule
from journeys.runs.models import Run
from journeys.runs.undos import Undo, undos
from journeys.status.models import LostReason
from journeys.status.transitions import PEOPLE_DECIDE, MovementRules, Permission, Policy

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def movement_policy() -> Policy:
    """The movement rules in force: as shipped, with the organisation's own cells over them. One query."""
    return PEOPLE_DECIDE | {
        Cause(rule.cause): MovementRules(Permission(rule.to_lower_weight), Permission(rule.onto_lost))
        for rule in MovementRule.objects.all()
    }


def funnel_settings() -> FunnelSettings:
    """Default stage (may be closed) and whether a lost reason is required. One query."""
    return FunnelSettings.objects.select_related("default_stage").get()


def all_lost_reasons() -> list[LostReason]:
    """Every lost reason in its order, those retired included. One query."""
    return list(LostReason.objects.all())


def lost_reason_called(said: int | str) -> LostReason | None:
    """The reason in use of this id, or of this name whatever its case. One query."""
    reasons = LostReason.objects.filter(is_retired=False)
    if isinstance(said, int):
        return reasons.filter(pk=said).first()
    return reasons.filter(Exact(Lower("name"), Lower(Value(said)))).first()


def how_many_without_stage() -> tuple[int, int]:
    """How many contacts stand in no stage, and how many of them are lost. Two queries."""
    funnel = funnel_at()
    lost = funnel.lost_from(None)
    return funnel.without_status + lost, lost


@dataclass(frozen=True, slots=True)
class KeptRule:
    """A label rule with its last run.

    Attributes:
        more: so many contacts carry the label since the last run; of a rule that never ran, all that carry it.
        last_run, undo: None if it never ran, and if the last run is not undone.
    """

    rule: LabelRule
    more: int
    last_run: Run | None
    undo: Undo | None

    @property
    def is_open(self) -> bool:
        """Whether it could move anybody now."""
        return self.rule.stage.is_open(timezone.now())


def kept_rules() -> list[KeptRule]:
    """Every label rule, the newest first. One query for them and all that carry their labels, and two for the runs."""
    last = Run.objects.filter(rule=OuterRef("pk")).order_by("-pk")
    carriers = CarriedLabel.objects.filter(label=OuterRef("label"), since__gt=OuterRef("last_frozen"))
    rules = list(
        LabelRule.objects.select_related("label", "stage")
        .annotate(
            last_run=Subquery(last.values("pk")[:1]),
            last_frozen=Coalesce(Subquery(last.values("frozen_at")[:1]), Value(NEVER)),
        )
        .annotate(more=Subquery(carriers.order_by().values("label").annotate(count=Count("*")).values("count")))
    )
    runs = Run.objects.select_related("started_by").in_bulk([rule.last_run for rule in rules if rule.last_run])
    in_force = {run: undo for run, undo in undos().items() if undo.is_in_force}
    return [KeptRule(rule, rule.more or 0, runs.get(rule.last_run), in_force.get(rule.last_run)) for rule in rules]
