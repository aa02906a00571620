"""What steps say and what became of a turn, as a person would say it: pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.formats import date_format

from journeys.campaigns.models import CampaignStep, Turn
from journeys.status.transitions import Refusal

Kind, When = CampaignStep.Kind, CampaignStep.When

_GONE = {
    "stages": "a stage that is gone",
    "labels": "a label that was deleted",
    "segments": "a segment that was deleted",
    "reasons": "a reason that is gone",
}


@dataclass(frozen=True, slots=True)
class Names:
    """What steps may name, by id."""

    stages: Mapping[int, str] = field(default_factory=dict)
    labels: Mapping[int, str] = field(default_factory=dict)
    segments: Mapping[int, str] = field(default_factory=dict)
    reasons: Mapping[int, str] = field(default_factory=dict)

    def of(self, what: str, pk: int | None) -> str:
        names: Mapping[int, str] = getattr(self, what)
        return names.get(pk or 0, _GONE[what])


def what_it_does(step: CampaignStep, names: Names) -> str:
    """What a condition asks or an action does: "Is in Aware or Engaged?", "Move to Customer"."""
    match step.kind:
        case Kind.IN_STAGES:
            stages = " or ".join(names.of("stages", pk) for pk in step.stages)
            return f"Is in {stages or 'no stage'}?"
        case Kind.CARRIES_LABEL:
            return f"Carries {names.of('labels', step.label_id)}?"
        case Kind.MATCHES_SEGMENT:
            return f"Matches {names.of('segments', step.segment_id)}?"
        case Kind.IS_LOST:
            return "Is lost?"
        case Kind.CHANGE_STAGE:
            return f"Move to {names.of('stages', step.stage_id)}"
        case Kind.PUT_ON_LABEL:
            return f"Add label {names.of('labels', step.label_id)}"
        case Kind.TAKE_OFF_LABEL:
            return f"Remove label {names.of('labels', step.label_id)}"
    return f"Mark lost: {names.of('reasons', step.lost_reason_id)}" if step.lost_reason_id else "Mark lost"


def when_it_is_due(step: CampaignStep) -> str:
    """When a step is done, in the reader's zone: "immediately", "after 3 days", "at 3 May 2026, 14:05"."""
    match step.when:
        case When.AFTER:
            unit = step.unit.removesuffix("s") if step.amount == 1 else step.unit
            return f"after {step.amount:,} {unit}"
        case When.AT if step.at:
            return f"at {date_format(timezone.localtime(step.at), 'DATETIME_FORMAT')}"
    return "immediately"


_CHANGED = {
    Kind.CHANGE_STAGE: "Moved.",
    Kind.PUT_ON_LABEL: "Label added.",
    Kind.TAKE_OFF_LABEL: "Label removed.",
    Kind.MARK_LOST: "Marked lost.",
}

_UNCHANGED = {
    Kind.CHANGE_STAGE: "Contact is already in this stage.",
    Kind.PUT_ON_LABEL: "Contact carries the label already.",
    Kind.TAKE_OFF_LABEL: "Contact does not carry the label.",
    Kind.MARK_LOST: "Contact is lost already.",
}


def outcome_in_words(step: CampaignStep, outcome: str) -> str:
    """What became of a turn at a step, in Mautic's words where it has any."""
    match outcome:
        case "":
            return "Waiting."
        case Turn.YES | Turn.NO:
            return f"{outcome.capitalize()}."
        case Turn.CHANGED:
            return _CHANGED[Kind(step.kind)]
        case Turn.UNCHANGED:
            return _UNCHANGED[Kind(step.kind)]
        case Turn.LEFT:
            return "Contact removed from campaign."
        case Turn.REMOVED:
            return "The step was removed from the campaign."
    return REFUSALS[outcome]


def is_refusal(outcome: str) -> bool:
    """Whether an action was not able to do what it says."""
    return outcome in REFUSALS


REFUSALS: Mapping[str, str] = {str(refusal): refusal.sentence for refusal in Refusal}
"""Why an action was not able to do what it says, by the outcome of the turn."""
