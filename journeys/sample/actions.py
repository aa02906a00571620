"""Loading the sample year into an empty book, through the same actions as everybody's changes."""

import os
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from config.team.models import Organisation, TeamMember
from config.team.roles import Role
from contacts.actions import change_fields, new_contact_ids, put_on_label
from contacts.causes import Cause
from contacts.models import Attribute, Contact, Label, Note
from journeys.reports.actions import fold_flows
from journeys.rules.models import LabelRule
from journeys.runs.models import Run, RunOutcome
from journeys.runs.operations import Act, Operation
from journeys.sample.lives import SampleYear
from journeys.sample.people import PLANS
from journeys.sample.story import LABELS, Carries, Kind, Life, Move, PlannedRun, Who
from journeys.status import actions as status
from journeys.status.models import LostReason, StatusChange
from journeys.stuck.actions import measure_stages
from stages.models import Stage

Progress = Callable[[int, int], None]

_TEAM = {
    Who.ADMINISTRATOR: ("demo@example.com", "Ana Ferreira", Role.ADMINISTRATOR),
    Who.MARKETER: ("priya.nair@example.com", "Priya Nair", Role.MARKETER),
    Who.OPERATOR: ("jonas.lind@example.com", "Jonas Lind", Role.OPERATOR),
    Who.VIEWER: ("ruth.okafor@example.com", "Ruth Okafor", Role.VIEWER),
}
_ATTRIBUTES: tuple[tuple[str, str, Attribute.Type, list[str]], ...] = (
    ("Plan", "plan", Attribute.Type.CHOICE, PLANS),
    ("Employees", "employees", Attribute.Type.NUMBER, []),
    ("Renewal", "renewal", Attribute.Type.DATE, []),
    ("VIP", "vip", Attribute.Type.YES_NO, []),
)
_ONE_BY_ONE = timedelta(days=14)
"""What is older than this is written a week at a time, what is younger in its exact order."""


def load_sample_data(*, now: datetime | None = None, progress: Progress = lambda done, total: None) -> int:
    """Fill an empty book with 5,000 made-up contacts and the year that lies behind them.

    Everything or nothing: a book that holds contacts stays as it is.

    Args:
        now: where the year ends.
        progress: called with the numbers of steps done and in all.

    Returns: how many contacts were added; 0 if the book holds some already.
    """
    if Contact.objects.exists():
        return 0
    year = SampleYear(now=now or timezone.now())
    with transaction.atomic():
        _Loader(year).load(progress)
        Organisation.objects.update(name="Sample Company", is_sample=True)
    fold_flows()  # takes a mark
    fold_flows()  # folds up to it
    measure_stages()
    return len(year.lives)


@dataclass(frozen=True)
class _Step:
    """One thing to write about one life; steps of a key and a period are written at once."""

    at: datetime
    order: int  # within a period: arrivals, labels, moves
    key: Hashable
    life: int
    what: Any  # a Move, or for labels a Carries


