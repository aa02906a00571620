"""Reads of what the organisation decided about moves."""

from contacts.causes import Cause
from journeys.rules.models import FunnelSettings, MovementRule
from journeys.status.models import LostReason
from journeys.status.transitions import PEOPLE_DECIDE, MovementRules, Permission, Policy


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
