"""Settings → Health: whether all is well, for whoever runs this installation."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from config.disk import TOO_LITTLE
from config.htmx import render_page
from config.team.access import role_required
from config.team.roles import Role
from journeys.health.queries import backups_made, disk_space, versions, work
from journeys.integrity.queries import latest_verification, sealed


@role_required(Role.ADMINISTRATOR)
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    context = {
        "work": work(),
        "backups": backups_made(),
        "checked": latest_verification(),
        "sealed_at": sealed()[1],
        "disk": disk_space(),
        "too_little": TOO_LITTLE,
        "versions": versions(),
    }
    return render_page(request, "journeys/health.html", context)
