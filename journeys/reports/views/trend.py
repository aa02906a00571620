"""Trend: how the number of contacts in each stage changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from config.team.access import role_required
from config.team.roles import Role
from journeys.reports.counts import funnels_of, movements_of
from journeys.reports.filters import ReportFilter
from journeys.reports.ledger import Largest, largest_movements
from journeys.reports.queries import Funnel
from journeys.reports.shown import Table, render_report, render_waiting, waits
from journeys.reports.trend import moments
from journeys.reports.views.shared import StagesThen
from journeys.stage.chart import Dot, chart

TEMPLATE = "journeys/trend.html"


@dataclass(frozen=True, slots=True)
class Line:
    """One stage, none or the lost, at every moment."""

    key: str
    name: str
    colour: str
    counts: Sequence[int]
    dots: Sequence[Dot]

    @property
    def first(self) -> int:
        return self.counts[0]

    @property
    def last(self) -> int:
        return self.counts[-1]

    @property
    def difference(self) -> int:
        return abs(self.last - self.first)

    @property
    def sign(self) -> str:
        return "+" if self.last > self.first else "−" if self.last < self.first else ""


@role_required(Role.VIEWER)
@require_safe
def trend(request: HttpRequest) -> HttpResponse:
    """Every stage over a period, each drawn on one scale."""
    asked = ReportFilter(request)
    title = f"Contacts in each stage over {asked.period}"
    if waits(request, is_slow=asked.is_narrowed):
        return render_waiting(request, TEMPLATE, asked, title=title)
    stages = StagesThen(asked.period.end)
    points = moments(asked.period)
    funnels = funnels_of(asked.members, [point.at for point in points], as_corrected=asked.as_corrected)
    lines = _lines(stages, funnels)
    return render_report(
        request,
        TEMPLATE,
        asked,
        title=title,
        table=Table(
            ["at the end of", *(line.name for line in lines)],
            [[point.day, *(line.counts[number] for line in lines)] for number, point in enumerate(points)],
        ),
        context={
            "lines": lines,
            "points": [(point, _at(number, lines)) for number, point in enumerate(points)],
            "largest": stages.in_words(_largest(asked)),
        },
        parts=["trend-figures"],
    )


def _largest(asked: ReportFilter) -> list[Largest]:
    start, end = asked.period.start, asked.period.end
    return largest_movements(movements_of(asked.members, start, end, as_corrected=asked.as_corrected))


def _at(number: int, lines: Sequence[Line]) -> list[tuple[Line, int]]:
    """How many stood where at one of the moments."""
    return [(line, line.counts[number]) for line in lines]


def _lines(stages: StagesThen, funnels: Sequence[Funnel]) -> list[Line]:
    rows = [(stages.of(pk), [funnel.in_stage(pk) for funnel in funnels]) for pk in stages.numbers]
    shown = [
        (then.key, then.name, then.stage.colour if then.stage else "", counts)
        for then, counts in rows
        if stages.is_shown(int(then.key), is_empty=not any(counts))
    ]
    shown.append(("none", "No status yet", "", [funnel.without_status for funnel in funnels]))
    shown.append(("lost", "Lost", "", [funnel.lost for funnel in funnels]))
    drawn = chart(*(counts for *_, counts in shown))
    return [
        Line(key, name, colour, counts, dots)
        for (key, name, colour, counts), dots in zip(shown, drawn.lines, strict=True)
    ]
