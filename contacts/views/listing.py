"""The list of contacts."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from config.htmx import render_page
from config.team.access import role_required
from config.team.roles import Role
from contacts.attributes.queries import attributes
from contacts.columns.queries import columns_kept_by
from contacts.columns.shown import columns_in
from contacts.filters import ContactFilter
from contacts.shown import as_said, headings_of, order_in, order_in_words, orders_for, tabs_of, why_not
from contacts.views.addresses import id_in
from journeys.book.ordering import NEWEST_FIRST
from journeys.book.queries import contacts_page
from journeys.bulk.acts import acts_for
from journeys.reports.queries import funnel_at

_BOOKMARKS = ("before", "after")


@role_required(Role.VIEWER)
@require_safe
def contacts(request: HttpRequest) -> HttpResponse:
    """The contacts that the address asks for, in its order, with its columns."""
    narrowed, funnel = ContactFilter(request.GET, request.user), funnel_at()  # type: ignore[arg-type]
    query = narrowed.query
    columns = columns_in(request.GET, columns_kept_by(request.user), attributes())  # type: ignore[arg-type]
    asked = order_in(request.GET)
    page = contacts_page(
        query,
        order=asked or NEWEST_FIRST,
        before=id_in(request.GET.get("before")),
        after=id_in(request.GET.get("after")),
        funnel=funnel,
        with_attributes=columns.need_attributes,
    )
    along: dict[str, list[str]] = {
        **({"column": columns.as_said} if columns.are_in_address else {}),
        **({"sort": [said]} if (said := as_said(page.order)) else {}),
    }
    headings = headings_of(columns.chosen, query, page.count, page.order)
    context = {
        "filter": narrowed,
        "problems": [*narrowed.problems, *([why_not(asked)] if page.order != asked else [])],
        "chips": [(chip, _without(request, *chip.parameters)) for chip in narrowed.chips],
        "tabs": tabs_of(narrowed.stages.values(), funnel, narrowed.segments.values(), narrowed.said, along),
        "columns": columns,
        "headings": [(heading, _in_order(request, heading.sort)) for heading in headings],
        "order": as_said(page.order),
        "order_in_words": order_in_words(page.order),
        "orders": orders_for(query, page.count, page.order),
        "page": page,
        "previous": _read_on(request, before=page.before),
        "next": _read_on(request, after=page.after),
        "count": page.count,
        "here": request.get_full_path(),
        "acts": acts_for(request.user.role),  # type: ignore[union-attr]
        "narrowed_by": narrowed.said.items(),
        "along": [(name, value) for name, values in along.items() for value in values],
    }
    return render_page(request, "contacts/contacts.html", context, parts=["contacts-list"])


def _in_order(request: HttpRequest, sort: str | None) -> str:
    """The address of this list in another order; nothing for none."""
    if sort is None:
        return ""
    return _without(request, "sort", sort=sort) if sort else _without(request, "sort")


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
