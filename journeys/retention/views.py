"""How long the details of runs are kept."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from config.announce import announce
from config.htmx import go_to, render_page
from config.team.access import role_required
from config.team.roles import Role
from journeys.retention.actions import keep_details
from journeys.retention.forms import RetentionForm
from journeys.retention.queries import days_kept


@role_required(Role.ADMINISTRATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def retention(request: HttpRequest) -> HttpResponse:
    """What is kept for good, what for a while, and for how long."""
    form = RetentionForm(request.POST if request.method == "POST" else None, initial={"days": days_kept()})
    if form.is_valid():
        days = form.cleaned_data["days"]
        keep_details(days=days, by=request.user)  # type: ignore[arg-type]
        announce(request, f"Details of runs are kept for {days:,} day{'' if days == 1 else 's'} now.")
        return go_to(request, reverse("journeys:retention"))
    return render_page(request, "journeys/retention.html", {"form": form}, status=422 if form.errors else 200)
