"""A campaign as its page shows it."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from journeys.campaigns import queries
from journeys.campaigns.foresight import foresee, in_a_sentence
from journeys.campaigns.models import Campaign, CampaignWatch
from journeys.campaigns.plan import Plan
from journeys.campaigns.problems import problems_of
from journeys.campaigns.sentences import what_it_does


def plan_context(campaign: Campaign) -> dict[str, Any]:
    """The plan with its counts, and what is wrong with it."""
    plan = Plan(campaign.steps.filter(removed_at=None))
    known, counts = queries.names(), queries.step_counts(campaign)
    problems = [] if campaign.has_ended else problems_of(campaign, plan)
    return {
        "campaign": campaign,
        "sources": list(campaign.sources.select_related("segment", "web_form")),
        "nodes": queries.nodes_of(plan, known, counts, problems),
        "problems": [problem for problem in problems if problem.step is None],
        "in_the_way": any(problem.is_in_the_way for problem in problems),
        "members": queries.members_of(campaign).count(),
        "arriving": queries.arriving(campaign),
        "waiting": sum(of_step.waiting for of_step in counts.values()),
        "watch": CampaignWatch.objects.filter(campaign=campaign).exclude(problem="").first(),
        "window": _window(campaign, timezone.now()),
    }


def _window(campaign: Campaign, now: datetime) -> str:
    """Why a campaign does not move anybody now although it is active; nothing if it does."""
    if campaign.publish_up and now < campaign.publish_up:
        return "pending"
    return "expired" if campaign.publish_down and now >= campaign.publish_down else ""


def foreseen(campaign: Campaign, now: datetime) -> str:
    """What would happen if whoever matches came in now, as a sentence."""
    plan = Plan(campaign.steps.filter(removed_at=None))
    known = queries.names()
    words = {step.pk: _verb(what_it_does(step, known)) for step in plan.steps if not step.is_condition}
    return in_a_sentence(foresee(campaign, plan, now), plan, words)


def _verb(what: str) -> str:
    return what[0].lower() + what[1:]
