"""Search over everything: what is found while typing, and a page of results."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from config.htmx import render_page
from config.team.access import role_required
from config.team.roles import Role
from journeys.search.queries import found

WHILE_TYPING = 6
ON_THE_PAGE = 20
"""So many of each kind are shown."""

LONGEST = 200


@role_required(Role.VIEWER)
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What the words of the address find, kind by kind."""
    text = request.GET.get("q", "").strip()[:LONGEST]
    limit = WHILE_TYPING if request.htmx else ON_THE_PAGE  # type: ignore[attr-defined]
    groups = found(text, by=request.user, limit=limit)  # type: ignore[arg-type]
    context = {"text": text, "groups": groups, "count": sum(len(group.hits) for group in groups)}
    return render_page(request, "journeys/search.html", context, parts=["search-results"])
