"""What would happen if contacts came into a campaign now: counted by where they stand, nobody is moved.

Contacts that stand alike, carry the same of the labels that matter and match the same segments go through the plan
together, judged by the rules that judge the real moves.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection

from config.team.queries import organisation
from contacts.causes import Cause
from contacts.models import Label
from journeys.campaigns.looks import entering, segments_of
from journeys.campaigns.models import Campaign, CampaignStep, Turn
from journeys.campaigns.plan import TOP, Branch, Plan, due_at
from journeys.campaigns.sentences import REFUSALS
from journeys.rules.queries import funnel_settings, movement_policy
from journeys.segments.models import Segment
from journeys.segments.queries import Matching
from journeys.segments.sql import Moment
from journeys.status.transitions import Lost, Move, Policy, Refusal, StageFacts, Standing, judge
from stages.models import Stage

Kind = CampaignStep.Kind


@dataclass(frozen=True, slots=True)
class Foresight:
    """What would happen now.

    Attributes:
        entering: so many contacts would come in.
        became: how many would have which outcome at which step; those that would wait for it have none.
    """

    entering: int
    became: Mapping[tuple[int, str], int]


@dataclass(frozen=True, slots=True)
class _Alike:
    """Contacts that the plan treats alike, on their way through it."""

    standing: Standing
    labels: frozenset[int]
    segments: frozenset[int]
    count: int


def foresee(campaign: Campaign, plan: Plan, now: datetime) -> Foresight:
    """Who would come in from the segments of a campaign now, and what would become of them. Up to nine queries."""
    at = Moment(now, ZoneInfo(organisation().time_zone))
    facts = {
        stage.pk: StageFacts(stage.pk, stage.weight, stage.is_open(now), stage.retired_at is not None)
        for stage in Stage.objects.all()
    }
    alike = _alike(campaign, plan, at, facts)
    walk = _Walk(plan, at, facts)
    for group in alike:
        walk.through(TOP, group)
    return Foresight(sum(group.count for group in alike), walk.became)


_COUNTED = """
    SELECT status.stage_id, status.lost_at IS NOT NULL, status.lost_reason_id, inactive.id IS NOT NULL,
           ARRAY(SELECT label_id FROM contacts_carriedlabel carried
                 WHERE carried.contact_id = status.contact_id AND label_id = ANY (%(labels)s) ORDER BY 1),
           {matches}, count(*)
    FROM ({entering}) AS entering JOIN journeys_funnelstatus status USING (contact_id)
    LEFT JOIN contacts_contact inactive ON inactive.id = contact_id AND inactive.account_state = 'inactive'
                                       AND status.lost_at IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5, 6
