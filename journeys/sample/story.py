"""What a sample year consists of: stages, reasons, notes, and the words for runs, moves and lives."""

import enum
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from contacts.causes import Cause

STAGES = ("Aware", "Engaged", "Customer", "Loyal Customer", "Promoter")

SHAPE = {
    (None, False): 42,
    ("Aware", False): 2255,
    ("Engaged", False): 1175,
    ("Customer", False): 690,
    ("Loyal Customer", False): 248,
    ("Promoter", False): 90,
    (None, True): 8,
    ("Aware", True): 214,
    ("Engaged", True): 128,
    ("Customer", True): 118,
    ("Loyal Customer", True): 26,
    ("Promoter", True): 6,
}
"""So many contacts stand there at the end: by stage, and whether lost. 5,000 in all, a tenth of them lost."""

REASONS = {
    "No answer": 30,
    "Unsubscribed": 24,
    "Chose a competitor": 18,
    "Bounced": 12,
    "Account closed": 6,
    "Duplicate": 4,
    "Other": 6,
}
"""Why contacts are lost, and how often in a hundred."""

NOTES = {
    "Engaged": ["Asked for a demo", "Left a card at our stand", "Replied to the spring mailing"],
    "Customer": ["First order came in by phone", "Signed after the trial", "Small order, wants to see how it goes"],
    "Loyal Customer": ["Third order this year", "Renewed for two years"],
    "Promoter": ["Wrote a review for us", "Brought in two neighbours", "Speaks at our customer day"],
    "back": ["Sent everything back", "Cancelled within the fourteen days"],
    "No answer": ["Three calls, no answer", "Said to call again next year"],
    "Chose a competitor": ["They were quicker", "Half our price"],
    "Other": ["Budget was cut", "Moved to another company"],
    "recover": ["Called back after all", "New budget, wants an offer", "Was on parental leave"],
}

LABELS = {
    "newsletter": "#5b8def",
    "webinar-may": "#8e4ec6",
    "webinar-october": "#8e4ec6",
    "trade-fair": "#f5a524",
    "trial": "#12a594",
    "purchased-q1": "#30a46c",
    "purchased-q2": "#30a46c",
    "purchased-q3": "#30a46c",
    "purchased-q4": "#30a46c",
    "partner": "#d6409f",
    "press": "#5b6270",
    "follow-up": "#e5484d",
}
"""The labels of the sample book and their colours."""

APART = timedelta(days=11)
"""A contact's moves are planned at least so far apart. Office hours and runs shift some by up to four days."""


class Who(enum.StrEnum):
    """The team behind the sample year."""

    ADMINISTRATOR = "administrator"
    MARKETER = "marketer"
    OPERATOR = "operator"
    VIEWER = "viewer"


class Kind(enum.StrEnum):
    """What a move does."""

    STAGE = "stage"
    LOST = "lost"
    RECOVER = "recover"


@dataclass(frozen=True)
class PlannedRun:
    """A change to many contacts: when, why, and in words what it does.

    `to` and `reason` say what it does to their status, if anything; `label` is the one it selects by or puts on.
    """

    at: datetime
    cause: Cause
    words: str
    kind: Kind | None = None
    to: str | None = None
    reason: str | None = None
    label: str | None = None
    who: Who = Who.MARKETER


@dataclass
class Move:
    """One move of one contact; the arrival in the book is one too."""

    kind: Kind
    at: datetime
    cause: Cause
    who: Who | None = None
    to: str | None = None
    reason: str | None = None
    note: str = ""
    run: PlannedRun | None = None

    @property
    def written_at(self) -> datetime:
        """When it comes into the book: with its run, where it is part of one."""
        return self.run.at if self.run else self.at


@dataclass
class Carries:
    """A contact gets a label."""

    label: str
    at: datetime
    cause: Cause
    who: Who | None = None
    run: PlannedRun | None = None


@dataclass
class Life:
    """A contact from its arrival in the book to now."""

    fields: dict[str, Any]
    arrival: Move
    moves: list[Move]
    labels: list[Carries] = field(default_factory=list)

    def place_at(self, at: datetime) -> tuple[str | None, Move | None]:
        """The stage as the book had it at `at`, and the move that made it lost, or None."""
        stage, lost = self.arrival.to, None
        for move in self.moves:
            if move.written_at < at:
                stage = move.to if move.kind is Kind.STAGE else stage
                lost = move if move.kind is Kind.LOST else None
        return stage, lost
