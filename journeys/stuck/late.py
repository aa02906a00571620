"""Contacts that have been in a stage for longer than its target: as data, and as SQL.

The target of a stage is what was set for it, or else the time within which three of four stays of the last year were
over. The days that a contact was lost are not counted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from journeys.reports.counted import counted
from journeys.reports.lost_days import ends_lost_days, lost_days
from journeys.reports.members import Members
from journeys.reports.numbers import Number
from stages.models import Stage


@dataclass(frozen=True, slots=True)
class Limit:
    """A stage in use, and after how many days a contact is over target; None where nothing says so yet."""

    stage: Stage
    days: float | None

    @property
    def is_set(self) -> bool:
        """Somebody set a target; else it is the usual time."""
        return bool(self.stage.target_days)


_LATE = """
    , lost_meanwhile AS (
        SELECT contact_id, sum({lost_days}) AS lost
        FROM counted change JOIN journeys_funnelstatus status USING (contact_id)
        WHERE {ends_lost_days}
          AND change.from_stage_id = status.stage_id AND change.changed_at > stage_since AND status.lost_at IS NULL
        GROUP BY 1
    ), late AS (
        SELECT contact_id, stage_id, stage_since + allowed + coalesce(lost, '0') AS due_at
        FROM journeys_funnelstatus
        JOIN unnest(%(stages)s::bigint[], %(allowed)s::interval[]) AS target (stage_id, allowed) USING (stage_id)
        LEFT JOIN lost_meanwhile USING (contact_id)
        WHERE lost_at IS NULL AND stage_since + allowed < %(behind_end)s
    )
    SELECT {what} FROM late WHERE due_at < %(behind_end)s
"""
"""`due_at` is when the contact came over the target of its stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Late(Number):
    """Contacts that have been in a stage for longer than so many days, at the moment `end`.

    Attributes:
        days: stages, each by its id with how many.
        at_most: not for more than so many days longer.
    """

    of = "late"

    days: Sequence[tuple[int, float]]
    at_most: float | None = None

    @classmethod
    def than(
        cls,
        targets: Iterable[Limit],
        *,
        now: datetime,
        members: Members,
        as_corrected: bool = True,
        at_most: float | None = None,
    ) -> "Late":
        """Those who are over these targets."""
        days = [(target.stage.pk, target.days) for target in targets if target.days is not None]
        return cls(days=days, end=now, members=members, as_corrected=as_corrected, at_most=at_most)

    def statement(self, what: str) -> str:
        """The statement that gives this of each of them: `contact_id`, `stage_id` and `due_at` are known."""
        narrowed = "true" if self.at_most is None else "due_at >= %(longest)s"
        beginning = counted(as_corrected=self.as_corrected, members=self.members)
        late = _LATE.format(
            what=what,
            lost_days=lost_days("change", "stage_since", as_corrected=self.as_corrected),
            ends_lost_days=ends_lost_days("change", as_corrected=self.as_corrected),
        )
        return f"{beginning}{late} AND {narrowed} AND {self.members.condition('contact_id')}"

    @property
    def sql(self) -> str:
        return self.statement("contact_id")

    @property
    def values(self) -> dict[str, Any]:
        assert self.end
        return {
            **super(Late, self).values,
            "stages": [stage for stage, _ in self.days],
            "allowed": [timedelta(days=days) for _, days in self.days],
            "longest": self.end - timedelta(days=self.at_most or 0),
        }


def _is_time(days: object) -> bool:
    return isinstance(days, int | float) and 0 <= days <= 36500
