"""Contacts go through the steps that are due for them: a slice of contacts, step by step, within one transaction."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import NamedTuple

from django.db import connection

from contacts.actions import put_on_label, take_off_label
from contacts.causes import Cause
from contacts.models import Label
from journeys.campaigns.models import CampaignStep, Turn
from journeys.campaigns.plan import TOP, Branch, Plan, due_at
from journeys.campaigns.sql import array, numbers
from journeys.segments.models import Segment
from journeys.segments.queries import Matching, matching_among
from journeys.status import actions as status
from journeys.status.models import LostReason
from journeys.status.requests import Outcome
from journeys.status.transitions import Refusal
from stages.models import Stage

Kind = CampaignStep.Kind

Became = dict[str, list[int]]
"""Contacts by the outcome of a turn."""


class Due(NamedTuple):
    """A step that is due for a contact. What was due earlier comes first, and of that the order of the list.

    Attributes:
        is_waiting: there is a row for the turn already.
    """

    due_at: datetime
    position: int
    is_waiting: bool


Agenda = tuple[Due, ...]
"""The steps that are due for a contact, in the order in which they are done."""


@dataclass
class Pass:
    """One slice of contacts of one campaign.

    Attributes:
        rounds: the round of each contact.
    """

    plan: Plan
    rounds: Mapping[int, int]
    now: datetime
    zone: tzinfo
    _done: dict[tuple[int, str, bool], list[int]] = field(default_factory=lambda: defaultdict(list))
    _waiting: dict[tuple[int, datetime], list[int]] = field(default_factory=lambda: defaultdict(list))

    def enter(self, contacts: Sequence[int]) -> None:
        """Contacts come to the top of the plan, and do what is due there at once."""
        if agenda := tuple(self._begin(TOP, contacts, self.now)):
            self.go_through({agenda: list(contacts)})

    def go_through(self, agendas: dict[Agenda, list[int]]) -> None:
        """Do everything that is due, and what becomes due at once by that."""
        while agendas:
            position = min(agenda[0].position for agenda in agendas)
            step = self.plan.steps[position]
            ready = {agenda: agendas.pop(agenda) for agenda in list(agendas) if agenda[0].position == position}
            became = do_step(step, [contact for contacts in ready.values() for contact in contacts], self.now)
            outcome_of = {contact: outcome for outcome, some in became.items() for contact in some}
            for (first, *rest), contacts in ready.items():
                for outcome, some in _by_outcome(contacts, outcome_of).items():
                    self._done[step.pk, outcome, first.is_waiting] += some
                    below = self._begin((step.pk, outcome), some, first.due_at) if step.is_condition else ()
                    if agenda := tuple(sorted([*rest, *below])):
                        agendas.setdefault(agenda, []).extend(some)

    def _begin(self, branch: Branch, contacts: Sequence[int], due: datetime) -> Iterator[Due]:
        """Contacts come to a branch: gives what is due there at once, and has them wait for the rest."""
        for step in self.plan.branch(branch):
            later = due_at(step, self.now, self.zone)
            if later <= self.now:
                yield Due(due, self.plan.position(step.pk), is_waiting=False)
            else:
                self._waiting[step.pk, later] += contacts

    def write(self) -> None:
        """Write down every turn that was taken or begins to wait.

        Raises:
            TakenTwice: somebody else took one of these turns meanwhile.
        """
        for (step, outcome, was_waiting), contacts in self._done.items():
            if was_waiting:
                self._end(step, outcome, contacts)
            else:
                self._insert(step, contacts, self.now, self.now, outcome)
        for (step, later), contacts in self._waiting.items():
            self._insert(step, contacts, later, None, "")

    def _insert(
        self, step: int, contacts: Sequence[int], due: datetime, done_at: datetime | None, outcome: str
    ) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO journeys_turn (step_id, contact_id, round, since, due_at, done_at, outcome)
                SELECT %s, contact_id, round, %s, %s, %s, %s
                FROM unnest(%s::bigint[], %s::smallint[]) AS taken (contact_id, round)
                """,
                [step, self.now, due, done_at, outcome, array(contacts), self._rounds_of(contacts)],
            )

    def _end(self, step: int, outcome: str, contacts: Sequence[int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE journeys_turn turn SET done_at = greatest(%s, since), outcome = %s
                FROM unnest(%s::bigint[], %s::smallint[]) AS taken (contact_id, round)
                WHERE turn.step_id = %s AND (turn.contact_id, turn.round) = (taken.contact_id, taken.round)
                  AND done_at IS NULL
                """,
                [self.now, outcome, array(contacts), self._rounds_of(contacts), step],
            )
            if cursor.rowcount != len(contacts):
                raise TakenTwice

    def _rounds_of(self, contacts: Sequence[int]) -> str:
        return array([self.rounds[contact] for contact in contacts])


class TakenTwice(Exception):
    """A turn was taken by somebody else meanwhile: nothing of the slice stays."""


def _by_outcome(contacts: Sequence[int], outcome_of: Mapping[int, str]) -> Became:
    found: Became = defaultdict(list)
    for contact in contacts:
        found[outcome_of[contact]].append(contact)
    return found


# What a step does


def do_step(step: CampaignStep, contacts: Sequence[int], now: datetime) -> Became:
    """Ask a condition of contacts, or have an action change them. Every contact gets one outcome."""
    if step.is_condition:
        holds = set(_holding(step, contacts, now))
        return {
            Turn.YES: [contact for contact in contacts if contact in holds],
            Turn.NO: [contact for contact in contacts if contact not in holds],
        }
    outcome = _done(step, contacts)
    became = {Turn.CHANGED: outcome.changed, Turn.UNCHANGED: outcome.unchanged}
    return became | {str(refusal): refused for refusal, refused in outcome.refused.items()}


_HOLDING = {
    Kind.IN_STAGES: """
        SELECT contact_id FROM journeys_funnelstatus
        WHERE contact_id = ANY (%(contacts)s::bigint[]) AND lost_at IS NULL AND stage_id = ANY (%(stages)s)
    """,
    Kind.IS_LOST: """
        SELECT contact_id FROM journeys_funnelstatus
        WHERE contact_id = ANY (%(contacts)s::bigint[]) AND lost_at IS NOT NULL
    """,
    Kind.CARRIES_LABEL: """
        SELECT contact_id FROM contacts_carriedlabel
        WHERE contact_id = ANY (%(contacts)s::bigint[]) AND label_id = %(label)s
    """,
}


def _holding(step: CampaignStep, contacts: Sequence[int], now: datetime) -> list[int]:
    """Those of the contacts for whom a condition holds. What it names and is gone holds for nobody."""
    if step.kind == Kind.MATCHES_SEGMENT:
        segment = Segment.objects.filter(pk=step.segment_id or 0).first()
        return matching_among(Matching.of(segment, now), contacts) if segment else []
    values = {"contacts": array(contacts), "stages": step.stages, "label": step.label_id}
    return numbers(_HOLDING[Kind(step.kind)], values)


def _carrying(label: int, contacts: Sequence[int]) -> list[int]:
    return numbers(_HOLDING[Kind.CARRIES_LABEL], {"contacts": array(contacts), "label": label})


def _done(step: CampaignStep, contacts: Sequence[int]) -> Outcome:
    match step.kind:
        case Kind.CHANGE_STAGE:
            stage = Stage.objects.filter(pk=step.stage_id or 0).first()
            if stage is None:
                return _refused(contacts, Refusal.CLOSED_STAGE)
            return status.change_status(contacts=contacts, to=stage, cause=Cause.CAMPAIGN, by=None, via=step.pk)
        case Kind.MARK_LOST:
            reason = LostReason.objects.filter(pk=step.lost_reason_id or 0).first()
            return status.mark_lost(contacts=contacts, reason=reason, cause=Cause.CAMPAIGN, by=None, via=step.pk)
    label = Label.objects.filter(pk=step.label_id or 0).first()
    return _mark(step, label, contacts) if label else _refused(contacts, Refusal.LABEL_DELETED)


def _mark(step: CampaignStep, label: Label, contacts: Sequence[int]) -> Outcome:
    carrying = _carrying(label.pk, contacts)
    others = sorted(set(contacts) - set(carrying))
    if step.kind == Kind.PUT_ON_LABEL:
        put_on_label(contacts=others, label=label, by=None, cause=Cause.CAMPAIGN)
        return Outcome(changed=others, unchanged=carrying)
    take_off_label(contacts=carrying, label=label, by=None, cause=Cause.CAMPAIGN)
    return Outcome(changed=carrying, unchanged=others)


def _refused(contacts: Sequence[int], refusal: Refusal) -> Outcome:
    outcome = Outcome()
    outcome.refused[refusal] = list(contacts)
    return outcome
