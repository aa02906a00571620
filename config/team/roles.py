"""The four roles and what each may do (DESIGN.md, section 4)."""

import enum


class Role(enum.IntEnum):
    """A team member's role. Each may all that the ones before it may, so roles compare by size."""

    NONE = 0
    VIEWER = 1
    OPERATOR = 2
    MARKETER = 3
    ADMINISTRATOR = 4

    @property
    def label(self) -> str:
        """The name of the role on screen, and of its group in the database."""
        return self.name.capitalize()

    @property
    def corrects(self) -> bool:
        """A manual change by this role is a correction: movement rules do not refuse it."""
        return self is Role.ADMINISTRATOR


LOST_IN_BULK_BY_OPERATORS = 500
"""So many contacts an Operator may mark lost or recover at once."""
