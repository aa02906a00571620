"""Settings → Checks: whether everything holds that must."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from config.announce import announce
from config.database_roles import can_get_round_the_triggers
from config.htmx import go_to, render_page
from config.team.access import role_required
from config.team.roles import Role
from journeys.integrity.actions import queue_verification
from journeys.integrity.invariants import PROMISES
from journeys.integrity.queries import latest_verification, sealed


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.ADMINISTRATOR)
def checks(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        queue_verification(by=request.user)  # type: ignore[arg-type]
        announce(request, "A worker checks the book now. Load this page again in a minute.")
        return go_to(request, reverse("journeys:checks"))
    latest = latest_verification()
    found = latest.offences if latest else {}
    rows = [(promise, found.get(name)) for name, promise in PROMISES.items()]
    count, sealed_at = sealed()
    context = {
        "latest": latest,
        "rows": rows,
        "sealed": count,
        "sealed_at": sealed_at,
        "can_get_round_the_triggers": can_get_round_the_triggers(),
    }
    return render_page(request, "journeys/checks.html", context)
