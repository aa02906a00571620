"""Who is behind a number of a report: contacts that stood somewhere, or changes that moved them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing

from journeys.history.undone import is_undone
from journeys.reports.ledger import Term
from journeys.reports.members import EVERYBODY, Members
from journeys.reports.places import EVERYWHERE, LOST, Whereabouts

_SALT = "journeys.reports.behind"

MOVED = "moved"
"""In place of a term: a change from `was` to `place`."""


def sign(data: dict[str, Any]) -> str:
    """Data for an address. `unsigned` reads it."""
    return signing.dumps(data, salt=_SALT, compress=True)


def unsigned(text: str) -> dict[str, Any] | None:
    """What `sign` wrote, or None for anything else."""
    try:
        return signing.loads(text, salt=_SALT)
    except signing.BadSignature:
        return None


@dataclass(frozen=True, slots=True)
class Behind:
    """Whom a number counts, as data. Without a term, contacts: those that stood in `place` before `end` (now if None),
    and in `was` before `start`, if that is given. With a term, the changes of the period that were this to `place`.
    """

    place: Whereabouts
    start: datetime | None = None
    end: datetime | None = None
    was: Whereabouts | None = None
    term: str = ""
    members: Members = EVERYBODY
    as_corrected: bool = True

    @property
    def is_of_changes(self) -> bool:
        return bool(self.term)

    def as_json(self) -> dict[str, Any]:
        said = {
            "place": self.place.key,
            "start": self.start and self.start.isoformat(),
            "end": self.end and self.end.isoformat(),
            "was": self.was and self.was.key,
            "term": self.term,
            "members": self.members.as_json(),
            "as_recorded": not self.as_corrected,
        }
        return {name: value for name, value in said.items() if value}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> "Behind":
        """What `as_json` wrote."""
        return cls(
            place=Whereabouts(data["place"]),
            start=datetime.fromisoformat(data["start"]) if "start" in data else None,
            end=datetime.fromisoformat(data["end"]) if "end" in data else None,
            was=Whereabouts(data["was"]) if "was" in data else None,
            term=data.get("term", ""),
            members=Members.read(data.get("members", {})),
            as_corrected=not data.get("as_recorded", False),
        )

    @property
    def signed(self) -> str:
        """The same for an address: who wrote another one is found out."""
        return sign(self.as_json())

    @property
    def sql(self) -> str:
        """A statement that gives each contact once, as `contact_id`."""
        if self.term:
            return f"SELECT DISTINCT change.contact_id FROM journeys_statuschange change WHERE {self.changed}"
        return f"SELECT {self.key} FROM {self._stood}"

    @property
    def key(self) -> str:
        """The column of the statement that says who it is."""
        return "born.contact_id" if self._are_new else "change.contact_id"

    @property
    def _are_new(self) -> bool:
        return bool(self.was and self.was.is_outside)

    @property
    def values(self) -> dict[str, Any]:
        return {"behind_start": self.start, "behind_end": self.end, **self.members.values}

    # Contacts that stood somewhere

    @property
    def _stood(self) -> str:
        """Rows to select from, with a condition: of each contact the change that was in force, or its status."""
        if self._are_new:
            return self._came_and_stood
        was = f" AND {self._stood_before}" if self.was else ""
        if self.end is None and not self.place.is_outside:
            return f"({_STATUSES}) AS change WHERE {self.place.sql('change.to')}{self._of_members}{was}"
        return f"""journeys_statuschange change
            WHERE {self.place.sql("change.to")}{self._before_end("change")}{self._of_members}{self._kept("change")}
              AND NOT EXISTS (
                  SELECT FROM journeys_statuschange later
                  WHERE later.contact_id = change.contact_id AND later.id > change.id
                  {self._before_end("later")}{self._kept("later")}){was}"""

    @property
    def _came_and_stood(self) -> str:
        """New contacts: few of the book, so they are looked at first, in order."""
        return f"""(
                SELECT born.contact_id FROM journeys_statuschange born
                WHERE born.from_outside AND born.changed_at >= %(behind_start)s{self._before_end("born")}
                ORDER BY born.contact_id OFFSET 0) AS born
            CROSS JOIN LATERAL (
                SELECT * FROM journeys_statuschange change WHERE change.contact_id = born.contact_id
                {self._before_end("change")}{self._kept("change")} ORDER BY change.id DESC LIMIT 1) AS change
            WHERE {self.place.sql("change.to")}{self._of_members}"""

    @property
    def _stood_before(self) -> str:
        assert self.was
        return f"""(
            SELECT {self.was.sql("earlier.to")} FROM journeys_statuschange earlier
            WHERE earlier.contact_id = change.contact_id AND earlier.changed_at < %(behind_start)s
            {self._kept("earlier")} ORDER BY earlier.id DESC LIMIT 1)"""

    # Changes

    @property
    def changed(self) -> str:
        """The condition on a `change` in the history, if it has a term."""
        since = " AND change.changed_at >= %(behind_start)s" if self.start else ""
        return f"{self._what}{since}{self._before_end('change')}{self._of_members}{self._kept('change')}"

    @property
    def _what(self) -> str:
        """The condition that a change is this to the place, as `journeys.reports.ledger` counts it."""
        came, went = self.place.sql("change.to"), self.place.sql("change.from")
        if self.term == MOVED:
            assert self.was
            return f"{self.was.sql('change.from')} AND {came}"
        return {
            Term.CAME: f"{came} AND {went} IS NOT TRUE AND {self._not_by_recovery}",
            Term.RECOVERED: f"{went} AND {_PRESENT}" if self.place.key == LOST else f"{came} AND change.from_lost",
            Term.FORWARD: f"{went} AND {_PRESENT} AND {self._direction(1)}",
            Term.BACK: f"{went} AND {_PRESENT} AND {self._direction(-1)}",
            Term.LEVEL: f"{went} AND {_PRESENT} AND {self._direction(0)}",
            Term.TO_NONE: f"{went} AND {Whereabouts('none').sql('change.to')}",
            Term.LOST: f"change.to_lost AND {_WAS_PRESENT if self.place.key == LOST else went}",
            Term.ERASED: f"{went} AND change.to_outside",
        }[Term(self.term)]

    @property
    def _not_by_recovery(self) -> str:
        return "change.from_outside" if self.place.key in (LOST, EVERYWHERE) else "NOT change.from_lost"

    def _direction(self, direction: int) -> str:
        if self.place.stage:
            return f"change.direction = {direction}"
        return "change.to_stage_id IS NOT NULL" if direction == 1 else "false"

    # Both

    def _before_end(self, change: str) -> str:
        return f" AND {change}.changed_at < %(behind_end)s" if self.end else ""

    @property
    def _of_members(self) -> str:
        return "" if self.members.is_everybody else f" AND change.contact_id IN ({self.members.sql})"

    def _kept(self, change: str) -> str:
        return f" AND {change}.undoes_id IS NULL AND NOT {is_undone(change)}" if self.as_corrected else ""


_PRESENT = "NOT change.to_lost AND NOT change.to_outside"
_WAS_PRESENT = "NOT change.from_lost AND NOT change.from_outside"
_STATUSES = """
    SELECT contact_id, stage_id AS to_stage_id, lost_at IS NOT NULL AS to_lost, false AS to_outside
    FROM journeys_funnelstatus
"""
