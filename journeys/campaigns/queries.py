"""Reads of campaigns: which there are, how many went through each step, and what became of a contact."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, F, QuerySet

from contacts.models import Contact, FormerLabel, Label
from journeys.campaigns.models import Campaign, CampaignArrival, CampaignMember, CampaignStep, Turn
from journeys.campaigns.plan import TOP, Branch, Plan
from journeys.campaigns.problems import Problem
from journeys.campaigns.sentences import Names, is_refusal, outcome_in_words, what_it_does, when_it_is_due
from journeys.paging import Part, newest_first
from journeys.segments.models import Segment
from journeys.status.models import LostReason
from stages.models import Stage

PAGE = 50


def names() -> Names:
    """What steps may name, as it is called now; of labels that are gone, as they were called. Five queries."""
    gone = dict(FormerLabel.objects.values_list("pk", "name"))
    return Names(
        stages=dict(Stage.objects.values_list("pk", "name")),
        labels=gone | dict(Label.objects.values_list("pk", "name")),
        segments=dict(Segment.objects.values_list("pk", "name")),
        reasons=dict(LostReason.objects.values_list("pk", "name")),
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """A campaign in the list: how many contacts are in it, and for how many turns somebody waits."""

    campaign: Campaign
    members: int
    waiting: int
    sources: list[str]


def campaigns() -> list[Listed]:
    """Every campaign, by name. Four queries."""
    members = dict(CampaignMember.objects.filter(left_at=None).values_list("campaign").annotate(count=Count("*")))
    waiting = dict(Turn.objects.filter(done_at=None).values_list("step__campaign").annotate(count=Count("*")))
    found = Campaign.objects.prefetch_related("sources__segment", "sources__web_form")
    return [
        Listed(one, members.get(one.pk, 0), waiting.get(one.pk, 0), [str(source) for source in one.sources.all()])
        for one in found
    ]


def arriving(campaign: Campaign) -> int:
    """How many contacts are about to come in: nobody once it has ended. One query."""
    if campaign.has_ended:
        return 0
    arrivals = CampaignArrival.objects.filter(campaign=campaign)
    return sum(len(contacts) for contacts in arrivals.values_list("contacts", flat=True))


@dataclass(slots=True)
class StepCounts:
    """How many turns there were at a step: `entered` is all of them, and of those done some were refused."""

    waiting: int = 0
    done: int = 0
    refused: int = 0
    yes: int = 0
    no: int = 0

    @property
    def entered(self) -> int:
        return self.waiting + self.done


def step_counts(campaign: Campaign) -> dict[int, StepCounts]:
    """The counts of each step, by its id. One query."""
    counts: dict[int, StepCounts] = defaultdict(StepCounts)
    turns = Turn.objects.filter(step__campaign=campaign).exclude(outcome__in=[Turn.LEFT, Turn.REMOVED])
    for step, outcome, count in turns.values_list("step", "outcome").annotate(count=Count("*")):
        of_step = counts[step]
        if not outcome:
            of_step.waiting += count
            continue
        of_step.done += count
        of_step.refused += count if is_refusal(outcome) else 0
        of_step.yes += count if outcome == Turn.YES else 0
        of_step.no += count if outcome == Turn.NO else 0
    return counts


@dataclass(frozen=True, slots=True)
class Node:
    """A step of the plan as the page shows it, with what is in its branches."""

    step: CampaignStep
    what: str
    when: str
    counts: StepCounts
    problems: list[Problem]
    yes: list["Node"] = field(default_factory=list)
    no: list["Node"] = field(default_factory=list)


def nodes_of(
    plan: Plan, known: Names, counts: dict[int, StepCounts], problems: Sequence[Problem], branch: Branch = TOP
) -> list[Node]:
    """The steps of a branch with all that is below them."""

    def below(step: CampaignStep, answer: str) -> list[Node]:
        return nodes_of(plan, known, counts, problems, (step.pk, answer)) if step.is_condition else []

    return [
        Node(
            step=step,
            what=what_it_does(step, known),
            when=when_it_is_due(step),
            counts=counts.get(step.pk, StepCounts()),
            problems=[problem for problem in problems if problem.step == step.pk],
            yes=below(step, "yes"),
            no=below(step, "no"),
        )
        for step in plan.branch(branch)
    ]


# Contacts


def members_of(campaign: Campaign, *, is_in: bool = True) -> QuerySet[CampaignMember]:
    """Who is in a campaign now, or who was once."""
    members = CampaignMember.objects.filter(campaign=campaign, left_at__isnull=is_in)
    return members.select_related("contact").defer("contact__search")


def members_page(members: QuerySet[CampaignMember], *, older_than: int | None = None) -> Part:
    """So many members, the newest first. One query."""
    return newest_first(members, PAGE, older_than=older_than)


def contacts_at(step: CampaignStep, outcome: str, *, after: int = 0) -> list[Turn]:
    """Turns at a step by what became of them, in order of the contacts, after one of them. One query.

    Args:
        outcome: `waiting`, `done`, `refused`, or an outcome of `Turn`.
    """
    turns = Turn.objects.filter(step=step, contact_id__gt=after).order_by("contact_id", "round")
    match outcome:
        case "waiting":
            turns = turns.filter(done_at=None)
        case "done":
            turns = turns.exclude(done_at=None).exclude(outcome__in=[Turn.LEFT, Turn.REMOVED])
        case "refused":
            turns = turns.exclude(outcome__in=["", *_NO_REFUSALS])
        case _:
            turns = turns.filter(outcome=outcome)
    return list(turns.select_related("contact").defer("contact__search")[: PAGE + 1])


_NO_REFUSALS = (Turn.YES, Turn.NO, Turn.CHANGED, Turn.UNCHANGED, Turn.LEFT, Turn.REMOVED)


@dataclass(frozen=True, slots=True)
class LogRow:
    """A turn of a contact in words."""

    turn: Turn
    step: CampaignStep
    what: str
    outcome: str

    @property
    def is_refused(self) -> bool:
        return is_refusal(self.turn.outcome)

    @property
    def at(self) -> datetime:
        return self.turn.done_at or self.turn.due_at


def turns_in_words(step: CampaignStep, turns: Iterable[Turn]) -> list[LogRow]:
    """Turns at one step in words."""
    return [LogRow(turn, step, "", outcome_in_words(step, turn.outcome)) for turn in turns]


@dataclass(frozen=True, slots=True)
class Round:
    """A time that a contact was in a campaign, and its turns in order."""

    member: CampaignMember
    rows: list[LogRow]

    @property
    def waiting(self) -> int:
        return sum(1 for row in self.rows if row.turn.done_at is None)


def log_of(contact: Contact, campaign: Campaign) -> list[Round]:
    """What became of a contact in a campaign, the latest round first. Eight queries."""
    known = names()
    steps = {step.pk: step for step in campaign.steps.all()}
    turns = Turn.objects.filter(step__in=steps, contact=contact).order_by(F("done_at").asc(nulls_last=True), "due_at")
    by_round: dict[int, list[LogRow]] = defaultdict(list)
    for turn in turns:
        step = steps[turn.step_id]
        by_round[turn.round].append(LogRow(turn, step, what_it_does(step, known), outcome_in_words(step, turn.outcome)))
    order = {step.pk: place for place, step in enumerate(Plan(steps.values()).steps)}
    for rows in by_round.values():
        rows.sort(key=lambda row: (row.turn.done_at is None, row.at, order.get(row.step.pk, -1)))
    members = CampaignMember.objects.filter(campaign=campaign, contact=contact).select_related("removed_by")
    return [Round(member, by_round[member.round]) for member in members.order_by("-round")]


def campaigns_of(contact: Contact) -> list[CampaignMember]:
    """The campaigns that a contact is or was in, each at its latest round, by name. One query."""
    members = CampaignMember.objects.filter(contact=contact).select_related("campaign")
    latest = {member.campaign_id: member for member in members.order_by("round")}
    return sorted(latest.values(), key=lambda member: (member.left_at is not None, str(member.campaign).lower()))
