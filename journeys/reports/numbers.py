"""Who is behind a number of conversion, time in stage, lost or stuck, as data: beside `journeys.reports.behind`.

Each is read, paged, labelled and kept by a run as `Behind` is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Self

from journeys.reports.behind import sign
from journeys.reports.counted import counts
from journeys.reports.members import EVERYBODY, Members


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """Changes that moved contacts between two moments; `end` is now if None.

    Attributes:
        of: how its data and its address name it.
        key: the column of the statement that says who it is.
    """

    of: ClassVar[str] = ""
    is_of_changes: ClassVar[bool] = True
    key: ClassVar[str] = "change.contact_id"
    steps_alone: ClassVar[bool] = False

    start: datetime | None = None
    end: datetime | None = None
    members: Members = EVERYBODY
    as_corrected: bool = True

    @property
    def what(self) -> str:
        """The condition on a `change` in the history, but for what all numbers ask."""
        raise NotImplementedError

    @property
    def changed(self) -> str:
        """The condition on a `change` in the history."""
        conditions = [self.what, self.kept("change")]
        if self.start:
            conditions.append("change.changed_at >= %(behind_start)s")
        if self.end:
            conditions.append("change.changed_at < %(behind_end)s")
        if not self.members.is_everybody:
            conditions.append(f"change.contact_id IN ({self.members.sql})")
        return " AND ".join(conditions)

    @property
    def sql(self) -> str:
        """A statement that gives each contact once, as `contact_id`."""
        return f"SELECT DISTINCT change.contact_id FROM journeys_statuschange change WHERE {self.changed}"

    @property
    def values(self) -> dict[str, Any]:
        return {"behind_start": self.start, "behind_end": self.end, **self.members.values}

    def kept(self, change: str) -> str:
        """The condition that a row of the history counts."""
        return counts(change, as_corrected=self.as_corrected, steps_alone=self.steps_alone)

    def as_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"of": self.of, "members": self.members.as_json(), "as_recorded": not self.as_corrected}
        for field in fields(self):
            if field.name not in ("members", "as_corrected"):
                value = getattr(self, field.name)
                said[field.name] = value.isoformat() if isinstance(value, datetime) else value
        return {name: value for name, value in said.items() if value is not None and value is not False}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """What `as_json` wrote."""
        named = {field.name for field in fields(cls)} - {"members", "as_corrected"}
        said = {name: datetime.fromisoformat(data[name]) for name in _MOMENTS & data.keys()}
        return cls(
            **{name: data[name] for name in named & data.keys()} | said,
            members=Members.read(data.get("members", {})),
            as_corrected=not data.get("as_recorded", False),
        )

    @property
    def signed(self) -> str:
        """The same for an address: who wrote another one is found out."""
        return sign(self.as_json())


_MOMENTS = {"start", "end", "since"}
