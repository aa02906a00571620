"""What may be done to many contacts from the list, and who may do it."""

from dataclasses import dataclass

from config.team.roles import LOST_IN_BULK_BY_OPERATORS, Role
from contacts.causes import Cause
from journeys.runs.operations import Act, Operation, needed_role


@dataclass(frozen=True, slots=True)
class BulkAct:
    """An act as the list offers it: in words, with the icon that stands for it."""

    act: Act
    words: str
    icon: str


ACTS = [
    BulkAct(Act.CHANGE_STATUS, "Change status", "arrows-right-left"),
    BulkAct(Act.MARK_LOST, "Mark lost", "no-symbol"),
    BulkAct(Act.RECOVER, "Recover", "arrow-uturn-left"),
    BulkAct(Act.PUT_ON_LABEL, "Put on label", "tag"),
    BulkAct(Act.TAKE_OFF_LABEL, "Take off label", "minus-circle"),
    BulkAct(Act.ACTIVATE, "Make accounts active", "check-circle"),
    BulkAct(Act.DEACTIVATE, "Make accounts inactive", "pause-circle"),
    BulkAct(Act.ERASE, "Erase", "trash"),
]


def role_for(act: Act, contacts: int) -> Role:
    """Who may do this to so many contacts at once."""
    return needed_role(Operation(act, Cause.BULK), contacts)


def acts_for(role: Role, contacts: int = 0) -> list[BulkAct]:
    """What this role may do to so many contacts at once."""
    return [offered for offered in ACTS if role >= role_for(offered.act, contacts)]


def too_many(contacts: str) -> str:
    """Why an Operator may not act on so many: "18,220", "more than 10,000"."""
    role = role_for(Act.MARK_LOST, LOST_IN_BULK_BY_OPERATORS + 1)
    return (
        f"Operators mark up to {LOST_IN_BULK_BY_OPERATORS} contacts lost at once, or recover them, and these are "
        f"{contacts}. That needs the role {role.label}."
    )
