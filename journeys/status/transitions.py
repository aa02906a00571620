"""Who may move where (DESIGN.md, section 4): pure rules, without database, clock or request.

A move is judged once for all contacts of the same standing, so a set of one and a set of a million
are judged by the same lines.
"""

import enum
from dataclasses import dataclass
from datetime import datetime

from contacts.causes import Cause


class Permission(enum.StrEnum):
    """What a movement rule says about one kind of move."""

    ALLOW = "allow"
    FLAG = "flag"  # allow, and flag for review
    REFUSE = "refuse"


class Refusal(enum.StrEnum):
    """Why a contact stays where it is. The sentence is what screens, logs and the API say."""

    sentence: str

    def __new__(cls, code: str, sentence: str) -> "Refusal":
        member = str.__new__(cls, code)
        member._value_ = code
        member.sentence = sentence
        return member

    LIGHTER_STAGE = "lighter_stage", "Contact was not able to move into this stage."
    CLOSED_STAGE = "closed_stage", "Stage is missing or unpublished."
    RETIRED_STAGE = "retired_stage", "The stage was retired."
    LOST_CONTACT = ("lost_contact", "Contact is lost, and this does not recover lost contacts.")
    NOT_LOST = "not_lost", "Contact is not lost."
    ACCOUNT_INACTIVE = "account_inactive", "The account is inactive."
    WOULD_GO_BACK = "would_go_back", "It would go back, and this moves only forward."
    LEFT_LOST = "left_lost", "Contact is lost, and this leaves lost contacts as they are."
    LABEL_DELETED = "label_deleted", "The label was deleted."
    HAS_A_STATUS = "has_a_status", "Contact has a status already."
    REASON_REQUIRED = ("reason_required", "Say why the contact is lost: a reason is required.")
    BEFORE_PRESENT_STATUS = ("before_present_status", "The date is before the present status began.")
    IN_THE_FUTURE = "in_the_future", "The date is in the future."
    CHANGED_MEANWHILE = "changed_meanwhile", "Somebody changed this contact meanwhile."
    MOVED_SINCE = "moved_since", "The contact was moved since."
    CHANGED_SINCE = "changed_since", "It was changed since by something else."
    NOTHING_BEFORE = "nothing_before", "The contact had no status before this."
    NOT_IN_THE_BOOK = "not_in_the_book", "There is no such contact in the book."
    RUN_CANCELLED = "run_cancelled", "The run was cancelled before it came to this contact."
    STARTER_LEFT = "starter_left", "Whoever started the run was deactivated before it came to this contact."


@dataclass(frozen=True, slots=True)
class MovementRules:
    """One row of the table: what a cause may do to a lower weight, and to a lost contact."""

    to_lower_weight: Permission
    onto_lost: Permission


Policy = dict[Cause, MovementRules]

_FREE = MovementRules(Permission.ALLOW, Permission.ALLOW)
_FORWARD_ONLY = MovementRules(Permission.REFUSE, Permission.REFUSE)

PEOPLE_DECIDE: Policy = {
    Cause.MANUAL: _FREE,
    Cause.LABEL_RULE: _FREE,
    Cause.BULK: _FREE,
    Cause.CAMPAIGN: _FORWARD_ONLY,
    Cause.API: MovementRules(Permission.FLAG, Permission.FLAG),
    Cause.IMPORT: _FORWARD_ONLY,
    Cause.WEB_FORM: _FORWARD_ONLY,
}
"""The preset as shipped."""

ONE_DIRECTION_ONLY: Policy = {
    cause: MovementRules(Permission.REFUSE, rules.onto_lost) for cause, rules in PEOPLE_DECIDE.items()
}
"""The preset in which every cause refuses a lower weight."""

PUTTING_BACK = frozenset({Cause.UNDO, Cause.REVIEW, Cause.STAGE_RETIRED, Cause.STAGE_MERGED, Cause.DATA_FIX})
"""Putting back is not moving on: neither weight nor a closed stage refuses, only a retired stage does."""

PEOPLE = frozenset({Cause.MANUAL, Cause.BULK, Cause.UNDO, Cause.REVIEW})
"""Causes behind which a person decided."""

BY_HAND = PEOPLE - {Cause.BULK}
"""Causes behind which a person looked at this one contact."""

RECENT_DAYS = 30
"""A stage set by hand within so many days is not overridden by the API unnoticed (DESIGN.md, section 4)."""


