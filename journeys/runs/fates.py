"""What would become of the contacts of a run, counted by where they stand. Pure: no database, clock or request."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from journeys.runs.operations import Act, Operation
from journeys.status.transitions import Lost, Move, Policy, Refusal, StageFacts, Standing, heading, judge

FORWARD, BACK, LEVEL, ENTERS, RECOVERS, LOSES, LEAVES = (
    *("forward", "back", "level"),
    *("enters", "recovers", "loses", "leaves"),
)
REASON = "reason"
DONE = "done"
"""What is done is no move: a label is put on or taken off, an account is made active or inactive."""
UNCHANGED = "unchanged"

CHANGES = frozenset({FORWARD, BACK, LEVEL, ENTERS, RECOVERS, LOSES, LEAVES, REASON, DONE})


@dataclass(frozen=True, slots=True)
class Group:
    """Contacts that stand alike, and how many of them were set by hand lately."""

    standing: Standing
    count: int
    by_hand: int = 0


@dataclass(frozen=True, slots=True)
class Fate:
    """So many contacts from one place would have one outcome.

    Attributes:
        stage, lost: the place: a stage or none; lost from there or not.
        outcome: one of `CHANGES`, `UNCHANGED`, or the code of a refusal.
        count: contacts; `by_hand` of them were set by hand lately.
        since: for an undo, the cause that moved contacts since.
    """

    stage: int | None
    lost: bool
    outcome: str
    count: int
    by_hand: int = 0
    since: str = ""

    @property
    def is_change(self) -> bool:
        return self.outcome in CHANGES

    @property
    def kind(self) -> tuple[int | None, bool, str]:
        """The place and the outcome, however many it concerns."""
        return self.stage, self.lost, self.outcome

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """The fate that `as_json` wrote."""
        return cls(**data)


def foresee(
    groups: Iterable[Group], operation: Operation, stages: Mapping[int, StageFacts], policy: Policy
) -> list[Fate]:
    """Say what a change of statuses would do to groups of contacts: judged by the same rules as when it is done."""
    counts: Counter[tuple[int | None, bool, str]] = Counter()
    by_hand: Counter[tuple[int | None, bool, str]] = Counter()
    for group in groups:
        stage, lost = group.standing.stage, group.standing.lost
        kind = (stage.id if stage else None, lost, fate_of(group.standing, operation, stages, policy))
        counts[kind] += group.count
        by_hand[kind] += group.by_hand
    return [Fate(*kind, count, by_hand[kind]) for kind, count in counts.items()]


def fate_of(standing: Standing, operation: Operation, stages: Mapping[int, StageFacts], policy: Policy) -> str:
    """The outcome of a change of statuses for contacts of one standing."""
    move = move_asked(standing, operation, stages)
    verdict = judge(standing, move, policy)
    if verdict.refusal:
        return str(verdict.refusal)
    return _how(standing, move) if verdict.changed else UNCHANGED


def move_asked(standing: Standing, operation: Operation, stages: Mapping[int, StageFacts]) -> Move:
    """The move that an operation asks of contacts of one standing, as `journeys.status.requests.Request` does."""
    to = stages[operation.stage] if operation.stage else None
    match operation.act:
        case Act.MARK_LOST:
            reason = operation.reason or standing.lost_reason
            return Move(operation.cause, standing.stage, Lost.LOSE, lost_reason=reason)
        case Act.RECOVER:
            return Move(operation.cause, standing.stage, Lost.RECOVER, puts_back=True)
        case Act.GIVE_DEFAULT | Act.MOVE_OUT:
            return Move(operation.cause, to, Lost.KEEP)
        case _:
            return Move(
                operation.cause,
                to,
                Lost.RECOVER,
                only_forward=operation.only_forward,
                leave_lost=operation.leave_lost,
            )


def _how(standing: Standing, move: Move) -> str:
    direction = heading(standing.stage, move.to)
    if direction is not None:
        return {1: FORWARD, 0: LEVEL, -1: BACK}[direction]
    if move.lost is Lost.LOSE:
        return REASON if standing.lost else LOSES
    if standing.stage is None and move.to is not None:
        return ENTERS
    return RECOVERS if standing.lost else LEAVES


def count(fates: Sequence[Fate], *outcomes: str) -> int:
    """How many contacts would have one of these outcomes."""
    return sum(fate.count for fate in fates if fate.outcome in outcomes)


def changed(fates: Sequence[Fate]) -> int:
    """How many contacts would be changed."""
    return sum(fate.count for fate in fates if fate.is_change)


def refused(fates: Sequence[Fate]) -> dict[Refusal, int]:
    """How many contacts would be refused for which reason, the most frequent first."""
    counts: dict[Refusal, int] = {}
    for fate in fates:
        if not fate.is_change and fate.outcome != UNCHANGED:
            refusal = Refusal(fate.outcome)  # type: ignore[call-arg]
            counts[refusal] = counts.get(refusal, 0) + fate.count
    return dict(sorted(counts.items(), key=lambda item: -item[1]))
