"""What is asked of the one door, and what came of it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.runs.models import Run
from journeys.status.transitions import Lost, Move, Refusal, StageFacts, Standing


@dataclass
class Outcome:
    """What became of each contact that was asked for: changed, unchanged, or refused for a reason.

    `forward` and `back` count those of the changed that went to a heavier or a lighter stage.
    """

    changed: list[int] = field(default_factory=list)
    unchanged: list[int] = field(default_factory=list)
    refused: dict[Refusal, list[int]] = field(default_factory=lambda: defaultdict(list))
    flagged: list[int] = field(default_factory=list)
    forward: int = 0
    back: int = 0

    @property
    def refusal(self) -> Refusal | None:
        """The first reason why a contact was refused; of a set of one, the reason."""
        return next((refusal for refusal, contacts in self.refused.items() if contacts), None)

    def add(self, other: "Outcome") -> None:
        """Add the outcome of another slice."""
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.flagged += other.flagged
        self.forward += other.forward
        self.back += other.back
        for refusal, contacts in other.refused.items():
            self.refused[refusal] += contacts


@dataclass(frozen=True)
class Signature:
    """Who changes a status and why: what every row written here carries."""

    cause: Cause
    by: TeamMember | None
    run: Run | None = None
    via: int | None = None
    note: str = ""
    review_needed: bool = False

    def values(self) -> dict:
        """As the parameters of a statement."""
        return {
            "cause": self.cause,
            "by": self.by.pk if self.by else None,
            "run": self.run.pk if self.run else None,
            "via": self.via,
        }


@dataclass(frozen=True)
class Request:
    """One request, the same for every slice of it."""

    signature: Signature
    lost: Lost
    stays: bool  # in the stage where each contact is; `stage` counts only otherwise
    stage: int | None = None
    lost_reason: int | None = None
    dates: Mapping[int, datetime] = field(default_factory=dict)
    earlier_is_now: bool = False
    signatures: Mapping[int, int] = field(default_factory=dict)
    back_allowed: bool = False
    only_forward: bool = False
    leave_lost: bool = False

    def move(self, standing: Standing, facts: Mapping[int, StageFacts]) -> Move:
        """The request as it looks for contacts of one standing."""
        chosen = facts[self.stage] if self.stage else None
        keeps_reason = self.stays and self.lost is Lost.LOSE and self.lost_reason is None and standing.lost
        return Move(
            cause=self.signature.cause,
            to=standing.stage if self.stays else chosen,
            lost=self.lost,
            lost_reason=standing.lost_reason if keeps_reason else self.lost_reason,
            back_allowed=self.back_allowed,
            puts_back=self.stays and self.lost is Lost.RECOVER,
            only_forward=self.only_forward,
            leave_lost=self.leave_lost,
        )
