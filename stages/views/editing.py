"""The form of a stage."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from config.announce import announce
from config.htmx import go_to, render_page
from config.team.access import role_required
from config.team.roles import Role
from journeys.rules.queries import funnel_settings
from journeys.stage.queries import median_stay
from stages import actions
from stages.actions import StageChangedMeanwhile
from stages.forms import StageForm
from stages.models import Stage
from stages.names import copied_name
from stages.queries import stages_in_use, stages_of_weight
from stages.weights import APART, HEAVIEST, between


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def new_stage(request: HttpRequest) -> HttpResponse:
    """The form for a stage that there is not yet: an empty one, or `?like=` another stage, to be changed."""
    form = StageForm(request.POST or None, initial=_first_values(request) if request.method != "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            stage = actions.create_stage(fields=form.values, by=request.user)  # type: ignore[arg-type]
        except ValidationError as error:
            form.add_error(None, error)
        else:
            announce(request, f"{stage} was created.")
            return _saved(request, stage)
    return _form_page(request, form)


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_stage(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a stage in use."""
    stage = get_object_or_404(Stage.objects.in_use(), pk=pk)
    name = stage.name
    form = StageForm(request.POST or None, instance=stage)
    if request.method == "POST" and form.is_valid():
        try:
            changed = actions.change_stage(
                stage=stage,
                fields=form.changed_values,
                by=request.user,  # type: ignore[arg-type]
                last_changed_at=form.cleaned_data["last_changed_at"],
            )
        except StageChangedMeanwhile as meanwhile:
            return _changed_meanwhile(request, form, meanwhile)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            announce(request, f"{stage} was saved." if changed else f"{stage} stays as it was.")
            return _saved(request, stage)
    return _form_page(request, form, stage_name=name)


def _first_values(request: HttpRequest) -> dict[str, Any]:
    """A new stage is heavier than the rest until somebody says otherwise; a clone comes right after its original."""
    in_use = stages_in_use()
    like = next((stage for stage in in_use if str(stage.pk) == request.GET.get("like")), None)
    if like is None:
        heaviest = in_use[-1].weight if in_use else 0
        return {"weight": min(heaviest + APART, HEAVIEST)}
    heavier = next((stage.weight for stage in in_use if stage.weight > like.weight), None)
    weight = between(like.weight, heavier)
    return {
        **{name: getattr(like, name) for name in StageForm.Meta.fields},
        "name": copied_name(like.name, {stage.name.lower() for stage in in_use}),
        "category": like.category_id,
        "weight": like.weight if weight is None else weight,
        "is_published": False,
    }


def _saved(request: HttpRequest, stage: Stage) -> HttpResponse:
    """Say what the person may not have meant, then go where the button said."""
    for warning in _warnings(stage):
        announce(request, warning, level=messages.WARNING)
    closes = request.POST.get("then") == "close"
    return go_to(request, reverse("stages:stages") if closes else reverse("stages:edit_stage", args=[stage.pk]))


def _warnings(stage: Stage) -> list[str]:
    warnings = []
    if equals := stages_of_weight(stage.weight, other_than=stage):
        names = ", ".join(map(str, equals))
        warnings.append(
            f"{stage} weighs as much as {names}: {stage.weight}. A move between them is neither forward nor back."
        )
    if stage == funnel_settings().default_stage and not stage.is_open(timezone.now()):
        warnings.append(f"{stage} is the default status and is closed now: new contacts get no status meanwhile.")
    return warnings


def _changed_meanwhile(request: HttpRequest, form: StageForm, meanwhile: StageChangedMeanwhile) -> HttpResponse:
    """The form with what was typed, and the news. Saved again, it goes over what the other person saved."""
    data = request.POST.copy()
    data["last_changed_at"] = meanwhile.stage.last_changed_at.isoformat()
    again = StageForm(data, instance=Stage.objects.get(pk=meanwhile.stage.pk))
    again.is_valid()
    return _form_page(request, again, stage_name=meanwhile.stage.name, meanwhile=meanwhile.stage, status=409)


def _form_page(request: HttpRequest, form: StageForm, *, status: int = 0, **context: Any) -> HttpResponse:
    return render_page(
        request,
        "stages/edit_stage.html" if form.instance.pk else "stages/new_stage.html",
        {"form": form, "median": median_stay(form.instance) if form.instance.pk else None, **context},
        status=status or (422 if form.errors else 200),
    )
