"""What came of a run, in numbers and words: pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from journeys.runs.models import Run
from journeys.runs.operations import Act

CHANGED, UNCHANGED, REFUSED = "changed", "unchanged", "refused"

_BY_ACT = {
    Act.CHANGE_STATUS: "moved",
    Act.GIVE_DEFAULT: "moved",
    Act.MARK_LOST: "lost",
    Act.RECOVER: "recovered",
    Act.PUT_BACK: "put back",
    Act.UNDO_IMPORT: "put back",
    Act.ERASE: "erased",
}
_BY_KIND = {
    Run.Kind.LABEL_RULE: "moved",
    Run.Kind.DEFAULT: "moved",
    Run.Kind.RETIRE: "moved",
    Run.Kind.MERGE: "moved",
    Run.Kind.UNDO: "put back",
}


def changed_word(run: Run) -> str:
    """What became of those a run changed: "moved", "lost", "put back"; "changed" where it depends on the contact."""
    act = run.operation.get("act")
    if act:
        return _BY_ACT.get(Act(act), CHANGED)
    return _BY_KIND.get(Run.Kind(run.kind), CHANGED)


@dataclass(frozen=True, slots=True)
class Term:
    """One number of the sum that a run is: so many became this. `code` is the kind of outcome, or empty."""

    count: int
    word: str
    code: str = ""

    def __str__(self) -> str:
        return f"{self.count:,} {self.word}"


def terms(run: Run) -> list[Term]:
    """What adds up to all contacts, or rows, of a run: "9,204 moved", "740 unchanged", "12 refused"."""
    new = [Term(run.created, "new", CHANGED)] if run.kind == Run.Kind.IMPORT else []
    to_go = [Term(run.records - run.done, "to go")] if run.slices and (run.is_running or run.may_go_on) else []
    return [
        *new,
        Term(run.updated, changed_word(run), CHANGED),
        Term(run.unchanged, "unchanged", UNCHANGED),
        Term(run.refused, "refused", REFUSED),
        *to_go,
    ]


def what_is_counted(run: Run) -> str:
    """What the terms add up to: "9,956 contacts", or rows of an imported file."""
    thing = "row" if run.kind == Run.Kind.IMPORT else "contact"
    return f"{run.records:,} {thing}{'' if run.records == 1 else 's'}"


def ways(run: Run) -> str:
    """Which way those went that changed stage: "8,894 forward, 310 back"; empty where nobody did."""
    parts = [f"{count:,} {way}" for count, way in ((run.forward, "forward"), (run.back, "back")) if count]
    return ", ".join(parts)


def came_of(run: Run) -> str:
    """What came of a run, as lists say it: "1,204 moved, 310 back, 12 refused"; of one under way, how far it is."""
    if run.is_running:
        return f"{run.done:,} of {what_is_counted(run)} done" if run.slices else f"{run.done:,} rows done"
    return ", ".join(_parts(run))


def _parts(run: Run) -> Iterator[str]:
    changed, *others = [term for term in terms(run) if term.code == CHANGED or term.count]
    yield str(changed) if changed.count else f"nobody {changed.word}"
    if run.back:
        yield f"{run.back:,} back"
    yield from (str(term) for term in others if term.count)


def in_one_line(run: Run, *, when: str, by: str) -> str:
    """A run in a list: "Fri 16:42 Ana: label purchased-q2 → Customer, 1,204 moved, 310 back"."""
    who = f"{when} {by}" if by else when
    return f"{who}: {run.words}, {came_of(run)}"


def when_said(moment: datetime, now: datetime) -> str:
    """A moment as people say it: "today 16:42", "Fri 16:42" within six days, "3 May 16:42", "3 May 2025".

    Args:
        moment, now: in the time zone of the person who reads.
    """
    days = (now.date() - moment.date()).days
    if days == 0:
        return f"today {moment:%H:%M}"
    if 0 < days < 7:
        return f"{moment:%a %H:%M}"
    day = f"{moment.day} {moment:%b}"
    return f"{day} {moment:%H:%M}" if moment.year == now.year else f"{day} {moment.year}"


_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def how_long(duration: timedelta) -> str:
    """A duration in its largest unit: "less than a second", "1 second", "12 minutes"."""
    seconds = max(duration.total_seconds(), 0)
    if seconds < 1:
        return "less than a second"
    size, unit = next((size, unit) for size, unit in _UNITS if seconds >= size)
    count = round(seconds / size)
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Sighting:
    """How far a run was at a moment. Written as `done-milliseconds`."""

    done: int
    at: datetime

    def __str__(self) -> str:
        return f"{self.done}-{(self.at - _EPOCH) // timedelta(milliseconds=1)}"

    @classmethod
    def read(cls, text: str) -> "Sighting | None":
        """The sighting that somebody's address names, or None for anything else."""
        match = _SIGHTING.fullmatch(text)
        return cls(int(match[1]), _EPOCH + timedelta(milliseconds=int(match[2]))) if match else None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIGHTING = re.compile(r"([0-9]{1,10})-([0-9]{1,13})")


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a run goes on, and how long the rest takes at this rate."""

    per_second: int
    left: timedelta

    def __str__(self) -> str:
        rate = f"{self.per_second:,} a second" if self.per_second else "less than one a second"
        return f"{rate}, about {how_long(max(self.left, timedelta(seconds=1)))} left"


def pace(run: Run, since: Sighting | None = None) -> Pace | None:
    """The pace of a run; None where nothing was done.

    Args:
        since: count from here, and not from the start of the run, when it may have waited for a worker.
    """
    start = since or Sighting(0, run.started_at)
    done = run.done - start.done
    seconds = (run.progressed_at - start.at).total_seconds()
    if done <= 0 or seconds <= 0:
        return None
    rate = done / seconds
    return Pace(int(rate), timedelta(seconds=(run.records - run.done) / rate))
