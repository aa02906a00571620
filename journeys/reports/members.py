"""Whose changes a report counts: everybody's, or those of contacts that have something in common today."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from journeys.segments.queries import Matching

_CARRYING = "SELECT contact_id FROM contacts_carriedlabel WHERE label_id = %(members_label)s"
_VALUES = re.compile("%%|%s")


@dataclass(frozen=True)
class Members:
    """Contacts as they are today; where they stood comes from their history. Both conditions hold, if both are given.

    Attributes:
        label: the id of one that they carry.
        matching: a segment that they match.
    """

    label: int | None = None
    matching: Matching | None = None

    @property
    def is_everybody(self) -> bool:
        return self.label is None and self.matching is None

    @property
    def sql(self) -> str:
        """A statement that gives each of them once, as `contact_id`. Not for everybody."""
        carrying = [_CARRYING] if self.label is not None else []
        return " INTERSECT ".join(carrying + ([f"({self._matching[0]})"] if self.matching else []))

    def condition(self, contact: str) -> str:
        """The condition that a column names one of them."""
        return "true" if self.is_everybody else f"{contact} IN ({self.sql})"

    @property
    def values(self) -> dict[str, Any]:
        """The values of the statement, by names that begin with `members_`."""
        return {"members_label": self.label, **self._matching[1]}

    @cached_property
    def _matching(self) -> tuple[str, dict[str, Any]]:
        """The statement of the segment with its values by name. One query where attributes are named."""
        if not self.matching:
            return "", {}
        sql, values = self.matching.statement()
        named = {f"members_{number}": value for number, value in enumerate(values)}
        names = iter(named)
        return _VALUES.sub(lambda mark: f"%({next(names)})s" if mark[0] == "%s" else mark[0], sql), named

    def as_json(self) -> dict[str, Any]:
        said = {"label": self.label, "matching": self.matching and self.matching.as_json()}
        return {name: value for name, value in said.items() if value is not None}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> "Members":
        """What `as_json` wrote."""
        return cls(
            label=data.get("label"),
            matching=Matching.read(data["matching"]) if "matching" in data else None,
        )


EVERYBODY = Members()
