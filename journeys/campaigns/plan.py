"""The steps of a campaign as a tree, and when each of them is due: pure.

Steps are in the order of the list that people see: a condition, then the steps of its yes and of its no, then what
stands below it. Steps that are due at the same moment are done in that order.
"""

import calendar
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from journeys.campaigns.models import CampaignMember, CampaignStep

MOST = {
    CampaignStep.Unit.MINUTES: 100_000,
    CampaignStep.Unit.HOURS: 10_000,
    CampaignStep.Unit.DAYS: 3_650,
    CampaignStep.Unit.MONTHS: 120,
    CampaignStep.Unit.YEARS: 20,
}
"""The longest relative time period in each unit."""


def due_at(step: CampaignStep, since: datetime, zone: tzinfo) -> datetime:
    """When a step is due for a contact that came to its branch at `since`.

    Minutes and hours are elapsed time. Days, months and years keep the time of day in the organisation's time zone; a
    day that the month does not have is its last, a time that the night leaves out is as much later, and of a time that
    the night has twice the first counts. A date that has passed is due at once.
    """
    match step.when, step.unit:
        case CampaignStep.When.AT, _:
            assert step.at
            return max(since, step.at)
        case CampaignStep.When.AFTER, CampaignStep.Unit.MINUTES:
            return since + timedelta(minutes=step.amount or 0)
        case CampaignStep.When.AFTER, CampaignStep.Unit.HOURS:
            return since + timedelta(hours=step.amount or 0)
        case CampaignStep.When.AFTER, unit:
            return _on_the_calendar(since, step.amount or 0, unit, zone)
    return since


def _on_the_calendar(since: datetime, amount: int, unit: str, zone: tzinfo) -> datetime:
    local = since.astimezone(zone).replace(tzinfo=None, fold=0)
    if unit == CampaignStep.Unit.DAYS:
        moved = local + timedelta(days=amount)
    else:
        months = amount * 12 if unit == CampaignStep.Unit.YEARS else amount
        year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
        day = min(local.day, calendar.monthrange(year, month + 1)[1])
        moved = local.replace(year=year, month=month + 1, day=day)
    # By way of UTC, because a time that the night leaves out is no local time.
    return moved.replace(tzinfo=zone).astimezone(since.tzinfo)


Branch = tuple[int | None, str]
"""The condition that a step belongs to, and whether to its yes or its no; `(None, "")` is the top."""

TOP: Branch = (None, "")


class Plan:
    """The steps of a campaign in order. Those that were removed are not part of it."""

    def __init__(self, steps: Iterable[CampaignStep]) -> None:
        self._branches: dict[Branch, list[CampaignStep]] = {}
        for step in sorted(steps, key=lambda step: (step.position, step.pk)):
            if step.removed_at is None:
                self._branches.setdefault((step.parent_id, step.branch), []).append(step)
        self.steps: Sequence[CampaignStep] = list(self._below(TOP))
        self._positions = {step.pk: position for position, step in enumerate(self.steps)}

    def branch(self, branch: Branch) -> list[CampaignStep]:
        """The steps of a branch, in order."""
        return self._branches.get(branch, [])

    def below(self, step: CampaignStep) -> list[CampaignStep]:
        """Every step in the branches of a condition."""
        return [*self._below((step.pk, "yes")), *self._below((step.pk, "no"))]

    def position(self, step: int) -> int:
        """The place of a step in the list."""
        return self._positions[step]

    def __contains__(self, step: int) -> bool:
        return step in self._positions

    def _below(self, branch: Branch) -> Iterator[CampaignStep]:
        for step in self.branch(branch):
            yield step
            yield from self._below((step.pk, "yes"))
            yield from self._below((step.pk, "no"))


@dataclass(frozen=True, slots=True)
class Before:
    """The last time that a contact was in a campaign.

    Attributes:
        waits: something waits there for it still.
    """

    round: int
    is_in: bool
    left_because: str = ""
    waits: bool = False


def enters(how: str, before: Before | None, *, may_restart: bool) -> bool:
    """Whether a contact that arrives comes into the campaign, in its first round or the next.

    Who was removed by hand comes back by hand alone. A web form, and whoever adds somebody by hand, start a round that
    is over once more where the campaign allows that.
    """
    if before is None:
        return True
    if before.left_because == CampaignMember.Left.BY_HAND:
        return how == CampaignMember.How.BY_HAND
    if before.is_in:
        return may_restart and how != CampaignMember.How.SEGMENT and not before.waits
    return may_restart
