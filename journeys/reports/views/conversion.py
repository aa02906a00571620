"""Conversion: of the people who entered a stage, how many came further."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from config.middleware import request_organisation
from config.team.access import role_required
from config.team.roles import Role
from journeys.reports import conversion as queries
from journeys.reports.conversion import WITHIN_DAYS, Entered, Group, Question
from journeys.reports.filters import ReportFilter
from journeys.reports.periods import Period, Span, months_of, weeks_of
from journeys.reports.shown import Table, render_report, render_waiting, waits
from journeys.reports.views.numbers import Cell, number_address
from stages.models import Stage

TEMPLATE = "journeys/conversion.html"
USUAL_DAYS = 30
MONTHS, WEEKS = "month", "week"


class ConversionForm(forms.Form):
    """Who entered which stage, how long they had, and how they are grouped. What is wrong stands for the usual."""

    stage = forms.ModelChoiceField(Stage.objects.none(), label="Entered", required=False, empty_label=None)
    days = forms.TypedChoiceField(
        label="Came further within",
        choices=[(days, f"{days} days") for days in WITHIN_DAYS],
        coerce=int,
        required=False,
    )
    by = forms.ChoiceField(
        label="Grouped by",
        choices=[("", "All together"), (MONTHS, "Month of entry"), (WEEKS, "Week of entry")],
        required=False,
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__({"days": USUAL_DAYS, **request.GET.dict()}, label_suffix="")
        stages: forms.ModelChoiceField = self.fields["stage"]  # type: ignore[assignment]
        stages.queryset = Stage.objects.order_by("weight", "pk")
        self.is_valid()

    @property
    def entered(self) -> Stage | None:
        """The lightest one in use, if none is named; None if there is none."""
        return self.cleaned_data.get("stage") or Stage.objects.in_use().first()

    @property
    def within(self) -> int:
        return self.cleaned_data.get("days") or USUAL_DAYS

    @property
    def grouped_by(self) -> str:
        return self.cleaned_data.get("by", "")


@dataclass(frozen=True, slots=True)
class Reached:
    """How many of a group reached a stage."""

    stage: Stage
    cell: Cell
    people: int


@dataclass(frozen=True, slots=True)
class Row:
    """A group of people."""

    name: str
    is_young: bool
    people: Cell
    reached: Sequence[Reached]


@role_required(Role.VIEWER)
@require_safe
def conversion(request: HttpRequest) -> HttpResponse:
    """People who entered a stage in a period, and how many reached each later stage within so many days."""
    asked, form = ReportFilter(request), ConversionForm(request)
    stage = form.entered
    asked.also = {"stage": stage and stage.pk, "days": form.within, "by": form.grouped_by}
    title = f"Conversion of people who entered {stage or 'a stage'} {asked.period.when}"
    if waits(request, is_slow=asked.is_narrowed or asked.period.is_long):
        return render_waiting(request, TEMPLATE, asked, title=title, context={"form": form})
    found = _counted(asked, form, stage, first_day_of_week=request_organisation(request).first_day_of_week)
    total = found and _row(asked, form, found.total, found.later, str(asked.period))
    rows = [_row(asked, form, group, found.later, _words(group, form)) for group in found.groups] if found else []
    return render_report(
        request,
        TEMPLATE,
        asked,
        title=title,
        table=_table(form, [*rows, total] if total and form.grouped_by else rows),
        context={"form": form, "stage": stage, "total": total, "rows": rows if form.grouped_by else []},
        parts=["conversion-figures"],
    )


def _counted(
    asked: ReportFilter, form: ConversionForm, stage: Stage | None, *, first_day_of_week: int
) -> queries.Conversion | None:
    if not stage:
        return None
    question = Question(stage, form.within, asked.members, asked.as_corrected)
    firsts = _firsts(asked.period, form.grouped_by, first_day_of_week)
    return queries.conversion(question, asked.period, firsts, now=timezone.now())


def _firsts(period: Period, by: str, first_day_of_week: int) -> list[date]:
    if by == WEEKS:
        return weeks_of(period, first_day=first_day_of_week)
    return months_of(period) if by == MONTHS else [period.first]


def _row(asked: ReportFilter, form: ConversionForm, group: Group, later: Sequence[Stage], name: str) -> Row:
    def cell(count: int, reached: Stage | None = None) -> Cell:
        days = {"first": group.first, "last": group.last}
        return Cell(count, number_address(asked, "conversion", Entered, **days, reached=reached and reached.pk))

    reached = [Reached(stage, cell(group.reached.get(stage.pk, 0), stage), group.people) for stage in later]
    return Row(name, group.is_young, cell(group.people), reached)


def _words(group: Group, form: ConversionForm) -> str:
    if form.grouped_by == WEEKS:
        return f"Week of {date_format(group.first, 'j F Y')}"
    return str(Span(group.first, group.last))


def _table(form: ConversionForm, rows: Sequence[Row]) -> Table:
    later = [f"reached {reached.stage} within {form.within} days" for reached in rows[0].reached] if rows else []
    return Table(
        ["entered in", "people", *later, "too young"],
        [
            [row.name, row.people.count, *(one.cell.count for one in row.reached), "yes" if row.is_young else "no"]
            for row in rows
        ],
    )
