"""The list of campaigns, and one with its plan."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from config.htmx import render_page
from config.team.access import role_required
from config.team.roles import Role
from journeys.campaigns import queries
from journeys.campaigns.models import Campaign
from journeys.campaigns.shown import foreseen, plan_context

PARTS = ["campaign-plan", "campaign-foresight"]


@role_required(Role.MARKETER)
@require_safe
def campaigns(request: HttpRequest) -> HttpResponse:
    """Every campaign with its state and its counts."""
    return render_page(request, "journeys/campaigns.html", {"rows": queries.campaigns()})


@role_required(Role.MARKETER)
@require_safe
def campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """One campaign: where contacts come from, its steps with their counts and problems, and what it would do now."""
    shown = get_object_or_404(Campaign.objects.select_related("changed_by"), pk=pk)
    asked = request.htmx.target if request.htmx else ""  # type: ignore[attr-defined]
    context: dict[str, Any] = {"campaign": shown}
    if asked == "campaign-foresight":
        context |= {"foreseen": foreseen(shown, timezone.now())}
    else:
        context |= plan_context(shown)
        if "foreseen" in request.GET:
            context |= {"foreseen": foreseen(shown, timezone.now())}
    return render_page(request, "journeys/campaign.html", context, parts=PARTS)
