"""As of and compare: the funnel at the end of a day, beside another day."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from config.team.access import role_required
from config.team.roles import Role
from journeys.reports.counts import funnels_of, movements_of
from journeys.reports.filters import ReportFilter
from journeys.reports.ledger import Largest, largest_movements
from journeys.reports.periods import Period
from journeys.reports.queries import Funnel, Place
from journeys.reports.shown import Table, render_report, render_waiting, waits
from journeys.reports.views.shared import StagesThen, StageThen

TEMPLATE = "journeys/compare.html"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number at both moments."""

    count: int
    beside: int

    @property
    def difference(self) -> int:
        return self.count - self.beside

    @property
    def sign(self) -> str:
        return "+" if self.difference > 0 else "−" if self.difference else ""

    @property
    def size(self) -> int:
        return abs(self.difference)


@dataclass(frozen=True, slots=True)
class Row:
    """A stage, or none, at both moments: in it and not lost, and lost from it."""

    named: StageThen
    contacts: Figure
    lost: Figure

    @property
    def is_empty(self) -> bool:
        return not any((self.contacts.count, self.contacts.beside, self.lost.count, self.lost.beside))


@role_required(Role.VIEWER)
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """The funnel at two moments: how many were in each stage, and lost from it."""
    asked = ReportFilter(request)
    asked.form.fields["until"].label, asked.form.fields["beside_until"].label = "At the end of", "Beside the end of"
    title = f"The funnel {_when(asked.period)} and {_when(asked.beside)}"
    if waits(request, is_slow=asked.is_narrowed):
        return render_waiting(request, TEMPLATE, asked, title=title)
    stages = StagesThen(asked.period.end)
    now, beside = _funnels(asked)
    rows = [row for row in _rows(stages, now, beside) if stages.is_shown(_stage(row), is_empty=row.is_empty)]
    return render_report(
        request,
        TEMPLATE,
        asked,
        title=title,
        table=Table(
            ["stage", "in stage", "in stage beside", "difference", "lost from it", "lost from it beside", "difference"],
            [[row.named.name, *_cells(row.contacts), *_cells(row.lost)] for row in rows],
        ),
        context={
            "rows": rows,
            "widest": max(max(row.contacts.count, row.contacts.beside) for row in rows),
            "in_stages": Figure(now.in_stages, beside.in_stages),
            "lost": Figure(now.lost, beside.lost),
            "total": Figure(now.total, beside.total),
            "largest": stages.in_words(_largest(asked)),
            "days_between": asked.beside.last < asked.period.last,
        },
        parts=["compare-figures"],
    )


def _when(period: Period) -> str:
    return f"at the end of {date_format(period.last, 'j F Y')}" if period.end else "now"


def _funnels(asked: ReportFilter) -> list[Funnel]:
    """Of the period and beside it; those of some of the contacts are read in the order of time, and at once."""
    ends = [asked.period.end, asked.beside.end]
    in_order = sorted(range(2), key=lambda which: (ends[which] is None, ends[which] or asked.period.start))
    moments = [ends[which] for which in in_order]
    if moments == [None, None]:
        return funnels_of(asked.members, [None], as_corrected=asked.as_corrected) * 2
    found = funnels_of(asked.members, moments, as_corrected=asked.as_corrected)
    return [found[in_order.index(which)] for which in range(2)]


def _rows(stages: StagesThen, now: Funnel, beside: Funnel) -> list[Row]:
    def figure(place: Place) -> Figure:
        return Figure(now.standing_in(place), beside.standing_in(place))

    return [
        Row(stages.of(stage), figure(Place(stage)), figure(Place(stage, lost=True)))
        for stage in (*stages.numbers, None)
    ]


def _stage(row: Row) -> int | None:
    return row.named.stage.pk if row.named.stage else None


def _cells(figure: Figure) -> list[int]:
    return [figure.count, figure.beside, figure.difference]


def _largest(asked: ReportFilter) -> list[Largest]:
    """The largest movements between the two moments, if the second lies before the first."""
    start, end = asked.beside.end, asked.period.end
    if start is None or asked.beside.last >= asked.period.last:
        return []
    return largest_movements(movements_of(asked.members, start, end, as_corrected=asked.as_corrected))
