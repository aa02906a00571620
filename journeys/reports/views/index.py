"""Reports: which there are."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from config.htmx import render_page
from config.team.access import role_required
from config.team.roles import Role
from journeys.reports.shown import reports_there_are


@role_required(Role.VIEWER)
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """Every report, with the question that it answers."""
    return render_page(request, "journeys/reports.html", {"links": reports_there_are()})
