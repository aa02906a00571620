"""Whose changes a report counts: everybody's, or those of contacts that have something in common today."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_CARRYING = "SELECT contact_id FROM contacts_carriedlabel WHERE label_id = %(members_label)s"


@dataclass(frozen=True, slots=True)
class Members:
    """Contacts as they are today; where they stood comes from their history.

    Attributes:
        label: the id of one that they carry.
    """

    label: int | None = None

    @property
    def is_everybody(self) -> bool:
        return self.label is None

    @property
    def sql(self) -> str:
        """A statement that gives each of them once, as `contact_id`. Not for everybody."""
        return _CARRYING

    @property
    def values(self) -> dict[str, Any]:
        """The values of the statement, by names that begin with `members_`."""
        return {"members_label": self.label}

    def as_json(self) -> dict[str, Any]:
        return {"label": self.label} if self.label else {}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> "Members":
        """What `as_json` wrote. Raises ValueError for anything else."""
        return cls(label=int(data["label"])) if data else EVERYBODY


EVERYBODY = Members()