class _Loader:
    def __init__(self, year: SampleYear) -> None:
        self._year = year
        self._ids: dict[int, int] = {}
        self._people = _make_team(year.start)
        self._stages: dict[str, Stage] = {stage.name: stage for stage in Stage.objects.in_use()}
        self._reasons = {reason.name: reason for reason in LostReason.objects.all()}
        self._labels = {label.name: label for label in _make_labels(self._people[Who.MARKETER], year.start)}
        self._runs = {run: self._begin(run) for run in year.runs.all()}
        for position, (name, key, type_, choices) in enumerate(_ATTRIBUTES):
            Attribute.objects.create(name=name, key=key, type=type_, choices=choices, position=position)

    def load(self, progress: Progress) -> None:
        steps = sorted(self._steps(), key=lambda step: (self._period(step.at), step.order, step.at))
        done = 0
        for (_, order), period in groupby(steps, key=lambda step: (self._period(step.at), step.order)):
            groups: dict[Hashable, list[_Step]] = defaultdict(list)
            for step in period:
                groups[step.key].append(step)
            [self._arrive, self._label, self._move][order](list(groups.values()))
            done += sum(map(len, groups.values()))
            progress(done, len(steps))
        self._undo_a_mistake()
        for run in self._runs.values():
            run.state = Run.State.FINISHED
            run.save()
        _date_notes()

    def _steps(self) -> Iterator[_Step]:
        for number, life in enumerate(self._year.lives):
            yield _Step(life.arrival.written_at, 0, _key(life.arrival), number, life.arrival)
            for carried in life.labels:
                key = (carried.label, carried.cause, carried.who, carried.run)
                yield _Step(carried.at, 1, key, number, carried)
            for move in life.moves:
                yield _Step(move.written_at, 2, _key(move), number, move)

    def _period(self, at: datetime) -> datetime:
        age = self._year.now - at
        return at if age < _ONE_BY_ONE else at - (at - self._year.start) % timedelta(days=7)

    # Arrivals

    def _arrive(self, groups: Iterable[Sequence[_Step]]) -> None:
        arrived = sorted((step for group in groups for step in group), key=lambda step: step.at)
        self._ids |= zip((step.life for step in arrived), new_contact_ids(len(arrived)), strict=True)
        for group in groups:
            arrival = group[0].what
            run = self._run(arrival)
            status.enter_book(
                contacts=[self._ids[step.life] for step in group],
                to=self._stages[arrival.to] if arrival.to else None,
                cause=arrival.cause,
                by=self._person(arrival),
                run=run,
                dates=self._dates(group),
            )
            if run:
                run.records += len(group)
                run.created += len(group)
        Contact.objects.bulk_create(self._contact(step) for step in arrived)

    def _contact(self, step: _Step) -> Contact:
        life = self._year.lives[step.life]
        at = life.arrival.at
        return Contact(pk=self._ids[step.life], created_at=at, updated_at=at, **life.fields)

    # Labels

    def _label(self, groups: Iterable[Sequence[_Step]]) -> None:
        for group in groups:
            carried = group[0].what
            run = self._run(carried)
            put_on_label(
                contacts=[self._ids[step.life] for step in group],
                label=self._labels[carried.label],
                by=self._person(carried),
                cause=carried.cause,
                run_id=run.pk if run else None,
                dates=self._dates(group),
            )
            if run:
                known = sum(self._year.lives[step.life].arrival.run is not carried.run for step in group)
                run.records += known
                run.updated += known

    # Moves

    def _move(self, groups: Iterable[Sequence[_Step]]) -> None:
        for group in groups:
            run = self._run(group[0].what)
            outcome = self._change(group, run)
            if missing := {self._ids[step.life] for step in group} - {*outcome.changed}:
                raise RuntimeError(f"The movement rules refuse {len(missing)} moves of the sample year.")
            if run:
                _count(run, outcome)

    def _change(self, group: Sequence[_Step], run: Run | None) -> status.Outcome:
        move = group[0].what
        bystanders = self._year.bystanders.get(move.run, [])
        arguments: dict[str, Any] = {
            "contacts": [self._ids[life] for life in (*(step.life for step in group), *bystanders)],
            "cause": move.cause,
            "by": self._person(move),
            "run": run,
            "note": move.note,
            "dates": self._dates(group),
        }
        if move.kind is Kind.RECOVER:
            return status.recover(**arguments)
        if move.kind is Kind.STAGE:
            return status.change_status(to=self._stages[move.to], **arguments)
        outcome = status.mark_lost(reason=self._reasons[move.reason] if move.reason else None, **arguments)
        if move.cause is Cause.ACCOUNT_INACTIVE:
            self._deactivate(outcome.changed, by=self._person(move))
        return outcome

    def _deactivate(self, contacts: Sequence[int], *, by: TeamMember | None) -> None:
        for contact in Contact.objects.filter(pk__in=contacts):
            change_fields(contact=contact, fields={"account_state": Contact.AccountState.INACTIVE}, by=by)

    def _undo_a_mistake(self) -> None:
        """Three contacts were moved by hand a while ago, and put back since."""
        places = [(number, life) for number, life in enumerate(self._year.lives) if self._rests_in(life, "Engaged")]
        contacts = [self._ids[number] for number, _ in places[-3:]]
        operator = self._people[Who.OPERATOR]
        at = self._year.now - timedelta(minutes=3)
        status.change_status(
            contacts=contacts, to=self._stages["Customer"], cause=Cause.MANUAL, by=operator,
            dates=dict.fromkeys(contacts, at),
        )  # fmt: skip
        mistaken = StatusChange.objects.filter(contact__in=contacts, changed_at=at)
        status.put_back(changes=[change.pk for change in mistaken], cause=Cause.UNDO, by=operator)

    def _rests_in(self, life: Life, stage: str) -> bool:
        last = life.moves[-1] if life.moves else life.arrival
        return life.place_at(self._year.now) == (stage, None) and self._year.now - last.at > timedelta(days=1)

    # Looking up

    def _begin(self, planned: PlannedRun) -> Run:
        operation = self._operation(planned)
        return Run.objects.create(
            kind=planned.cause,
            words=planned.words,
            operation=operation.as_json() if operation else {},
            rule=self._rule(planned) if planned.cause is Cause.LABEL_RULE else None,
            stage=self._stages[planned.to] if planned.to else None,
            started_by=self._people[planned.who],
            started_at=planned.at,
            frozen_at=planned.at,
            progressed_at=planned.at,
            finished_at=planned.at + timedelta(seconds=4),
        )

    def _operation(self, planned: PlannedRun) -> Operation | None:
        """What a run did to each contact, so that it can be undone; imports are no operation."""
        if planned.cause is Cause.IMPORT:
            return None
        if planned.reason:
            return Operation(Act.MARK_LOST, planned.cause, reason=self._reasons[planned.reason].pk)
        act = Act.GIVE_DEFAULT if planned.cause is Cause.DEFAULT else Act.CHANGE_STATUS
        return Operation(act, planned.cause, stage=self._stages[planned.to].pk if planned.to else None)

    def _rule(self, planned: PlannedRun) -> LabelRule:
        return LabelRule.objects.create(
            label=self._labels[planned.label or ""],
            stage=self._stages[planned.to or ""],
            created_by=self._people[planned.who],
            created_at=planned.at,
        )

    def _run(self, what: Move | Carries) -> Run | None:
        return self._runs[what.run] if what.run else None

    def _person(self, what: Move | Carries) -> TeamMember | None:
        return self._people[what.who] if what.who else None

    def _dates(self, group: Sequence[_Step]) -> dict[int, datetime]:
        return {self._ids[step.life]: step.what.at for step in group}


