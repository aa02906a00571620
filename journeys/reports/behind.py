"""Who is behind a number of the funnel: contacts that stood somewhere, or changes that moved them."""

from dataclasses import dataclass

from journeys.reports.ledger import Term
from journeys.reports.numbers import Number
from journeys.reports.places import EVERYWHERE, LOST, Whereabouts

MOVED = "moved"
"""In place of a term: a change from `was` to `place`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind(Number):
    """Without a term, contacts: those that stood in `place` before `end`, and in `was` before `start`, if that is
    given. With a term, the changes of the period that were this to `place`.
    """

    of = "places"

    place: Whereabouts
    was: Whereabouts | None = None
    term: str = ""

    @property
    def is_of_changes(self) -> bool:
        return bool(self.term)

    @property
    def sql(self) -> str:
        return super(Behind, self).sql if self.term else f"SELECT {self.key} FROM {self._stood}"

    @property
    def key(self) -> str:
        """The column of the statement that says who stood there."""
        return "born.contact_id" if self._are_new else "change.contact_id"

    @property
    def _are_new(self) -> bool:
        return bool(self.was and self.was.is_outside)

    # Contacts that stood somewhere

    @property
    def _stood(self) -> str:
        """Rows to select from, with a condition: of each contact the change that was in force, or its status."""
        if self._are_new:
            return self._came_and_stood
        there = f"{self.place.sql('change.to')} AND {self.of_members} AND {self._stood_before}"
        if self.end is None and not self.place.is_outside:
            return f"({_STATUSES}) AS change WHERE {there}"
        return f"""journeys_statuschange change
            WHERE {there} AND {self.before_end("change")} AND {self.kept("change")}
              AND NOT EXISTS (
                  SELECT FROM journeys_statuschange later
                  WHERE later.contact_id = change.contact_id AND later.id > change.id
                    AND {self.before_end("later")} AND {self.kept("later")})"""

    @property
    def _came_and_stood(self) -> str:
        """New contacts: few of the book, so they are looked at first, in order."""
        return f"""(
                SELECT born.contact_id FROM journeys_statuschange born
                WHERE born.from_outside AND born.changed_at >= %(behind_start)s AND {self.before_end("born")}
                ORDER BY born.contact_id OFFSET 0) AS born
            CROSS JOIN LATERAL (
                SELECT * FROM journeys_statuschange change WHERE change.contact_id = born.contact_id
                AND {self.before_end("change")} AND {self.kept("change")} ORDER BY change.id DESC LIMIT 1) AS change
            WHERE {self.place.sql("change.to")} AND {self.of_members}"""

    @property
    def _stood_before(self) -> str:
        if not self.was:
            return "true"
        return f"""(
            SELECT {self.was.sql("earlier.to")} FROM journeys_statuschange earlier
            WHERE earlier.contact_id = change.contact_id AND earlier.changed_at < %(behind_start)s
              AND {self.kept("earlier")} ORDER BY earlier.id DESC LIMIT 1)"""

    # Changes

    @property
    def what(self) -> str:
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


_PRESENT = "NOT change.to_lost AND NOT change.to_outside"
_WAS_PRESENT = "NOT change.from_lost AND NOT change.from_outside"
_STATUSES = """
    SELECT contact_id, stage_id AS to_stage_id, lost_at IS NOT NULL AS to_lost, false AS to_outside
    FROM journeys_funnelstatus
"""