"""


def _alike(campaign: Campaign, plan: Plan, at: Moment, facts: Mapping[int, StageFacts]) -> list[_Alike]:
    sql, values = entering(campaign, segments_of([campaign])[campaign.pk], at)
    asked = Segment.objects.in_bulk([step.segment_id for step in plan.steps if step.segment_id])
    matches = []
    for number, segment in enumerate(asked.values()):
        matching, named = Matching.of(segment, at.now).named_statement(f"asked{number}_")
        matches.append(f"CASE WHEN contact_id IN ({matching}) THEN {segment.pk:d} END")
        values |= named
    values["labels"] = sorted({step.label_id for step in plan.steps if step.label_id})
    array = f"ARRAY[{', '.join(matches)}]::bigint[]"
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED.format(entering=sql, matches=array), values)
        return [
            _Alike(
                Standing(facts[stage] if stage else None, lost, reason, account_inactive=inactive),
                frozenset(labels),
                frozenset(filter(None, segments)),
                count,
            )
            for stage, lost, reason, inactive, labels, segments, count in cursor.fetchall()
        ]


class _Walk:
    """Goes through a plan as contacts would, and counts."""

    def __init__(self, plan: Plan, at: Moment, facts: Mapping[int, StageFacts]) -> None:
        self.plan, self.at, self.facts = plan, at, facts
        self.policy: Policy = movement_policy()
        self.reason_required = funnel_settings().lost_reason_required
        self.labels = set(Label.objects.values_list("pk", flat=True))
        self.became: Counter[tuple[int, str]] = Counter()

    def through(self, branch: Branch, alike: _Alike) -> _Alike:
        """Do what is due at once in a branch, in order. Returns what the contacts are like then."""
        for step in self.plan.branch(branch):
            if due_at(step, self.at.now, self.at.zone) > self.at.now:
                self.became[step.pk, ""] += alike.count
                continue
            outcome, alike = self._do(step, alike)
            self.became[step.pk, outcome] += alike.count
            if step.is_condition:
                alike = self.through((step.pk, outcome), alike)
        return alike

    def _do(self, step: CampaignStep, alike: _Alike) -> tuple[str, _Alike]:
        match step.kind:
            case Kind.CHANGE_STAGE | Kind.MARK_LOST:
                return self._move(step, alike)
            case Kind.PUT_ON_LABEL | Kind.TAKE_OFF_LABEL:
                return self._mark(step, alike)
        return (Turn.YES if self._holds(step, alike) else Turn.NO), alike

    def _holds(self, step: CampaignStep, alike: _Alike) -> bool:
        standing = alike.standing
        match step.kind:
            case Kind.IN_STAGES:
                return not standing.lost and standing.stage is not None and standing.stage.id in step.stages
            case Kind.IS_LOST:
                return standing.lost
            case Kind.CARRIES_LABEL:
                return step.label_id in alike.labels
        return step.segment_id in alike.segments

    def _move(self, step: CampaignStep, alike: _Alike) -> tuple[str, _Alike]:
        standing = alike.standing
        if step.kind == Kind.MARK_LOST:
            if self.reason_required and step.lost_reason_id is None:
                return Refusal.REASON_REQUIRED, alike
            reason = step.lost_reason_id or (standing.lost_reason if standing.lost else None)
            move = Move(Cause.CAMPAIGN, standing.stage, Lost.LOSE, reason)
            after = replace(standing, lost=True, lost_reason=reason)
        elif (stage := self.facts.get(step.stage_id or 0)) is None:
            return Refusal.CLOSED_STAGE, alike
        else:
            move = Move(Cause.CAMPAIGN, stage)
            after = replace(standing, stage=stage, lost=False, lost_reason=None)
        verdict = judge(standing, move, self.policy)
        if verdict.refusal:
            return verdict.refusal, alike
        return (Turn.CHANGED, replace(alike, standing=after)) if verdict.changed else (Turn.UNCHANGED, alike)

    def _mark(self, step: CampaignStep, alike: _Alike) -> tuple[str, _Alike]:
        label = step.label_id or 0
        if label not in self.labels:
            return Refusal.LABEL_DELETED, alike
        wanted = step.kind == Kind.PUT_ON_LABEL
        if (label in alike.labels) is wanted:
            return Turn.UNCHANGED, alike
        return Turn.CHANGED, replace(alike, labels=alike.labels ^ {label})


def in_a_sentence(foresight: Foresight, plan: Plan, words: Mapping[int, str]) -> str:
    """ "37 contacts would enter now; 12 would move to Customer, 25 would be refused because …".

    Args:
        words: what each action does, by its id: "move to Customer".
    """
    parts = [_would(step, foresight, words) for step in plan.steps if not step.is_condition]
    waiting = sum(count for (_, outcome), count in foresight.became.items() if not outcome)
    parts += [f"{_turns(waiting)} would wait"] if waiting else []
    begin = f"{_contacts(foresight.entering)} would enter now"
    said = "; ".join(part for part in parts if part)
    return f"{begin}; {said}." if said else f"{begin}."


def _would(step: CampaignStep, foresight: Foresight, words: Mapping[int, str]) -> str:
    counts = {outcome: count for (pk, outcome), count in foresight.became.items() if pk == step.pk and outcome}
    said = [f"{counts[Turn.CHANGED]:,} would {words[step.pk]}"] if Turn.CHANGED in counts else []
    if Turn.UNCHANGED in counts:
        said.append(f"for {counts[Turn.UNCHANGED]:,} “{words[step.pk]}” would change nothing")
    said += [
        f"{count:,} would be refused: {REFUSALS[outcome].rstrip('.')}"
        for outcome, count in sorted(counts.items())
        if outcome not in (Turn.CHANGED, Turn.UNCHANGED)
    ]
    return ", ".join(said)


def _contacts(count: int) -> str:
    return "1 contact" if count == 1 else f"{count:,} contacts"


def _turns(count: int) -> str:
    return "1 later step" if count == 1 else f"{count:,} later steps"
