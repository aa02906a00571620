"""A campaign's name and sources, and its state."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from config.announce import announce
from config.htmx import go_to, render_page
from config.team.access import role_required
from config.team.models import TeamMember
from config.team.roles import Role
from journeys.campaigns import actions
from journeys.campaigns.forms import CampaignForm
from journeys.campaigns.models import Campaign


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def new_campaign(request: HttpRequest) -> HttpResponse:
    """A campaign that there is not yet. Its steps come next."""
    form = CampaignForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            created = _created(form, request.user)  # type: ignore[arg-type]
        except ValidationError as error:
            form.add_error(None, error)
        else:
            announce(request, f"{created} was created, as a draft. Add its steps.")
            return _to(request, created)
    return _form_page(request, "journeys/new_campaign.html", form, back=reverse("journeys:campaigns"))


def _created(form: CampaignForm, by: TeamMember) -> Campaign:
    with transaction.atomic():
        campaign = actions.create_campaign(values=form.values, by=by)
        _set_sources(campaign, 1, form, by)
    return campaign


def _set_sources(campaign: Campaign, seen: int, form: CampaignForm, by: TeamMember) -> None:
    sources = {"segments": form.cleaned_data["segments"], "web_forms": form.cleaned_data["web_forms"]}
    actions.set_sources(campaign=campaign, seen=seen, by=by, **sources)


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """Another name, other sources, another window."""
    edited = get_object_or_404(Campaign, pk=pk)
    if not edited.may_be_edited:
        return _refused(request, edited, "Pause it first." if edited.is_active else "It has ended.")
    name = edited.name
    form = CampaignForm(
        request.POST if request.method == "POST" else None, instance=edited, initial=_begins_with(edited)
    )
    context: dict[str, Any] = {"campaign": edited, "name": name, "back": reverse("journeys:campaign", args=[pk])}
    if form.is_valid():
        seen = form.cleaned_data["seen"] or 0
        try:
            with transaction.atomic():
                actions.change_campaign(campaign=edited, seen=seen, values=form.values, by=request.user)  # type: ignore[arg-type]
                _set_sources(edited, seen + 1, form, request.user)  # type: ignore[arg-type]
        except ValidationError as error:
            form.add_error(None, error)
        except actions.CampaignIsGoing as going:
            return _refused(request, edited, str(going))
        except actions.CampaignChanged as other:
            return _changed_meanwhile(request, other.campaign, context)
        else:
            announce(request, f"{form.cleaned_data['name']} was saved.")
            return _to(request, edited)
    return _form_page(request, "journeys/edit_campaign.html", form, **context)


def _begins_with(campaign: Campaign) -> dict[str, Any]:
    sources = list(campaign.sources.all())
    return {
        "segments": [source.segment_id for source in sources if source.segment_id],
        "web_forms": [source.web_form_id for source in sources if source.web_form_id],
        "seen": campaign.revision,
    }


def _changed_meanwhile(request: HttpRequest, stored: Campaign, context: dict[str, Any]) -> HttpResponse:
    """The form with what was typed, and the news. Saved again, it goes over what the other person saved."""
    data = request.POST.copy()
    data["seen"] = str(stored.revision)
    form = CampaignForm(data, instance=Campaign.objects.get(pk=stored.pk))
    form.is_valid()
    context |= {"meanwhile": stored}
    return _form_page(request, "journeys/edit_campaign.html", form, status=409, **context)


def _form_page(
    request: HttpRequest, template: str, form: CampaignForm, *, status: int = 0, **context: Any
) -> HttpResponse:
    shown = status or (422 if form.errors else 200)
    return render_page(request, template, {"form": form, "here": request.path, **context}, status=shown)


# Its state


@role_required(Role.MARKETER)
@require_POST
def activate_campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch it on; or say what is in the way."""
    campaign = get_object_or_404(Campaign, pk=pk)
    try:
        actions.activate_campaign(campaign=campaign, by=request.user)  # type: ignore[arg-type]
    except actions.CampaignCannotWork as cannot:
        return _refused(request, campaign, f"{campaign} was not switched on. {cannot}")
    except actions.CampaignIsGoing as going:
        return _refused(request, campaign, str(going))
    announce(request, f"{campaign} is active.")
    return _to(request, campaign)


@role_required(Role.MARKETER)
@require_POST
def pause_campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """Everybody waits."""
    campaign = get_object_or_404(Campaign, pk=pk)
    if actions.pause_campaign(campaign=campaign, by=request.user):  # type: ignore[arg-type]
        announce(request, f"{campaign} is paused. Its steps can be edited; contacts that wait go on by the new plan.")
    else:
        announce(request, "It is not active.", level=messages.INFO)
    return _to(request, campaign)


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def end_campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """What ending means; then it has ended, for good."""
    campaign = get_object_or_404(Campaign, pk=pk)
    if request.method == "POST":
        if actions.end_campaign(campaign=campaign, by=request.user):  # type: ignore[arg-type]
            announce(request, f"{campaign} has ended.")
        else:
            announce(request, "It is a draft, or has ended before.", level=messages.INFO)
        return _to(request, campaign)
    context = {"campaign": campaign, "here": request.path, "back": reverse("journeys:campaign", args=[pk])}
    return render_page(request, "journeys/end_campaign.html", context, dialog="end-campaign-form")


@role_required(Role.MARKETER)
@require_POST
def clone_campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft like it."""
    clone = actions.clone_campaign(campaign=get_object_or_404(Campaign, pk=pk), by=request.user)  # type: ignore[arg-type]
    announce(request, f"{clone} is a draft. Nobody is in it.")
    return _to(request, clone)


@role_required(Role.MARKETER)
@require_POST
def delete_campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """Only a draft."""
    campaign = get_object_or_404(Campaign, pk=pk)
    try:
        actions.delete_campaign(campaign=campaign, by=request.user)  # type: ignore[arg-type]
    except actions.CampaignIsGoing as going:
        return _refused(request, campaign, str(going))
    announce(request, f"{campaign} was deleted.")
    return go_to(request, reverse("journeys:campaigns"))


def _refused(request: HttpRequest, campaign: Campaign, why: str) -> HttpResponse:
    announce(request, why, level=messages.ERROR)
    return _to(request, campaign)


def _to(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    return go_to(request, reverse("journeys:campaign", args=[campaign.pk]))
