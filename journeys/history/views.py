"""The status history of the whole book."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from config.htmx import render_page
from config.team.access import role_required
from config.team.roles import Role
from journeys.history.filters import StatusHistoryFilter
from journeys.history.queries import Bookmark, history_page
from journeys.status.models import StatusChange


@role_required(Role.VIEWER)
@require_safe
def status_history(request: HttpRequest) -> HttpResponse:
    """Every status change, the newest first, narrowed by what the address says."""
    narrowed = StatusHistoryFilter(request.GET, queryset=StatusChange.objects.all(), request=request)
    page = history_page(
        narrowed.qs,
        newer_than=Bookmark.read(request.GET.get("newer_than", "")),
        older_than=Bookmark.read(request.GET.get("older_than", "")),
    )
    context = {
        "filter": narrowed,
        "page": page,
        "newer": _read_on(request, newer_than=page.newer_than),
        "older": _read_on(request, older_than=page.older_than),
    }
    return render_page(request, "journeys/status_history.html", context, parts=["status-history-list"])


def _read_on(request: HttpRequest, **bookmark: Bookmark | None) -> str:
    """The address of this list from a bookmark on; empty without one."""
    if not any(bookmark.values()):
        return ""
    query = request.GET.copy()
    query.pop("newer_than", None)
    query.pop("older_than", None)
    for name, value in bookmark.items():
        query[name] = str(value)
    return f"{request.path}?{query.urlencode()}"
