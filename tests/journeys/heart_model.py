"""The heart in plain Python: contacts, where they stand, their history and its sums. Without a database.

It is told what somebody does and says what has to be written down. Moments that only the database's clock knows are
None in what it says, and taken from what the database wrote.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from contacts.causes import Cause
from journeys.reports.queries import Place
from journeys.status.transitions import (
    BY_HAND,
    PEOPLE,
    PEOPLE_DECIDE,
    Lost,
    Move,
    Policy,
    Refusal,
    StageFacts,
    Standing,
    judge,
)

OUTSIDE = Place(outside=True)


@dataclass
class Stage:
    weight: int
    is_open: bool = True
    is_retired: bool = False


@dataclass(frozen=True)
class Stand:
    """Where a contact stands. A moment that is not known yet is None."""

    stage: int | None = None
    lost: bool = False
    reason: int | None = None
    since: datetime | None = None
    stage_since: datetime | None = None
    lost_at: datetime | None = None

    @property
    def place(self) -> Place:
        return Place(self.stage, self.lost)


@dataclass(frozen=True)
class Row:
    """A row of history. `at` is None where the clock decides."""

    start: Stand | None
    end: Stand | None
    cause: Cause
    by: int | None = None
    at: datetime | None = None
    direction: int | None = None
    undoes: int | None = None
    stated_at: datetime | None = None
    review_needed: bool = False
    id: int = 0

    @property
    def movement(self) -> tuple[Place, Place]:
        start, end = (stand.place if stand else OUTSIDE for stand in (self.start, self.end))
        return start, end


@dataclass
class Person:
    stand: Stand | None = None
    inactive: bool = False
    history: list[Row] = field(default_factory=list)


@dataclass
class Said:
    """What an action has to answer, and the row that each contact gets, if any."""

    changed: set[int] = field(default_factory=set)
    unchanged: set[int] = field(default_factory=set)
    refused: dict[Refusal, set[int]] = field(default_factory=dict)
    flagged: set[int] = field(default_factory=set)
    rows: dict[int, Row] = field(default_factory=dict)

    def refuse(self, contact: int, refusal: Refusal) -> None:
        self.refused.setdefault(refusal, set()).add(contact)

    def change(self, contact: int, row: Row) -> None:
        self.changed.add(contact)
        self.rows[contact] = row
        if row.review_needed:
            self.flagged.add(contact)


class Refused(Exception):
    """The database refuses the statement, and nothing of it stays."""


class Book:
    """Everybody who is or was in the book."""

    def __init__(self, stages: Mapping[int, Stage], default: int | None) -> None:
        self.stages = dict(stages)
        self.default = default
        self.policy: Policy = dict(PEOPLE_DECIDE)
        self.people: dict[int, Person] = {}

    def present(self) -> list[int]:
        return sorted(contact for contact, person in self.people.items() if person.stand)

    def stand(self, contact: int) -> Stand:
        stand = self.people[contact].stand
        assert stand
        return stand

    # What is written down

    def row(self, start: Stand | None, end: Stand | None, cause: Cause, **values: object) -> Row:
        """A row with its direction, by the weights of now."""
        direction = None
        if start and end and start.stage and end.stage and start.stage != end.stage:
            leaving, heading = self.stages[start.stage].weight, self.stages[end.stage].weight
            direction = (heading > leaving) - (heading < leaving)
        return Row(start, end, cause, direction=direction, **values)  # type: ignore[arg-type]

    def write(self, contact: int, row: Row, *, at: datetime, id: int) -> None:
        """Take a row over as the database wrote it, with its moment and number."""
        person = self.people.setdefault(contact, Person())
        end = row.end
        if end:
            end = replace(
                end,
                since=at,
                stage_since=end.stage_since or at,
                lost_at=(end.lost_at or at) if end.lost else None,
            )
        person.history.append(replace(row, end=end, at=at, id=id))
        person.stand = end

    # What people and programs do

    def default_now(self) -> int | None:
        return self.default if self.default and self.stages[self.default].is_open else None

    def born(self, stage: int | None, cause: Cause, *, inactive: bool, by: int | None = None) -> Row:
        return self.row(None, Stand(stage, lost=inactive), cause, by=by)

    def move(
        self,
        contacts: Iterable[int],
        *,
        to: int | None,
        stays: bool,
        lost: Lost,
        cause: Cause,
        by: int | None,
        now: datetime,
        reason: int | None = None,
        dates: Mapping[int, datetime] | None = None,
        earlier_is_now: bool = False,
        corrects: bool = False,
        narrowed: str = "",
    ) -> Said:
        """`narrowed` is the name of a choice that narrows the move, if any."""
        said = Said()
        choices = {"back_allowed": corrects, narrowed or "only_forward": bool(narrowed)}
        for contact in contacts:
            person = self.people.get(contact)
            if not person or not person.stand:
                said.refuse(contact, Refusal.NOT_IN_THE_BOOK)
                continue
            date = (dates or {}).get(contact)
            self._move_one(contact, said, to, stays, lost, cause, by, now, reason, date, earlier_is_now, choices)
        return said

    def _move_one(
        self,
        contact: int,
        said: Said,
        to: int | None,
        stays: bool,
        lost: Lost,
        cause: Cause,
        by: int | None,
        now: datetime,
        reason: int | None,
        date: datetime | None,
        earlier_is_now: bool,
        choices: dict[str, bool],
    ) -> None:
        stand = self.stand(contact)
        goes_to = stand.stage if stays else to
        given_reason = stand.reason if stays and lost is Lost.LOSE and stand.lost and reason is None else reason
        puts_back = stays and lost is Lost.RECOVER
        move = Move(cause, self._facts(goes_to), lost, given_reason, puts_back=puts_back, **choices)
        verdict = judge(self._standing(contact, now), move, self.policy)
        assert stand.since
        if date and date > now:
            said.refuse(contact, Refusal.IN_THE_FUTURE)
        elif date and date < stand.since and not earlier_is_now:
            said.refuse(contact, Refusal.BEFORE_PRESENT_STATUS)
        elif verdict.refusal:
            said.refuse(contact, verdict.refusal)
        elif not verdict.changed:
            said.unchanged.add(contact)
        else:
            is_earlier = bool(date and date < stand.since)
            lost_after = lost is Lost.LOSE or (lost is Lost.KEEP and stand.lost)
            end = Stand(
                stage=goes_to,
                lost=lost_after,
                reason=(given_reason if lost is Lost.LOSE else stand.reason) if lost_after else None,
                stage_since=stand.stage_since if goes_to == stand.stage else None,
                lost_at=stand.lost_at if lost_after else None,
            )
            row = self.row(
                stand,
                end,
                cause,
                by=by,
                at=None if is_earlier else date,
                stated_at=date if is_earlier else None,
                review_needed=verdict.review_needed,
            )
            said.change(contact, row)

    def put_back(self, changes: Mapping[int, int], *, by: int | None) -> Said:
        """Undo one change of each contact."""
        said = Said()
        for contact, change in changes.items():
            person = self.people[contact]
            latest = person.history[-1]
            if not person.stand:
                said.refuse(contact, Refusal.NOT_IN_THE_BOOK)
            elif latest.id != change:
                said.refuse(contact, Refusal.MOVED_SINCE)
            elif latest.start is None:
                said.refuse(contact, Refusal.NOTHING_BEFORE)
            elif latest.start.stage and self.stages[latest.start.stage].is_retired:
                said.refuse(contact, Refusal.RETIRED_STAGE)
            elif person.inactive and not latest.start.lost:
                said.refuse(contact, Refusal.ACCOUNT_INACTIVE)
            else:
                end = replace(latest.start, since=None)
                said.change(contact, self.row(person.stand, end, Cause.UNDO, by=by, undoes=change))
        return said

    def made_inactive(self, contact: int, *, by: int | None = None) -> Row | None:
        """The account is switched off. The row it makes, if any."""
        person = self.people[contact]
        person.inactive = True
        stand = self.stand(contact)
        if stand.lost:
            return None
        end = replace(stand, lost=True, reason=None, since=None, lost_at=None)
        return self.row(stand, end, Cause.ACCOUNT_INACTIVE, by=by)

    def data_fix(
        self,
        contact: int,
        *,
        stage: int | None,
        lost: bool,
        reason: int | None,
        later: timedelta,
        now: datetime,
    ) -> Row | None:
        """Somebody's SQL sets stage, lost, reason and adds to since. The row it makes, if any."""
        person, stand = self.people[contact], self.stand(contact)
        assert stand.since
        reason = reason if lost else None
        if stand.lost and not lost and person.inactive:
            raise Refused
        if (stage, lost, reason) == (stand.stage, stand.lost, stand.reason):
            return None
        if stage and self.stages[stage].is_retired and (stage != stand.stage or (stand.lost and not lost)):
            raise Refused
        if later < timedelta() or stand.since + later > now:
            raise Refused
        end = Stand(
            stage=stage,
            lost=lost,
            reason=reason,
            stage_since=stand.stage_since if stage == stand.stage else None,
            lost_at=stand.lost_at if lost else None,
        )
        return self.row(stand, end, Cause.DATA_FIX, at=stand.since + later if later else None)

    def _facts(self, stage: int | None) -> StageFacts | None:
        if stage is None:
            return None
        found = self.stages[stage]
        return StageFacts(stage, found.weight, found.is_open and not found.is_retired, found.is_retired)

    def _standing(self, contact: int, now: datetime) -> Standing:
        person, stand = self.people[contact], self.stand(contact)
        losses = [row for row in person.history if row.start and row.end and row.end.lost and not row.start.lost]
        stays = [
            row
            for row in person.history
            if (row.start.stage if row.start else None) != (row.end.stage if row.end else None)
        ]
        recent = now - timedelta(days=30)
        return Standing(
            stage=self._facts(stand.stage),
            lost=stand.lost,
            lost_reason=stand.reason,
            account_inactive=person.inactive,
            lost_by_a_person=bool(stand.lost and losses and losses[-1].cause in PEOPLE),
            set_by_hand_lately=bool(stays and stays[-1].cause in BY_HAND and stays[-1].at > recent),  # type: ignore[operator]
        )

    # Sums

    def counted(self, *, as_corrected: bool) -> list[Row]:
        """The rows that count: all of them, or without what was undone."""
        rows: list[Row] = []
        for person in self.people.values():
            rows += _without_undone(person.history) if as_corrected else person.history
        return rows

    def funnel_at(self, at: datetime, *, as_corrected: bool) -> Counter[Place]:
        """Where everybody stood before `at`."""
        places: Counter[Place] = Counter()
        for person in self.people.values():
            rows = _without_undone(person.history) if as_corrected else person.history
            before = [row for row in rows if row.at and row.at < at]
            if before and before[-1].end:
                places[before[-1].end.place] += 1
        return places

    def movements_between(self, start: datetime, end: datetime, *, as_corrected: bool) -> Counter[tuple]:
        return Counter(
            (*row.movement, row.direction)
            for row in self.counted(as_corrected=as_corrected)
            if row.at and start <= row.at < end
        )


def _without_undone(history: list[Row]) -> list[Row]:
    """What is left when each change and its undo cancel, like brackets."""
    undoes = {row.id: row.undoes for row in history}
    standing: dict[int, bool] = {}
    for row in history:
        if row.undoes is None:
            standing[row.id] = True
            continue
        bottom = row.undoes
        while (deeper := undoes[bottom]) is not None:
            bottom = deeper
        standing[bottom] = not standing[bottom]
    return [row for row in history if standing.get(row.id)]
