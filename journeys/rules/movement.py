"""The table of movement rules as people read it, and the two tables that an organisation may start from: pure."""

import enum
from dataclasses import dataclass

from contacts.causes import Cause
from journeys.status.transitions import ONE_DIRECTION_ONLY, PEOPLE_DECIDE, MovementRules, Permission, Policy

PERMISSIONS = {
    Permission.ALLOW: "Allow",
    Permission.FLAG: "Allow and flag for review",
    Permission.REFUSE: "Refuse",
}

COLUMNS = {"to_lower_weight": "To a lower weight", "onto_lost": "Onto a lost contact"}
"""Headings of the two columns, by the attribute of `MovementRules`."""

EXCEPTIONS = {
    Cause.MANUAL: "A correction by an Administrator is never refused.",
    Cause.IMPORT: "Unless the import says otherwise.",
}
"""What passes although its cell refuses."""


class Preset(enum.StrEnum):
    """A whole table of movement rules under a name. The sentence says what it means for people."""

    label: str
    sentence: str
    rules: Policy

    def __new__(cls, code: str, label: str, sentence: str, rules: Policy) -> "Preset":
        member = str.__new__(cls, code)
        member._value_ = code
        member.label, member.sentence, member.rules = label, sentence, rules
        return member

    PEOPLE_DECIDE = (
        "people_decide",
        "People decide",
        "People may move contacts to a lower weight; campaigns, imports and web forms may not, and the API is flagged.",
        PEOPLE_DECIDE,
    )
    ONE_DIRECTION_ONLY = (
        "one_direction_only",
        "One direction only",
        "Nothing moves contacts to a lower weight but an Administrator, one by one.",
        ONE_DIRECTION_ONLY,
    )


def preset_of(policy: Policy) -> Preset | None:
    """The preset that holds; None where the organisation set cells of its own."""
    table = {cause: policy[cause] for cause in PEOPLE_DECIDE}
    return next((preset for preset in Preset if preset.rules == table), None)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table in words."""

    cause: Cause
    rules: MovementRules

    @property
    def cells(self) -> list[tuple[str, str]]:
        """The heading and the words of each cell."""
        return [(heading, PERMISSIONS[getattr(self.rules, column)]) for column, heading in COLUMNS.items()]

    @property
    def exception(self) -> str:
        return EXCEPTIONS.get(self.cause, "")


def table_of(policy: Policy) -> list[Line]:
    """The lines of the table, for every cause that has rules."""
    return [Line(cause, policy[cause]) for cause in PEOPLE_DECIDE]
