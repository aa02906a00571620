"""Lost: from where, why and when contacts were lost, and who came back."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from config.team.access import role_required
from config.team.roles import Role
from journeys.reports.filters import ReportFilter
from journeys.reports.losses import Losses, LossReport, WasLost, losses
from journeys.reports.periods import ONE_DAY, Span, months_of
from journeys.reports.shown import Table, render_report, render_waiting, waits
from journeys.reports.views.numbers import Cell, number_address
from journeys.reports.views.shared import StagesThen, StageThen
from journeys.status.models import LostReason

TEMPLATE = "journeys/lost_contacts.html"
FEW = 10


@dataclass(frozen=True, slots=True)
class Row:
    """Losses that have something in common: so many, of whom so many came back."""

    name: str
    losses: Losses
    lost: Cell
    came_back: Cell
    named: StageThen | None = None

    @property
    def are_few(self) -> bool:
        """Too few came back for the time it took them to say much."""
        return self.losses.came_back < FEW


@dataclass(frozen=True, slots=True)
class Division:
    """All losses of the period, divided by something."""

    title: str
    column: str
    rows: list[Row]

    @property
    def most(self) -> int:
        return max((row.losses.count for row in self.rows), default=0)


@role_required(Role.VIEWER)
@require_safe
def lost_contacts(request: HttpRequest) -> HttpResponse:
    """Who was lost in a period, by stage, by reason and by month, and who of them came back after how long."""
    asked = ReportFilter(request)
    title = f"Lost {asked.period.when}"
    if waits(request, is_slow=asked.is_narrowed or asked.period.is_long):
        return render_waiting(request, TEMPLATE, asked, title=title)
    months = months_of(asked.period)
    found = losses(asked.period, months, members=asked.members, as_corrected=asked.as_corrected, now=timezone.now())
    divisions = [
        Division("From which stage", "Stage", _by_stage(asked, found)),
        Division("Why", "Reason", _by_reason(asked, found)),
        Division("When", "Month", _by_month(asked, found)),
    ]
    return render_report(
        request,
        TEMPLATE,
        asked,
        title=title,
        table=_table(divisions),
        context={"total": _row(asked, "All", found.total), "divisions": divisions},
        parts=["lost-contacts-figures"],
    )


def _row(asked: ReportFilter, name: str, found: Losses, named: StageThen | None = None, **said: object) -> Row:
    lost = number_address(asked, "lost_contacts", WasLost, **said)
    back = number_address(asked, "lost_contacts", WasLost, **said, came_back="yes")
    return Row(name, found, Cell(found.count, lost), Cell(found.came_back, back), named)


def _by_stage(asked: ReportFilter, found: LossReport) -> list[Row]:
    stages = StagesThen(asked.period.end)
    in_order = [pk for pk in [*stages.numbers, None] if pk in found.by_stage]
    return [
        _row(asked, stages.of(pk).name, found.by_stage[pk], stages.of(pk), stage=pk)
        if pk
        else _row(asked, "Without a stage", found.by_stage[pk], without_stage="yes")
        for pk in in_order
    ]


def _by_reason(asked: ReportFilter, found: LossReport) -> list[Row]:
    names = {reason.pk: reason.name for reason in LostReason.objects.all()}
    by_count = sorted(found.by_reason.items(), key=lambda item: -item[1].count)
    return [
        _row(asked, names.get(pk, f"Reason {pk}"), losses, reason=pk)
        if pk
        else _row(asked, "Without a reason", losses, without_reason="yes")
        for pk, losses in by_count
    ]


def _by_month(asked: ReportFilter, found: LossReport) -> list[Row]:
    firsts = months_of(asked.period)
    lasts = [first - ONE_DAY for first in firsts[1:]] + [asked.period.last]
    return [
        _row(asked, str(Span(first, last)), losses, first=first, last=last)
        for first, last, losses in zip(firsts, lasts, found.by_month, strict=True)
    ]


def _table(divisions: Iterable[Division]) -> Table:
    return Table(
        ["divided by", "", "lost", "came back", "median days until then"],
        [
            [
                division.column.lower(),
                row.name,
                row.losses.count,
                row.losses.came_back,
                "" if row.losses.median_days is None else round(row.losses.median_days, 2),
            ]
            for division in divisions
            for row in division.rows
        ],
    )
