"""Segments for tests, and forms as a browser posts them."""

from typing import Any

from config.team.models import TeamMember
from journeys.segments.actions import create_segment
from journeys.segments.conditions import Condition, Conditions, Operator, Place
from journeys.segments.models import Segment
from stages.models import Stage


def in_stage(stage: Stage, *others: Condition) -> Conditions:
    """In a stage and not lost, and whatever else has to hold."""
    return Conditions(((Condition("status", Operator.IS, place=Place(str(stage.pk))), *others),))


def segment_of(stage: Stage, by: TeamMember, **given: Any) -> Segment:
    """A segment of whoever is in a stage; for everybody unless it says otherwise."""
    fields = {"name": "Fans", "conditions": in_stage(stage), "is_for_all": True} | given
    return create_segment(**fields, by=by)


def posted(*groups: list[dict[str, str]], **fields: str) -> dict[str, str]:
    """What the builder posts for these conditions."""
    conditions = {
        f"{number}-{place}-{name}": value
        for number, group in enumerate(groups)
        for place, condition in enumerate(group)
        for name, value in condition.items()
    }
    return {"name": "Fans", "description": "", **fields, **conditions}


def is_in(stage: Stage) -> dict[str, str]:
    """The condition that a contact is in a stage, as it is typed."""
    return {"field": "status", "operator": "is", "place": str(stage.pk)}
