"""The stages of the funnel by weight, and moving one of them."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from config.announce import announce
from config.htmx import go_to, render_page
from config.team.access import role_required
from config.team.roles import Role
from journeys.reports.queries import Funnel, funnel_at
from journeys.uses.queries import Use, is_default, uses_of_stages
from stages import actions
from stages.forms import PlaceForm
from stages.models import Stage
from stages.queries import retired_stages, stages_in_use


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage as the list shows it."""

    stage: Stage
    window: Stage.Window
    contacts: int
    lost: int
    uses: list[Use]
    shares_weight: bool

    @property
    def is_default(self) -> bool:
        return is_default(self.uses)

    @property
    def key(self) -> str:
        return str(self.stage.pk)


@role_required(Role.VIEWER)
@require_safe
def stages(request: HttpRequest) -> HttpResponse:
    """Every stage by weight, with the contacts in it and what uses it."""
    return _list(request)


@role_required(Role.MARKETER)
@require_POST
def move_stage(request: HttpRequest, pk: int, places: int = 0) -> HttpResponse:
    """One place up or down; or, where the address says neither, to the place that was dropped on."""
    stage = get_object_or_404(Stage.objects.in_use(), pk=pk)
    form = PlaceForm(None if places else request.POST)
    try:
        if places:
            placed = actions.move_stage(stage=stage, places=places, by=request.user)  # type: ignore[arg-type]
        elif form.is_valid():
            placed = actions.put_stage_before(stage=stage, before=form.next_stage, by=request.user)  # type: ignore[arg-type]
        else:
            raise Stage.DoesNotExist
    except Stage.DoesNotExist:
        announce(request, f"{stage} stays where it is: the list has changed meanwhile.", level=messages.ERROR)
    else:
        announce(request, _said(stage, placed))
    return _list(request) if request.htmx else go_to(request, reverse("stages:stages"))  # type: ignore[attr-defined]


def _said(stage: Stage, placed: actions.Placed) -> str:
    if not placed.is_moved:
        return f"{stage} stays number {placed.place}."
    spaced = " There was no room between the others, so all weights are ten apart now." if placed.spaced_anew else ""
    return f"{stage} is number {placed.place} now, with weight {stage.weight:,}.{spaced}"


def _list(request: HttpRequest) -> HttpResponse:
    funnel = funnel_at()
    rows = _rows(funnel)
    context = {
        "rows": rows,
        "total": sum(row.contacts for row in rows),
        "lost": sum(row.lost for row in rows),
        "left_over": _left_over(funnel, {row.stage.pk for row in rows}),
        "may_edit": request.user.role >= Role.MARKETER,  # type: ignore[union-attr]
    }
    return render_page(request, "stages/stages.html", context, parts=["stages-list"])


def _rows(funnel: Funnel) -> list[StageRow]:
    """A query for the stages and one for each kind of use, however many stages and contacts there are."""
    now = timezone.now()
    in_use, uses = stages_in_use(), uses_of_stages()
    weights = [stage.weight for stage in in_use]
    return [
        StageRow(
            stage=stage,
            window=stage.window(now),
            contacts=funnel.in_stage(stage.pk),
            lost=funnel.lost_from(stage.pk),
            uses=uses[stage.pk],
            shares_weight=weights.count(stage.weight) > 1,
        )
        for stage in in_use
    ]


def _left_over(funnel: Funnel, in_use: set[int]) -> list[tuple[Stage, int]]:
    """Retired stages in which contacts still stand, lost or not. A query if there are any."""
    left = funnel.stages - in_use
    return [(stage, funnel.in_stage(stage.pk) + funnel.lost_from(stage.pk)) for stage in retired_stages(left)]
