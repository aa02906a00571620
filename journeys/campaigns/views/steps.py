"""The builder: each step is added, changed, moved and removed by a form of its own."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from config.announce import announce
from config.htmx import go_to, render_page, render_part
from config.team.access import role_required
from config.team.roles import Role
from contacts.views.addresses import id_in
from journeys.campaigns import actions
from journeys.campaigns.forms import StepForm, choices_of_kinds
from journeys.campaigns.models import Campaign, CampaignStep, Turn
from journeys.campaigns.plan import Plan
from journeys.campaigns.queries import names
from journeys.campaigns.sentences import what_it_does
from journeys.campaigns.shown import plan_context

NEW, EDIT, REMOVE = "new-step-form", "edit-step-form", "remove-step-form"


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def new_step(request: HttpRequest, pk: int) -> HttpResponse:
    """Which kind of step; then what it does and when. `parent` and `branch` say where it comes."""
    campaign = get_object_or_404(Campaign, pk=pk)
    if stopped := _may_not_be_edited(request, campaign):
        return stopped
    parent, branch = _branch(request, campaign)
    kind = request.GET.get("kind", "")
    where = {"parent": parent, "branch": branch, "campaign": campaign, "back": _address(campaign), **_here(request)}
    if kind not in CampaignStep.Kind.values:
        typed = request.GET.get("q", "")
        context = {**where, "kinds": choices_of_kinds(typed), "typed": typed}
        return render_page(request, "journeys/new_step.html", context, dialog=NEW, parts=[NEW])
    form = StepForm(request.POST if request.method == "POST" else None, kind=kind, step=None, seen=campaign.revision)
    if form.is_valid():
        try:
            step = actions.add_step(
                campaign=campaign,
                seen=form.cleaned_data["seen"] or 0,
                parent=parent,
                branch=branch,
                values={"kind": kind, **form.values},
                by=request.user,  # type: ignore[arg-type]
            )
        except (ValidationError, actions.CampaignChanged, actions.CampaignIsGoing) as error:
            return _again(request, "journeys/new_step.html", NEW, form, error, where)
        announce(request, f"{step} was added.")
        return _saved(request, campaign, step)
    return _form_page(request, "journeys/new_step.html", NEW, form, where)


def _branch(request: HttpRequest, campaign: Campaign) -> tuple[CampaignStep | None, str]:
    """The branch that the address names; the top where it names none."""
    number, branch = id_in(request.GET.get("parent")), request.GET.get("branch", "")
    if number is None:
        return None, ""
    parent = get_object_or_404(campaign.steps.filter(removed_at=None), pk=number)
    if not parent.is_condition or branch not in ("yes", "no"):
        raise Http404("There is no such branch.")
    return parent, branch


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_step(request: HttpRequest, pk: int) -> HttpResponse:
    """What a step does, and when."""
    step = _step(pk)
    if stopped := _may_not_be_edited(request, step.campaign):
        return stopped
    context = _about(request, step)
    form = StepForm(
        request.POST if request.method == "POST" else None, kind=step.kind, step=step, seen=step.campaign.revision
    )
    if form.is_valid():
        try:
            actions.change_step(
                step=step,
                seen=form.cleaned_data["seen"] or 0,
                values=form.values,
                by=request.user,  # type: ignore[arg-type]
            )
        except (ValidationError, actions.CampaignChanged, actions.CampaignIsGoing) as error:
            return _again(request, "journeys/edit_step.html", EDIT, form, error, context)
        announce(request, f"{step} was saved.")
        return _saved(request, step.campaign, step)
    return _form_page(request, "journeys/edit_step.html", EDIT, form, context)


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def remove_step(request: HttpRequest, pk: int) -> HttpResponse:
    """What goes with it, and how many wait for it; then it is gone."""
    step = _step(pk)
    if stopped := _may_not_be_edited(request, step.campaign):
        return stopped
    context = _about(request, step)
    if request.method != "POST":
        return render_page(request, "journeys/remove_step.html", context, dialog=REMOVE, parts=[REMOVE])
    try:
        actions.remove_step(step=step, seen=id_in(request.POST.get("seen")) or 0, by=request.user)  # type: ignore[arg-type]
    except (actions.CampaignChanged, actions.CampaignIsGoing) as error:
        announce(request, f"{error} Nothing was removed.", level=messages.ERROR)
        return go_to(request, _address(step.campaign))
    announce(request, f"{step} was removed.")
    return _saved(request, step.campaign, None)


@role_required(Role.MARKETER)
@require_POST
def move_step(request: HttpRequest, pk: int, up: bool) -> HttpResponse:
    """One place up or down in its branch."""
    step = _step(pk)
    seen = id_in(request.POST.get("seen")) or 0
    try:
        moved = actions.move_step(step=step, seen=seen, up=up, by=request.user)  # type: ignore[arg-type]
    except (actions.CampaignChanged, actions.CampaignIsGoing) as error:
        announce(request, f"{error} {step} stays where it is.", level=messages.ERROR)
        return go_to(request, _address(step.campaign))
    if moved:
        announce(request, f"{step} was moved {'up' if up else 'down'}.")
    return _saved(request, step.campaign, step)


def _step(pk: int) -> CampaignStep:
    return get_object_or_404(CampaignStep.objects.filter(removed_at=None).select_related("campaign"), pk=pk)


def _about(request: HttpRequest, step: CampaignStep) -> dict[str, Any]:
    """The step as it is stored: how many wait for it, and what is below it."""
    plan = Plan(step.campaign.steps.filter(removed_at=None))
    below = plan.below(step)
    return {
        "step": step,
        "what": what_it_does(step, names()),
        "below": below,
        "waiting": Turn.objects.filter(step__in=[step, *below], done_at=None).count(),
        "campaign": step.campaign,
        "back": _address(step.campaign),
        **_here(request),
    }


def _here(request: HttpRequest) -> dict[str, Any]:
    return {"here": request.get_full_path()}


def _may_not_be_edited(request: HttpRequest, campaign: Campaign) -> HttpResponse | None:
    if campaign.may_be_edited:
        return None
    why = "Pause it first: then its steps can be edited." if campaign.is_active else "It has ended."
    announce(request, why, level=messages.ERROR)
    return go_to(request, _address(campaign))


def _form_page(
    request: HttpRequest, template: str, part: str, form: StepForm, context: dict[str, Any], *, status: int = 0
) -> HttpResponse:
    shown = status or (422 if form.errors else 200)
    return render_page(request, template, {**context, "form": form}, dialog=part, parts=[part], status=shown)


def _again(
    request: HttpRequest, template: str, part: str, form: StepForm, error: Exception, context: dict[str, Any]
) -> HttpResponse:
    """The form with everything that was typed, and what is in the way. Saved again, it goes over what others did."""
    if isinstance(error, ValidationError):
        form.add_error(None, error)
        return _form_page(request, template, part, form, context)
    data = request.POST.copy()
    stored = Campaign.objects.get(pk=context["campaign"].pk)
    data["seen"] = str(stored.revision)
    again = StepForm(data, kind=form.kind, step=context.get("step"), seen=stored.revision)
    again.is_valid()
    again.add_error(None, f"{error} Nothing of yours was saved yet.")
    return _form_page(request, template, part, again, context, status=409)


def _saved(request: HttpRequest, campaign: Campaign, step: CampaignStep | None) -> HttpResponse:
    if not request.htmx:  # type: ignore[attr-defined]
        return go_to(request, f"{_address(campaign)}{f'#step-{step.pk}' if step else '#campaign-plan'}")
    context = plan_context(Campaign.objects.select_related("changed_by").get(pk=campaign.pk))
    return render_part(request, "journeys/_campaign_plan.html", context, into="#campaign-plan", closes_dialog=True)


def _address(campaign: Campaign) -> str:
    return reverse("journeys:campaign", args=[campaign.pk])
