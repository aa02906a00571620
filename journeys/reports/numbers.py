"""Who is behind a number of a report, as data: it is read, paged, labelled, and kept by a run.

`journeys.reports.behind` has those who stood somewhere or moved; conversion, time in stage, lost and stuck have theirs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Self

from django.core import signing

from journeys.reports.counted import counts
from journeys.reports.members import EVERYBODY, Members
from journeys.reports.places import Whereabouts

_SALT = "journeys.reports.numbers"


def unsigned(text: str) -> dict[str, Any] | None:
    """The data of what `Number.signed` wrote, or None for anything else."""
    try:
        return signing.loads(text, salt=_SALT)
    except signing.BadSignature:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """Changes that moved contacts between two moments; `end` is now if None.

    Attributes:
        of: how its data and its address name it.
        steps_alone: without those by which a retired or merged stage took along who was in it.
    """

    of: ClassVar[str] = ""
    steps_alone: ClassVar[bool] = False

    start: datetime | None = None
    end: datetime | None = None
    members: Members = EVERYBODY
    as_corrected: bool = True

    @property
    def is_of_changes(self) -> bool:
        return True

    @property
    def what(self) -> str:
        """The condition on a `change` in the history, but for what all numbers ask."""
        raise NotImplementedError

    @property
    def changed(self) -> str:
        """The condition on a `change` in the history."""
        since = ["change.changed_at >= %(behind_start)s"] if self.start else []
        return " AND ".join([self.what, *since, self.before_end("change"), self.of_members, self.kept("change")])

    @property
    def sql(self) -> str:
        """A statement that gives each contact once, as `contact_id`."""
        return f"SELECT DISTINCT change.contact_id FROM journeys_statuschange change WHERE {self.changed}"

    @property
    def values(self) -> dict[str, Any]:
        return {"behind_start": self.start, "behind_end": self.end, **self.members.values}

    @property
    def of_members(self) -> str:
        """The condition that a `change` is of those whose changes count."""
        return self.members.condition("change.contact_id")

    def before_end(self, change: str) -> str:
        """The condition that a row of the history is dated before the end."""
        return f"{change}.changed_at < %(behind_end)s" if self.end else "true"

    def kept(self, change: str) -> str:
        """The condition that a row of the history counts."""
        return counts(change, as_corrected=self.as_corrected, steps_alone=self.steps_alone)

    def as_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"of": self.of, "members": self.members.as_json(), "as_recorded": not self.as_corrected}
        said |= {name: _written(getattr(self, name)) for name in self._named()}
        return {name: value for name, value in said.items() if value is not None and value is not False}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """What `as_json` wrote."""
        said = {name: _READ.get(name, _as_it_is)(data[name]) for name in cls._named() & data.keys()}
        return cls(
            **said, members=Members.read(data.get("members", {})), as_corrected=not data.get("as_recorded", False)
        )

    @classmethod
    def _named(cls) -> set[str]:
        """What its data calls by its name."""
        return {field.name for field in fields(cls)} - {"members", "as_corrected"}

    @property
    def signed(self) -> str:
        """The same for an address: who wrote another one is found out."""
        return signing.dumps(self.as_json(), salt=_SALT, compress=True)


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.key if isinstance(value, Whereabouts) else value


def _as_it_is(value: Any) -> Any:
    return value


_READ: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("start", "end", "since"), datetime.fromisoformat),
    **dict.fromkeys(("place", "was"), Whereabouts),
}