def _count(run: Run, outcome: status.Outcome) -> None:
    became = [(RunOutcome.UNCHANGED, outcome.unchanged), *outcome.refused.items()]
    RunOutcome.objects.bulk_create(
        RunOutcome(run=run, slice=0, code=code, contacts=sorted(contacts)) for code, contacts in became if contacts
    )
    stayed = sum(map(len, outcome.refused.values()))
    run.records += len(outcome.changed) + len(outcome.unchanged) + stayed
    run.updated += len(outcome.changed)
    run.unchanged += len(outcome.unchanged)
    run.refused += stayed
    run.forward += outcome.forward
    run.back += outcome.back


def _key(move: Move) -> Hashable:
    return move.kind, move.cause, move.who, move.to, move.reason, move.note, move.run


def _make_team(joined: datetime) -> dict[Who, TeamMember]:
    """The people of the sample. Only the administrator can sign in, with DEMO_PASSWORD."""
    team = {}
    for who, (email, name, role) in _TEAM.items():
        member = TeamMember.objects.filter(email__iexact=email).first()
        if member is None:
            member = TeamMember.objects.create_user(email, name=name, date_joined=joined)
            member.groups.add(Group.objects.get(name=role.label))
        team[who] = member
    administrator = team[Who.ADMINISTRATOR]
    administrator.set_password(os.environ.get("DEMO_PASSWORD") or "demo-funnel")
    administrator.save()
    return team


def _make_labels(by: TeamMember, at: datetime) -> list[Label]:
    return Label.objects.bulk_create(
        Label(name=name, colour=colour, created_by=by, created_at=at) for name, colour in LABELS.items()
    )


def _date_notes() -> None:
    """Notes of moves in the past were written then."""
    moved_at = StatusChange.objects.filter(note=OuterRef("pk")).values("changed_at")[:1]
    Note.objects.update(written_at=Subquery(moved_at))
