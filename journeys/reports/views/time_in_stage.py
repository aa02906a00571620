"""Time in stage: how long people stay, told apart by whether they have moved on."""

from dataclasses import dataclass

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from config.team.access import role_required
from config.team.roles import Role
from journeys.reports.filters import ReportFilter
from journeys.reports.shown import Table, render_report, render_waiting, waits
from journeys.reports.stays import EDGES, NO_STAYS, Stayed, Stays, completed_stays, running_stays
from journeys.reports.views.numbers import NO_DAYS, Cell, class_words, number_address
from journeys.reports.views.shared import StagesThen, StageThen
from stages.models import Stage

TEMPLATE = "journeys/time_in_stage.html"


class TimeInStageForm(forms.Form):
    """The stage whose stays are drawn. What is wrong stands for the first stage that anybody stayed in."""

    stage = forms.ModelChoiceField(
        Stage.objects.order_by("weight", "pk"), label="Drawn", required=False, empty_label="The first with stays"
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.GET, label_suffix="")
        self.is_valid()

    @property
    def drawn(self) -> Stage | None:
        return self.cleaned_data.get("stage")


@dataclass(frozen=True, slots=True)
class Row:
    """A stage, with the stays that were completed and those that go on."""

    named: StageThen
    completed: Stays
    running: Stays
    moved_on: Cell
    there_now: Cell
    drawn_address: str


@dataclass(frozen=True, slots=True)
class Class:
    """Stays of about the same length, and how long their bars are, in per cent of the longest."""

    words: str
    completed: Cell
    running: Cell
    completed_bar: float
    running_bar: float


@role_required(Role.VIEWER)
@require_safe
def time_in_stage(request: HttpRequest) -> HttpResponse:
    """How long stays were that were completed in a period, and how long those go on that are not."""
    asked, form = ReportFilter(request), TimeInStageForm(request)
    asked.also = {"stage": form.drawn and form.drawn.pk}
    title = f"Time in stage, of those who moved on {asked.period.when}"
    if waits(request, is_slow=asked.is_narrowed or asked.period.is_long):
        return render_waiting(request, TEMPLATE, asked, title=title, context={"form": form})
    rows = _rows(asked)
    drawn = next((row for row in rows if row.named.stage == form.drawn), None) or next(
        (row for row in rows if row.completed.count or row.running.count), None
    )
    return render_report(
        request,
        TEMPLATE,
        asked,
        title=title,
        table=_table(rows),
        context={"form": form, "rows": rows, "drawn": drawn, "classes": _classes(asked, drawn) if drawn else []},
        parts=["time-in-stage-figures"],
    )


def _rows(asked: ReportFilter) -> list[Row]:
    shared = {"members": asked.members, "as_corrected": asked.as_corrected, "now": timezone.now()}
    completed, running = completed_stays(asked.period, **shared), running_stays(**shared)  # type: ignore[arg-type]
    stages = StagesThen(asked.period.end)
    rows = []
    for pk in stages.numbers:
        moved_on, there_now = completed.get(pk, NO_STAYS), running.get(pk, NO_STAYS)
        if stages.is_shown(pk, is_empty=not moved_on.count and not there_now.count):
            rows.append(
                Row(
                    stages.of(pk),
                    moved_on,
                    there_now,
                    Cell(moved_on.count, number_address(asked, "time_in_stage", Stayed, stage=pk)),
                    Cell(there_now.count, _there_now(asked, pk, None)),
                    asked.query(stage=pk),
                )
            )
    return rows


def _classes(asked: ReportFilter, row: Row) -> list[Class]:
    assert row.named.stage
    pk = row.named.stage.pk
    completed, running = row.completed.classes, row.running.classes
    longest = max([*completed, *running]) or 1
    return [
        Class(
            class_words(days),
            Cell(moved_on, number_address(asked, "time_in_stage", Stayed, stage=pk, class_of=days)),
            Cell(there_now, _there_now(asked, pk, days)),
            100 * moved_on / longest,
            100 * there_now / longest,
        )
        for days, moved_on, there_now in zip(EDGES, completed, running, strict=True)
    ]


def _there_now(asked: ReportFilter, stage: int, days: int | None) -> str:
    """The address of who is in a stage now, for as long as a class of stays says."""
    following = EDGES[EDGES.index(days) + 1 :] if days is not None else ()
    said = {"stage": stage, "longer": days or 0, "up_to": following[0] if following else None}
    return reverse("journeys:stuck") + asked.query(**NO_DAYS, **said)


def _table(rows: list[Row]) -> Table:
    return Table(
        [
            *("stage", "moved on", "median days", "three of four within days", "nine of ten within days"),
            *("in it now", "median days so far", "three of four so far", "nine of ten so far"),
        ],
        [
            [
                row.named.name,
                *(value for stays in (row.completed, row.running) for value in _figures(stays)),
            ]
            for row in rows
        ],
    )


def _figures(stays: Stays) -> list[object]:
    quantiles = (stays.median, stays.three_of_four, stays.nine_of_ten)
    return [stays.count, *("" if days is None else round(days, 2) for days in quantiles)]
