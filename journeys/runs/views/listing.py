"""The list of runs, and the chip that says how many are going."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from config.htmx import render_page
from config.team.access import role_required
from config.team.roles import Role
from contacts.views.addresses import id_in, read_on
from journeys.runs import listing
from journeys.runs.filters import RunFilter
from journeys.runs.models import Run
from journeys.runs.undos import undos


@role_required(Role.VIEWER)
@require_safe
def runs(request: HttpRequest) -> HttpResponse:
    """Every run, the newest first, narrowed by what the address says."""
    found = undos()
    narrowed = RunFilter(request.GET, queryset=Run.objects.all(), request=request, undos=found)
    newer_than, older_than = (id_in(request.GET.get(name)) for name in ("newer_than", "older_than"))
    page = listing.runs_page(narrowed.qs, found, newer_than=newer_than, older_than=older_than)
    context = {
        "filter": narrowed,
        "page": page,
        "is_further": newer_than is not None or older_than is not None,
        "newer": read_on(request, newer_than=page.newer_than),
        "older": read_on(request, older_than=page.older_than),
    }
    return render_page(request, "journeys/runs.html", context, parts=["runs-list"])


@role_required(Role.VIEWER)
@require_safe
def runs_going(request: HttpRequest) -> HttpResponse:
    """The chip in the top bar, which pages load after themselves: empty while no run is going."""
    return render(request, "journeys/_runs_going.html", {"going": listing.runs_going(), "is_loaded": True})
