"""Campaigns for tests: built in one line, and worked on until nothing is left to do."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from config.team.models import TeamMember
from contacts.models import Contact, Label
from journeys.campaigns import actions
from journeys.campaigns.models import Campaign, CampaignMember, CampaignStep, Turn
from journeys.campaigns.plan import Plan
from journeys.campaigns.work import plan_of, with_work, work_on_campaign
from journeys.segments.conditions import Condition, Conditions, Operator
from journeys.segments.models import Segment
from stages.models import Stage

Kind, Unit, When = CampaignStep.Kind, CampaignStep.Unit, CampaignStep.When


def carrying(label: Label, by: TeamMember, name: str = "") -> Segment:
    """The segment of whoever carries a label."""
    conditions = Conditions(((Condition("label", Operator.CARRIED, label=label.pk),),))
    return Segment.objects.create(
        name=name or f"carry {label}", conditions=conditions.as_json(), owner=by, is_for_all=True
    )


def campaign_of(by: TeamMember, *segments: Segment, name: str = "Win-back", **values: Any) -> Campaign:
    """A draft without steps whose contacts come from these segments."""
    campaign = actions.create_campaign(values={"name": name, **values}, by=by)
    actions.set_sources(campaign=campaign, seen=1, segments=segments, web_forms=[], by=by)
    return Campaign.objects.get(pk=campaign.pk)


def add(campaign: Campaign, by: TeamMember, kind: str, *below: Any, **values: Any) -> CampaignStep:
    """Add a step at the end of a branch: at the top, or below a condition in its `"yes"` or `"no"`."""
    parent, branch = below or (None, "")
    seen = Campaign.objects.get(pk=campaign.pk).revision
    said = {"kind": kind, "name": Kind(kind).label, **values}
    return actions.add_step(campaign=campaign, seen=seen, parent=parent, branch=branch, values=said, by=by)


def move_to(stage: Stage, **values: Any) -> dict[str, Any]:
    """The values of a step that moves contacts to a stage."""
    return {"kind": Kind.CHANGE_STAGE, "stage": stage, **values}


def after(amount: int, unit: str) -> dict[str, Any]:
    return {"when": When.AFTER, "amount": amount, "unit": unit}


def active(campaign: Campaign, by: TeamMember) -> Campaign:
    """The campaign, switched on."""
    actions.activate_campaign(campaign=campaign, by=by)
    return Campaign.objects.get(pk=campaign.pk)


def paused(campaign: Campaign, by: TeamMember) -> Campaign:
    actions.pause_campaign(campaign=campaign, by=by)
    return Campaign.objects.get(pk=campaign.pk)


def work(campaign: Campaign, now: datetime | None = None) -> None:
    """Do all that is due at this moment, and nothing of what is not."""
    while campaign.pk in with_work(now):
        work_on_campaign(campaign=campaign.pk, seconds=60, now=now)


def work_until(campaign: Campaign, moments: Iterable[datetime]) -> None:
    for moment in moments:
        work(campaign, moment)


def turns(contact: Contact, campaign: Campaign) -> list[tuple[str, str]]:
    """The steps of a contact by name in the order of the plan, round by round, and what became of each: waiting or its
    outcome."""
    plan: Plan = plan_of(campaign)
    names = {step.pk: (plan.position(step.pk) if step.pk in plan else -1, step.name) for step in campaign.steps.all()}
    found = Turn.objects.filter(contact=contact, step__campaign=campaign)
    rows = sorted((turn.round, *names[turn.step_id], turn.outcome or "waiting") for turn in found)
    return [(name, outcome) for _, _, name, outcome in rows]


def members(campaign: Campaign) -> list[tuple[int, int, str]]:
    """Who is in a campaign: contact, round, and how they came in."""
    found = CampaignMember.objects.filter(campaign=campaign, left_at=None).order_by("contact_id")
    return list(found.values_list("contact_id", "round", "how"))


def days(since: datetime, *numbers: int) -> Sequence[datetime]:
    return [since + timedelta(days=number) for number in numbers]
