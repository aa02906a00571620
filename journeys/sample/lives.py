"""What happened to every contact of a sample year: pure, from a moment and a seed, without database or clock.

Where a contact stands at the end is decided first, and a past made up that leads there: so the funnel has the
same shape on every day that the sample is loaded.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

from contacts.causes import Cause
from journeys.sample.people import People, engage, subscribe_to_plan
from journeys.sample.runs import Runs, at_work
from journeys.sample.story import APART, NOTES, REASONS, SHAPE, STAGES, Carries, Kind, Life, Move, PlannedRun, Who

_FROM_THE_OLD_BOOK = {None: 0, "Aware": 0.22, "Engaged": 0.3, "Customer": 0.45, "Loyal Customer": 0.7, "Promoter": 0.8}
_CAUSES = {
    "Aware": {Cause.MANUAL: 1},
    "Engaged": {Cause.API: 6, Cause.MANUAL: 4},
    "Customer": {Cause.API: 7, Cause.MANUAL: 3},
    "Loyal Customer": {Cause.API: 6, Cause.MANUAL: 4},
    "Promoter": {Cause.MANUAL: 1},
}
_NOT_FOR_GOOD = {"No answer": 6, "Chose a competitor": 2, "Other": 2}
_NEAR = timedelta(days=50)
_WEEK = timedelta(days=7)
_ARRIVALS = {"alone": 60, "API": 22, "fair": 7, "webinar": 6, "typed in": 5}


class SampleYear:
    """The runs and the lives of the year before `now`."""

    def __init__(self, *, now: datetime, seed: int = 2) -> None:
        self.now = now
        self.start = now - timedelta(days=365)
        self.runs = Runs(start=self.start, now=now)
        self._random = Random(seed)
        people = People(self._random)
        places = [place for place, count in SHAPE.items() for _ in range(count)]
        self.lives = [self._life(people.make(number), *place) for number, place in enumerate(places)]
        self._flag_a_few()
        self.lives.sort(key=lambda life: life.arrival.written_at)
        for life in self.lives:
            life.labels = list(self._labels(life))
        self.bystanders = {run: self._bystanders(run) for run in self.runs.moving}

    def _life(self, fields: dict, stage: str | None, lost: bool) -> Life:
        old = self._chance(_FROM_THE_OLD_BOOK[stage])
        steps = self._steps(stage, lost)
        entry = self._entry(steps, stage, old=old)
        arrival = self._arrival(entry, steps, old=old)
        if old and entry is None and steps and steps[0].kind is Kind.STAGE:
            steps[0].run = self.runs.default
        self._give_times(arrival, steps)
        for step in steps:
            self._explain(step)
        self._engage(fields, arrival, stage, lost=lost)
        for step in steps:
            if step.reason == "Unsubscribed":
                fields["unsubscribed_at"] = step.at
        return Life(fields, arrival, steps)

    # What happened, without times

    def _steps(self, stage: str | None, lost: bool) -> list[Move]:
        """The moves on the way to a place, from the first stage on."""
        path = [Move(Kind.STAGE, self.now, Cause.MANUAL, to=name) for name in _up_to(stage)]
        if stage == "Engaged" and self._chance(0.03):
            path += [self._step("Customer"), self._step("Engaged", note="back")]
        if len(path) > 2 and self._chance(0.15):
            del path[1]  # straight to Customer
        if stage and self._chance(0.05):
            self._lose_and_recover(path)
        if lost:
            path.append(self._lost(REASONS))
        return path

    def _step(self, to: str, note: str = "") -> Move:
        return Move(Kind.STAGE, self.now, Cause.MANUAL, to=to, note=note)

    def _lost(self, reasons: Mapping[str, int]) -> Move:
        reason = self._random.choices(list(reasons), list(reasons.values()))[0]
        return Move(Kind.LOST, self.now, Cause.MANUAL, reason=reason)

    def _lose_and_recover(self, path: list[Move]) -> None:
        """Somebody is lost on the way and comes back, to the same stage or straight to the next."""
        position = self._random.randint(1, len(path))
        straight_on = position < len(path) and self._chance(0.3)
        back = [] if straight_on else [Move(Kind.RECOVER, self.now, Cause.MANUAL)]
        path[position:position] = [self._lost(_NOT_FOR_GOOD), *back]

    def _entry(self, steps: list[Move], stage: str | None, *, old: bool) -> str | None:
        """The stage of the arrival, taken off the steps; the old book knew some who had come further."""
        if stage is None or (old and self._chance(0.12)):
            return None
        known = 1
        while old and known < min(len(steps), 3) and steps[known].kind is Kind.STAGE and self._chance(0.5):
            known += 1
        entry = steps[known - 1].to
        del steps[:known]
        return entry

    def _arrival(self, entry: str | None, steps: Sequence[Move], *, old: bool) -> Move:
        if old or entry is None:
            run = self.runs.old_book if old else self.runs.fairs[-1]
            return Move(Kind.STAGE, run.at, Cause.IMPORT, run.who, entry, run=run)
        latest = self.now - (APART * len(steps) + _WEEK if steps else timedelta())
        way = self._random.choices(list(_ARRIVALS), list(_ARRIVALS.values()))[0]
        runs = {"fair": self.runs.fairs, "webinar": self.runs.webinars}.get(way, [])
        possible = [run for run in runs if self.start < run.at < latest]
        if possible:
            run = self._random.choice(possible)
            return Move(Kind.STAGE, run.at, Cause.IMPORT, run.who, entry, run=run)
        at = self.start + timedelta(days=1) + (latest - self.start - timedelta(days=1)) * self._random.random() ** 0.75
        if way == "API":
            return Move(Kind.STAGE, at, Cause.API, Who.ADMINISTRATOR, entry)
        if way == "typed in":
            return Move(Kind.STAGE, self._in_office_hours(at), Cause.MANUAL, Who.OPERATOR, entry)
        return Move(Kind.STAGE, at, Cause.DEFAULT, None, entry)

    # When

    def _give_times(self, arrival: Move, steps: Sequence[Move]) -> None:
        """Spread the steps over the time since the arrival; some of them happen as part of a run."""
        begin = arrival.at
        rest = list(steps)
        if rest and rest[0].run:
            begin = rest.pop(0).at = self.runs.default.at
        spare = self.now - begin - APART * len(rest)
        parts = [self._random.expovariate(1) for _ in range(len(rest) + 1)]
        at = begin
        for step, part in zip(rest, parts, strict=False):
            at = at + APART + spare * (part / sum(parts))
            step.at = at
        for position, step in enumerate(rest):
            after = rest[position - 1].at if position else begin
            before = rest[position + 1].at if position + 1 < len(rest) else self.now + APART
            was_lost = position > 0 and rest[position - 1].kind is Kind.LOST
            if not step.note and not was_lost and self._chance(0.55):
                self._join_a_run(step, after + APART, before - APART)

    def _join_a_run(self, step: Move, earliest: datetime, latest: datetime) -> None:
        """Let a step happen in the nearest run that does the same, if there is one within weeks."""
        earliest, latest = max(earliest, step.at - _NEAR), min(latest, step.at + _NEAR)
        same = [run for run in self.runs.moving if (run.kind, run.to) == (step.kind, step.to)]
        possible = [run for run in same if earliest <= run.at <= latest]
        if possible:
            step.run = min(possible, key=lambda run: abs(run.at - step.at))
            step.at = step.run.at

    def _in_office_hours(self, at: datetime) -> datetime:
        then = at_work(at, hour=self._random.randint(8, 17))
        return then if then < self.now else at

    # Who, why

    def _explain(self, step: Move) -> None:
        """Give a step its cause, person, note and exact time."""
        if step.run:
            step.cause, step.who = step.run.cause, step.run.who
            step.reason = step.run.reason if step.kind is Kind.LOST else None
            if step.cause is Cause.IMPORT:
                step.at = step.run.at - timedelta(days=3) * self._random.random()
            return
        if step.note == "back":
            step.cause = Cause.API if step.at > self.now - timedelta(days=45) else Cause.MANUAL
        elif step.kind is Kind.STAGE:
            causes = _CAUSES[step.to or "Aware"]
            step.cause = self._random.choices(list(causes), list(causes.values()))[0]
        elif step.kind is Kind.LOST and step.reason == "Account closed":
            step.cause, step.reason = Cause.ACCOUNT_INACTIVE, None
        step.who = Who.ADMINISTRATOR if step.cause in (Cause.API, Cause.ACCOUNT_INACTIVE) else self._colleague()
        self._annotate(step)
        if step.cause is Cause.MANUAL:
            step.at = self._in_office_hours(step.at)

    def _annotate(self, step: Move) -> None:
        notes = NOTES.get(step.note or step.reason or step.to or step.kind, [])
        annotated = step.cause is Cause.MANUAL and notes and self._chance(0.35)
        step.note = self._random.choice(notes) if annotated else ""

    def _colleague(self) -> Who:
        return Who.OPERATOR if self._chance(0.75) else Who.MARKETER

    def _engage(self, fields: dict, arrival: Move, stage: str | None, *, lost: bool) -> None:
        interest = 0.05 if lost else (STAGES.index(stage) + 1) / len(STAGES) if stage else 0.1
        engage(fields, random=self._random, born=arrival.at, now=self.now, interest=interest)
        paying = stage in STAGES[2:] and not lost
        subscribe_to_plan(fields, random=self._random, paying=paying, today=self.now.date())

    def _flag_a_few(self) -> None:
        """Six contacts were set by hand and overridden by an application within the month: review needed."""
        recent = self.now - timedelta(days=26)
        chosen = [
            life.moves[-2:]
            for life in self.lives
            if len(life.moves) > 1 and all(move.kind is Kind.STAGE and not move.run for move in life.moves[-2:])
            and (life.moves[-3].at if len(life.moves) > 2 else life.arrival.at) < recent - APART
        ]  # fmt: skip
        for number, (by_hand, by_application) in enumerate(self._random.sample(chosen, 6)):
            by_hand.at = self._in_office_hours(recent + timedelta(days=number))
            by_hand.cause, by_hand.who = Cause.MANUAL, Who.OPERATOR
            by_application.at = self.now - timedelta(days=6 - number, hours=3)
            by_application.cause, by_application.who, by_application.note = Cause.API, Who.ADMINISTRATOR, ""

    # Labels

    def _labels(self, life: Life) -> Iterator[Carries]:
        if subscribed := life.fields.get("subscribed_at"):
            yield Carries("newsletter", subscribed, Cause.API, Who.ADMINISTRATOR)
        arrived_by = life.arrival.run
        if arrived_by and arrived_by.label:
            yield Carries(arrived_by.label, arrived_by.at, Cause.IMPORT, arrived_by.who, arrived_by)
        runs = [move.run for move in life.moves if move.run]
        for run in runs:
            if run.cause is Cause.LABEL_RULE:
                yield self._selected_by(run, life)
            elif run.cause is Cause.BULK and run.label:
                yield from self._took_part(run.label, life)
        stage, lost = life.place_at(self.now)
        if lost is None and self._chance({"Engaged": 0.25, "Customer": 0.15}.get(stage or "", 0)):
            yield Carries("trial", self._since_arrival(life), Cause.API, Who.ADMINISTRATOR)
        for label, chance in (("partner", 0.02), ("press", 0.008), ("follow-up", 0.03)):
            if self._chance(chance):
                yield Carries(label, self._since_arrival(life), Cause.MANUAL, self._colleague())
        latest = max(self.runs.purchases, key=lambda run: run.at)
        if stage == "Engaged" and lost is None and latest not in runs and self._chance(0.03):
            since = latest.at + (self.now - latest.at) * self._random.random()
            yield Carries(latest.label or "", max(since, life.arrival.at), Cause.API, Who.ADMINISTRATOR)

    def _selected_by(self, run: PlannedRun, life: Life) -> Carries:
        """The label of a label rule, given by the shop in the weeks before."""
        earliest = max(life.arrival.at, run.at - timedelta(days=80))
        since = earliest + (run.at - earliest) * self._random.random()
        return Carries(run.label or "", since, Cause.API, Who.ADMINISTRATOR)

    def _took_part(self, label: str, life: Life) -> Iterator[Carries]:
        webinar = self.runs.webinar(label)
        if life.arrival.at < webinar.at:
            yield Carries(label, webinar.at, Cause.IMPORT, webinar.who, webinar)

    def _since_arrival(self, life: Life) -> datetime:
        return life.arrival.at + (self.now - life.arrival.at) * self._random.random()

    def _bystanders(self, run: PlannedRun) -> list[int]:
        """Lives that a run to Customer selects but does not move: a few Customers, a few with inactive accounts."""
        if run.to != "Customer":
            return []
        customers, inactive = [], []
        for number, life in enumerate(self.lives):
            stage, lost = life.place_at(run.at - _WEEK)
            if life.arrival.written_at >= run.at - _WEEK or (stage, lost) != life.place_at(run.at + _WEEK):
                continue
            if lost is None and stage == run.to:
                customers.append(number)
            elif lost and lost.cause is Cause.ACCOUNT_INACTIVE:
                inactive.append(number)
        chosen = [*self._a_few(customers, 7), *self._a_few(inactive, 2)]
        for life in [self.lives[number] for number in chosen if run.label]:
            life.labels.append(self._selected_by(run, life))
        return chosen

    def _a_few(self, numbers: Sequence[int], count: int) -> list[int]:
        return self._random.sample(numbers, min(count, len(numbers)))

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability


def _up_to(stage: str | None) -> tuple[str, ...]:
    return STAGES[: STAGES.index(stage) + 1] if stage else ()
