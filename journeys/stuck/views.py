"""Stuck: who has been in a stage for longer than its target, to be gone through one by one."""

from dataclasses import dataclass

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from config.team.access import role_required
from config.team.roles import Role
from journeys.history.queries import Bookmark
from journeys.reports.filters import ReportFilter
from journeys.reports.shown import Table, render_report, render_waiting, waits
from journeys.reports.views.numbers import NO_DAYS
from journeys.runs.operations import Act
from journeys.stuck import queries
from journeys.stuck.late import Late, Limit
from stages.models import Stage

TEMPLATE = "journeys/stuck.html"
MANY = 10_000
"""With more than so many over target, when they were measured last, the page asks for them when it is there."""


class StuckForm(forms.Form):
    """Which stage, and perhaps other limits than its target, in days. What is wrong stands for nothing."""

    stage = forms.ModelChoiceField(
        Stage.objects.in_use(), label="Stage", required=False, empty_label="Any stage",
        error_messages={"invalid_choice": "There is no such stage in use: this is about all of them."},
    )  # fmt: skip
    longer = forms.IntegerField(label="Longer than, in days", required=False, min_value=0, max_value=36500)
    up_to = forms.IntegerField(label="But not longer than", required=False, min_value=0, max_value=36500)

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.GET, label_suffix="")
        self.is_valid()

    @property
    def chosen(self) -> Stage | None:
        return self.cleaned_data.get("stage")

    @property
    def more_than(self) -> int | None:
        return self.cleaned_data.get("longer")

    @property
    def no_more_than(self) -> int | None:
        """Above `more_than`, or nothing."""
        up_to = self.cleaned_data.get("up_to")
        return up_to if up_to is not None and up_to > (self.more_than or 0) else None


@dataclass(frozen=True, slots=True)
class Row:
    """A stage with its target, and how many are over it."""

    limit: Limit
    over: int
    address: str
    is_chosen: bool


@role_required(Role.VIEWER)
@require_safe
def stuck(request: HttpRequest) -> HttpResponse:
    """Contacts that are over the target of their stage, the furthest first."""
    asked, form = ReportFilter(request), StuckForm(request)
    asked.also = {
        "stage": form.chosen and form.chosen.pk,
        "longer": form.more_than,
        "up_to": form.no_more_than,
        **NO_DAYS,
    }
    title = _title(form)
    measured = sum(measure.over for measure in queries.measures().values())
    if waits(request, is_slow=asked.is_narrowed or measured > MANY):
        return render_waiting(request, TEMPLATE, asked, title=title, context={"form": form})
    rows, late = _counted(asked, form)
    before, after = (Bookmark.read(request.GET.get(name, "")) for name in ("before", "after"))
    page = queries.late_page(late, before=before, after=after)
    role = request.user.role  # type: ignore[union-attr]
    context = {
        "form": form,
        "rows": rows,
        "page": page,
        "count": sum(row.over for row in rows if row.is_chosen),
        "chosen": form.chosen,
        "label_address": f"{reverse('journeys:bulk_change')}?act={Act.PUT_ON_LABEL}&behind={late.signed}",
        "may_label": role >= Role.MARKETER,
        "may_move": role >= Role.OPERATOR,
        "previous": page.before and asked.query(before=page.before),
        "next": page.after and asked.query(after=page.after),
    }
    return render_report(
        request, TEMPLATE, asked, title=title, table=_table(rows), context=context, parts=["stuck-figures"]
    )


def _title(form: StuckForm) -> str:
    if form.more_than is None:
        return f"Over target in {form.chosen} now" if form.chosen else "Over target now"
    place = f"In {form.chosen}" if form.chosen else "In a stage"
    between = f" but not {form.no_more_than}" if form.no_more_than is not None else ""
    return f"{place} for more than {form.more_than} days{between} now" if form.more_than or between else f"{place} now"


def _counted(asked: ReportFilter, form: StuckForm) -> tuple[list[Row], Late]:
    """How many are over in each stage, and those who are in the chosen one."""
    now = timezone.now()
    known = queries.limits()
    limits = known if form.more_than is None else [Limit(limit.stage, form.more_than) for limit in known]
    at_most = form.no_more_than - (form.more_than or 0) if form.no_more_than is not None else None
    shared = {"now": now, "members": asked.members, "as_corrected": asked.as_corrected, "at_most": at_most}
    counts = queries.how_many_are_late(Late.than(limits, **shared))  # type: ignore[arg-type]
    rows = [
        Row(
            limit,
            counts.get(limit.stage.pk, 0),
            asked.query(stage=limit.stage.pk),
            is_chosen=form.chosen in (None, limit.stage),
        )
        for limit in limits
    ]
    return rows, Late.than([row.limit for row in rows if row.is_chosen], **shared)  # type: ignore[arg-type]


def _table(rows: list[Row]) -> Table:
    return Table(
        ["stage", "longer than days", "contacts"],
        [[row.limit.stage.name, "" if row.limit.days is None else round(row.limit.days, 2), row.over] for row in rows],
    )
