"""Ins and outs: what was there at the start, and what came and went, make what is there at the end. Pure sums."""

import enum
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from journeys.reports.places import Whereabouts
from journeys.reports.queries import Funnel, MovementCount, Place
from journeys.status.models import Direction


class Term(enum.StrEnum):
    """How a contact came into a stage, or left it."""

    CAME = "came"
    FORWARD = "forward"
    BACK = "back"
    LEVEL = "level"
    TO_NONE = "to-none"
    LOST = "lost"
    RECOVERED = "recovered"
    ERASED = "erased"

    @property
    def is_in(self) -> bool:
        return self in (Term.CAME, Term.RECOVERED)


_BY_DIRECTION = {Direction.FORWARD: Term.FORWARD, Direction.BACK: Term.BACK, Direction.LEVEL: Term.LEVEL}


def term_of(movement: MovementCount, here: Place) -> Term | None:
    """What a movement is to a place that nobody is lost in: a stage or none. None if it has nothing to do with it."""
    if movement.start == movement.end or here not in (movement.start, movement.end):
        return None
    if movement.end == here:
        return Term.RECOVERED if movement.start.lost else Term.CAME
    return _way_out(movement.end, movement.direction)


def _way_out(end: Place, direction: int | None) -> Term:
    if end.outside:
        return Term.ERASED
    if end.lost:
        return Term.LOST
    if end.stage is None:
        return Term.TO_NONE
    return Term.FORWARD if direction is None else _BY_DIRECTION[Direction(direction)]


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One stage, or none, over a period."""

    stage: int | None
    start: int
    terms: Mapping[Term, int]
    end: int

    @property
    def missing(self) -> int:
        """By how much it does not add up."""
        return self.end - self.start - sum(count if term.is_in else -count for term, count in self.terms.items())

    @property
    def is_empty(self) -> bool:
        return not (self.start or self.end or any(self.terms.values()))


@dataclass(frozen=True, slots=True)
class LostRow:
    """Everybody who is lost, from wherever. `came` were lost when they came into the book."""

    start: int
    came: int
    lost: int
    recovered: int
    erased: int
    end: int

    @property
    def missing(self) -> int:
        return self.end - (self.start + self.came + self.lost - self.recovered - self.erased)


@dataclass(frozen=True, slots=True)
class BookRow:
    """Everybody in the book."""

    start: int
    came: int
    erased: int
    end: int

    @property
    def missing(self) -> int:
        return self.end - (self.start + self.came - self.erased)


@dataclass(frozen=True, slots=True)
class Largest:
    """One of the largest movements of a period."""

    start: Place
    end: Place
    count: int

    @property
    def was_key(self) -> str:
        return Whereabouts.of(self.start).key

    @property
    def place_key(self) -> str:
        return Whereabouts.of(self.end).key


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every stage and none, the lost, and the whole book."""

    rows: list[LedgerRow]
    lost: LostRow
    book: BookRow
    largest: list[Largest] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """By how much it does not add up in all, nothing made up for by anything else."""
        return sum(abs(row.missing) for row in self.rows) + abs(self.lost.missing) + abs(self.book.missing)


def ledger(stages: Sequence[int], start: Funnel, movements: Sequence[MovementCount], end: Funnel) -> Ledger:
    """The ledger of these stages, in their order, and of none."""
    moved = [movement for movement in movements if movement.start != movement.end]
    return Ledger(
        rows=[_row(stage, start, moved, end) for stage in (*stages, None)],
        lost=LostRow(
            start.lost,
            came=_count(one for one in moved if one.start.outside and one.end.lost),
            lost=_count(one for one in moved if _is_present(one.start) and one.end.lost),
            recovered=_count(one for one in moved if one.start.lost and _is_present(one.end)),
            erased=_count(one for one in moved if one.start.lost and one.end.outside),
            end=end.lost,
        ),
        book=BookRow(
            start.total,
            came=_count(one for one in moved if one.start.outside),
            erased=_count(one for one in moved if one.end.outside),
            end=end.total,
        ),
        largest=largest_movements(moved),
    )


def _row(stage: int | None, start: Funnel, moved: Iterable[MovementCount], end: Funnel) -> LedgerRow:
    here = Place(stage)
    terms = Counter(dict.fromkeys(Term, 0))
    for movement in moved:
        if term := term_of(movement, here):
            terms[term] += movement.count
    return LedgerRow(stage, start.standing_in(here), terms, end.standing_in(here))


def _is_present(place: Place) -> bool:
    """In the book and not lost."""
    return not place.lost and not place.outside


def _count(movements: Iterable[MovementCount]) -> int:
    return sum(movement.count for movement in movements)


def largest_movements(movements: Iterable[MovementCount], number: int = 3) -> list[Largest]:
    """The pairs of places between which most moved; those that nobody moved between left out."""
    pairs: Counter[tuple[Place, Place]] = Counter()
    for movement in movements:
        if movement.start != movement.end:
            pairs[movement.start, movement.end] += movement.count
    return [Largest(*pair, count) for pair, count in pairs.most_common(number) if count > 0]
