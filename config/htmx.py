"""Render a whole page or one part of it, from the same view and context."""

from collections.abc import Collection
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect, retarget, trigger_client_event

DIALOG = "dialog"
"""The id of the element that `{% opens_dialog %}` loads a part into."""


def render_page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    parts: Collection[str] = (),
    dialog: str = "",
    status: int = 200,
) -> HttpResponse:
    """The whole page; or, when htmx asks for one of its parts, that part alone.

    Args:
        template: the page, such as `contacts/contacts.html`.
        parts: ids of the elements that may be asked for. `contacts-list` is in `contacts/_contacts_list.html`.
        dialog: id of the part that is shown when the page is opened as a dialog.
        status: 422 for a form with errors, 409 for a stale one: htmx shows both.
    """
    asked = _part_asked_for(request)
    part = dialog if asked == DIALOG else asked
    if part and (part in parts or part == dialog):
        response = HttpResponse(_with_messages(request, part_template(template, part), context), status=status)
    else:
        response = HttpResponse(render_to_string(template, context, request), status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def render_part(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    into: str = "",
    closes_dialog: bool = False,
) -> HttpResponse:
    """One part, after an htmx request that changed something.

    Args:
        template: the part, such as `contacts/_contacts_row.html`.
        into: a selector such as `#contact-7`, where the page did not say it or said something else.
        closes_dialog: close the dialog the request came from; focus returns to what opened it.
    """
    response = HttpResponse(_with_messages(request, template, context))
    if into:
        retarget(response, into)
        response["HX-Reswap"] = "outerHTML"
    if closes_dialog:
        trigger_client_event(response, "dialog:close", after="swap")
    return response


def go_to(request: HttpRequest, address: str) -> HttpResponse:
    """Redirect to `address`, also after an htmx request: the browser then loads the whole page."""
    return HttpResponseClientRedirect(address) if request.htmx else HttpResponseRedirect(address)  # type: ignore[attr-defined]


def came_from(request: HttpRequest, otherwise: str) -> str:
    """The address of this site that `next` names, in the form or the query string; else `otherwise`."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if is_ours else otherwise


def part_template(template: str, part: str) -> str:
    """The file of a part of a page: it is named after the id of the element it holds."""
    folder, _, _ = template.rpartition("/")
    return f"{folder}/_{part.replace('-', '_')}.html"


def _part_asked_for(request: HttpRequest) -> str | None:
    htmx = request.htmx  # type: ignore[attr-defined]
    return None if not htmx or htmx.history_restore_request else htmx.target


def _with_messages(request: HttpRequest, template: str, context: dict[str, Any] | None) -> str:
    return render_to_string(template, context, request) + render_to_string(
        "_components/messages_swap.html", {}, request
    )
