"""Retiring a stage, and merging it into another one."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from config.announce import announce
from config.htmx import go_to, render_page
from config.team.access import role_required
from config.team.roles import Role
from journeys.reports.queries import Funnel, funnel_at
from journeys.retiring import actions
from journeys.retiring.forms import EndForm, MergeForm, RetireForm
from journeys.runs.models import Run
from journeys.runs.shown import do_if_small
from journeys.uses.queries import Use, is_default, uses_of_stages
from stages.models import Stage
from stages.queries import open_stages


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def retire_stage(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the contacts of a stage go. A retired one is emptied, if any were left in it."""
    stage = get_object_or_404(Stage, pk=pk)
    funnel, uses = funnel_at(), uses_of_stages()[stage.pk]
    if stage.retired_at and not _contacts(stage, funnel):
        raise Http404("Nobody is left in this stage.")
    form = RetireForm(_sent(request), is_default=is_default(uses), **_about(stage, funnel))
    if form.is_valid():
        try:
            run = actions.retire_stage(
                stage=stage,
                to=form.chosen("to"),
                by=request.user,  # type: ignore[arg-type]
                note=form.cleaned_data["note"],
                default=form.chosen("default"),
            )
        except Stage.DoesNotExist:
            form.add_error("to", "Somebody retired this stage meanwhile.")
        except actions.BeingEmptied as already:
            return go_to(request, _address_of(already.run))
        else:
            return _done(request, stage, run, "" if stage.retired_at else f"{stage} was retired.")
    return _page(request, "journeys/retire_stage.html", stage, funnel, uses, form)


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def merge_stage(request: HttpRequest, pk: int) -> HttpResponse:
    """Which stage another one becomes part of, with its contacts and all that uses it."""
    stage = get_object_or_404(Stage.objects.in_use(), pk=pk)
    funnel, uses = funnel_at(), uses_of_stages()[stage.pk]
    form = MergeForm(_sent(request), **_about(stage, funnel))
    into = form.chosen("into") if form.is_valid() else None
    if into:
        try:
            run = actions.merge_stages(
                stage=stage,
                into=into,
                by=request.user,  # type: ignore[arg-type]
                note=form.cleaned_data["note"],
            )
        except Stage.DoesNotExist:
            form.add_error("into", "Somebody retired this stage meanwhile.")
        except actions.BeingEmptied as already:
            return go_to(request, _address_of(already.run))
        else:
            return _done(request, stage, run, f"{stage} was merged into {into}.")
    return _page(request, "journeys/merge_stage.html", stage, funnel, uses, form)


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _contacts(stage: Stage, funnel: Funnel) -> int:
    """All that would be moved, lost or not."""
    return funnel.in_stage(stage.pk) + funnel.lost_from(stage.pk)


def _about(stage: Stage, funnel: Funnel) -> dict[str, Any]:
    """What both forms are about: the stage, the open stages besides it, and how many contacts are moved."""
    others = [other for other in open_stages(timezone.now()) if other != stage]
    return {"stage": stage, "choices": others, "contacts": _contacts(stage, funnel)}


def _done(request: HttpRequest, stage: Stage, run: Run, words: str) -> HttpResponse:
    do_if_small(run)
    if words:
        announce(request, words, level=messages.SUCCESS)
    return go_to(request, _address_of(run))


def _address_of(run: Run) -> str:
    return reverse("journeys:run", args=[run.pk])


def _page(
    request: HttpRequest, template: str, stage: Stage, funnel: Funnel, uses: list[Use], form: EndForm
) -> HttpResponse:
    context = {
        "stage": stage,
        "contacts": funnel.in_stage(stage.pk),
        "lost": funnel.lost_from(stage.pk),
        "uses": uses,
        "form": form,
        "back": reverse("stages:stage", args=[stage.pk]),
    }
    return render_page(request, template, context, status=422 if form.errors else 200)
