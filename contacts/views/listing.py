"""The list of contacts."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from config.htmx import render_page
from config.team.access import role_required
from config.team.roles import Role
from contacts.filters import ContactFilter
from contacts.views.addresses import id_in
from journeys.book.queries import contacts_page
from journeys.bulk.acts import acts_for

_BOOKMARKS = ("before", "after")


@role_required(Role.VIEWER)
@require_safe
def contacts(request: HttpRequest) -> HttpResponse:
    """The contacts that the address asks for, the newest in the book first."""
    narrowed = ContactFilter(request.GET)
    page = contacts_page(narrowed.query, before=id_in(request.GET.get("before")), after=id_in(request.GET.get("after")))
    context = {
        "filter": narrowed,
        "chips": [(chip, _without(request, *chip.parameters)) for chip in narrowed.chips],
        "page": page,
        "previous": _read_on(request, before=page.before),
        "next": _read_on(request, after=page.after),
        "count": page.count,
        "here": request.get_full_path(),
        "acts": acts_for(request.user.role),  # type: ignore[union-attr]
        "narrowed_by": narrowed.said.items(),
    }
    return render_page(request, "contacts/contacts.html", context, parts=["contacts-list"])


def _without(request: HttpRequest, *parameters: str, **others: Any) -> str:
    """The address of this list without some of its parameters, from the beginning; `others` are added."""
    query = request.GET.copy()
    for name in (*parameters, *_BOOKMARKS):
        query.pop(name, None)
    for name, value in others.items():
        query[name] = str(value)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def _read_on(request: HttpRequest, **bookmark: int | None) -> str:
    return _without(request, **bookmark) if any(bookmark.values()) else ""