@dataclass(frozen=True, slots=True)
class StageFacts:
    """What the rules need to know of a stage at the moment of the move."""

    id: int
    weight: int
    is_open: bool
    is_retired: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Where contacts stand: equal for all that a move treats alike."""

    stage: StageFacts | None
    lost: bool
    lost_reason: int | None = None
    account_inactive: bool = False
    lost_by_a_person: bool = False
    set_by_hand_lately: bool = False


def heading(start: StageFacts | None, end: StageFacts | None) -> int | None:
    """The direction of a move: 1 forward, 0 level, -1 back. None unless between two stages."""
    if start is None or end is None or start.id == end.id:
        return None
    return (end.weight > start.weight) - (end.weight < start.weight)


class Lost(enum.Enum):
    """What a move does about being lost."""

    KEEP = enum.auto()
    RECOVER = enum.auto()
    LOSE = enum.auto()


@dataclass(frozen=True, slots=True)
class Move:
    """What is asked for. `to` is where contacts go; None leaves them in no stage.

    Attributes:
        back_allowed: lower weights and lost contacts do not refuse: an import that says so, an
            Administrator's own correction.
        puts_back: it only recovers lost contacts to the stage they were lost from.
        only_forward, leave_lost: choices of whoever asks, narrower than the rules.
    """

    cause: Cause
    to: StageFacts | None
    lost: Lost = Lost.RECOVER
    lost_reason: int | None = None
    back_allowed: bool = False
    puts_back: bool = False
    only_forward: bool = False
    leave_lost: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of contacts of one standing: a refusal, unchanged, or changed (and flagged for review)."""

    refusal: Refusal | None = None
    changed: bool = False
    review_needed: bool = False


UNCHANGED = Verdict()


def judge(standing: Standing, move: Move, policy: Policy) -> Verdict:
    """Say what the move does to contacts of this standing.

    Args:
        standing: where they are.
        move: what is asked for.
        policy: the movement rules in force; causes it does not name are free to move.
    """
    lost_after = _lost_after(standing, move)
    reason_after = (move.lost_reason if move.lost is Lost.LOSE else standing.lost_reason) if lost_after else None
    if (_id(standing.stage), standing.lost, standing.lost_reason) == (_id(move.to), lost_after, reason_after):
        return UNCHANGED
    refusal = _refusal(standing, move, policy, lost_after=lost_after)
    if refusal:
        return Verdict(refusal=refusal)
    return Verdict(changed=True, review_needed=_diverges(standing, move, policy))


def judge_date(date: datetime | None, *, since: datetime, now: datetime, earlier_is_now: bool) -> Refusal | None:
    """Say whether the date of a move is refused, whatever the move. The one door asks the database the same.

    Args:
        date: when it happened, as stated; None is now.
        since: when the present status began.
        now: the clock of the database.
        earlier_is_now: a date before `since` moves as of now instead.
    """
    if date and date > now:
        return Refusal.IN_THE_FUTURE
    if date and date < since and not earlier_is_now:
        return Refusal.BEFORE_PRESENT_STATUS
    return None


def _lost_after(standing: Standing, move: Move) -> bool:
    return {Lost.KEEP: standing.lost, Lost.RECOVER: False, Lost.LOSE: True}[move.lost]


def _refusal(standing: Standing, move: Move, policy: Policy, *, lost_after: bool) -> Refusal | None:
    changes_stage = _id(standing.stage) != _id(move.to)
    rules = policy.get(move.cause, _FREE)
    if move.cause is Cause.DEFAULT and standing.stage:
        return Refusal.HAS_A_STATUS
    if move.to and move.to.is_retired and (changes_stage or (standing.lost and not lost_after)):
        return Refusal.RETIRED_STAGE
    if standing.account_inactive and not lost_after:
        return Refusal.ACCOUNT_INACTIVE
    if move.leave_lost and standing.lost:
        return Refusal.LEFT_LOST
    if move.only_forward and _goes_back(standing, move):
        return Refusal.WOULD_GO_BACK
    if move.cause in PUTTING_BACK or move.puts_back:
        return None
    if changes_stage and move.to and not move.to.is_open:
        return Refusal.CLOSED_STAGE
    if standing.lost and not lost_after and rules.onto_lost is Permission.REFUSE and not move.back_allowed:
        return Refusal.LOST_CONTACT
    if _goes_back(standing, move) and rules.to_lower_weight is Permission.REFUSE and not move.back_allowed:
        return Refusal.LIGHTER_STAGE
    return None


def _goes_back(standing: Standing, move: Move) -> bool:
    """Equal weight is not lower, and without a stage nothing is."""
    return heading(standing.stage, move.to) == -1


def may_diverge(cause: Cause, policy: Policy) -> bool:
    """Whether anything that a cause does can need review because of what people decided before."""
    return cause is Cause.API or policy.get(cause, _FREE).onto_lost is Permission.FLAG


def _diverges(standing: Standing, move: Move, policy: Policy) -> bool:
    """Whether a change contradicts what people decided, so that somebody should look at it."""
    rules = policy.get(move.cause, _FREE)
    if _goes_back(standing, move) and rules.to_lower_weight is Permission.FLAG:
        return True
    recovers = standing.lost and move.lost is Lost.RECOVER
    if recovers and standing.lost_by_a_person and rules.onto_lost is Permission.FLAG:
        return True
    return move.cause is Cause.API and standing.set_by_hand_lately and _id(standing.stage) != _id(move.to)


def _id(stage: StageFacts | None) -> int | None:
    return stage.id if stage else None
