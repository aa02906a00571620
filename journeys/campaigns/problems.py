"""Why a campaign cannot work, or may not work as somebody wants it to: each as a sentence, beside what it is about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from contacts.models import Label
from journeys.campaigns.models import Campaign, CampaignSource, CampaignStep
from journeys.campaigns.plan import Plan
from journeys.rules.queries import funnel_settings
from journeys.segments.models import Segment
from stages.models import Stage

Kind = CampaignStep.Kind

OPENS = "{} moves contacts because of opens; mail programs open mail by themselves."


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that somebody should know before a campaign is switched on.

    Attributes:
        step: whose problem it is; None for that of the whole campaign.
        is_in_the_way: with it the campaign is not switched on.
    """

    sentence: str
    step: int | None = None
    is_in_the_way: bool = False


def problems_of(campaign: Campaign, plan: Plan, now: datetime | None = None) -> list[Problem]:
    """Every problem of a campaign, the ones of the whole first. At most six queries."""
    now = now or timezone.now()
    sources = list(campaign.sources.select_related("segment", "web_form"))
    return [*_of_the_whole(campaign, plan, sources, now), *_Steps(plan, sources, now).problems()]


def _of_the_whole(
    campaign: Campaign, plan: Plan, sources: Sequence[CampaignSource], now: datetime
) -> Iterator[Problem]:
    if not sources:
        yield Problem("It has no segment and no web form: contacts come in by hand alone.")
    if not plan.steps:
        yield Problem("It has no step. Add one.", is_in_the_way=True)
    if campaign.publish_down and campaign.publish_down <= now:
        yield Problem("The time until which it is published has passed.", is_in_the_way=True)
    for source in sources:
        if source.segment and speaks_of_opens(source.segment):
            yield Problem(OPENS.format(f"The segment {source.segment}"))
        if source.web_form and not source.web_form.is_open:
            yield Problem(f"The web form {source.web_form} is closed: nobody comes in from it.")


def speaks_of_opens(segment: Segment) -> bool:
    """Whether a segment asks when somebody last opened mail."""
    return any(condition.field == "last_open_at" for condition in segment.asks)


class _Steps:
    """The steps of a plan beside what they name."""

    def __init__(self, plan: Plan, sources: Sequence[CampaignSource], now: datetime) -> None:
        self.plan, self.now = plan, now
        self.segments = [source.segment for source in sources if source.segment]
        self.stages = Stage.objects.in_bulk()
        self.labels = Label.objects.in_bulk([step.label_id for step in plan.steps if step.label_id])
        self.reason_required = funnel_settings().lost_reason_required
        asked = [step.segment_id for step in plan.steps if step.segment_id]
        self.asked = Segment.objects.in_bulk(asked) if asked else {}

    def problems(self) -> Iterator[Problem]:
        for step in self.plan.steps:
            yield from (Problem(sentence, step.pk, is_in_the_way=True) for sentence in self._in_the_way(step))
            yield from (Problem(sentence, step.pk) for sentence in self._doubts(step))

    def _in_the_way(self, step: CampaignStep) -> Iterator[str]:
        match step.kind:
            case Kind.IN_STAGES if not [pk for pk in step.stages if self._is_in_use(pk)]:
                yield "It asks for no stage that is in use. Choose one."
            case Kind.CHANGE_STAGE if not self._is_in_use(step.stage_id):
                yield "The stage is missing or was retired. Choose another one."
            case Kind.CARRIES_LABEL | Kind.PUT_ON_LABEL | Kind.TAKE_OFF_LABEL if step.label_id not in self.labels:
                yield "The label was deleted. Choose another one."

    def _is_in_use(self, stage: int | None) -> bool:
        found = self.stages.get(stage or 0)
        return found is not None and found.retired_at is None

    def _doubts(self, step: CampaignStep) -> Iterator[str]:
        if step.is_condition and not self.plan.below(step):
            yield "Neither its yes nor its no has a step, so that it changes nothing."
        if (segment := self.asked.get(step.segment_id or 0)) and speaks_of_opens(segment):
            yield OPENS.format(f"The segment {segment}")
        match step.kind:
            case Kind.CHANGE_STAGE if self._is_in_use(step.stage_id):
                yield from self._doubts_about_stage(self.stages[step.stage_id or 0])
            case Kind.MARK_LOST if self.reason_required and step.lost_reason_id is None:
                yield "A reason is required when a contact is marked lost. Without one contacts are refused."
            case Kind.PUT_ON_LABEL | Kind.TAKE_OFF_LABEL if step.label_id in self.labels:
                yield from self._doubts_about_label(self.labels[step.label_id or 0])

    def _doubts_about_stage(self, stage: Stage) -> Iterator[str]:
        if not stage.is_open(self.now):
            yield f"{stage} is closed now: until it is open, contacts are refused."
        for segment in self.segments:
            if stage.pk in segment.asks.stages:
                yield (
                    f"The segment {segment} asks about {stage}. Whoever leaves it by this move leaves the campaign, "
                    "and what waits for them is cancelled."
                )

    def _doubts_about_label(self, label: Label) -> Iterator[str]:
        for segment in self.segments:
            if label.pk in segment.asks.labels:
                yield f"The segment {segment}, from which contacts come in, asks about the label {label} itself."
