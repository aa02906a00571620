"""Exporting contacts from the list, and who exported what."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from config.htmx import render_page
from config.middleware import request_organisation
from config.team.access import role_required
from config.team.roles import Role
from contacts.attributes.queries import attributes
from contacts.views.addresses import id_in, read_on
from journeys.bulk.filters import Chosen, chosen_in, list_address
from journeys.exports import actions
from journeys.exports.columns import Column, columns
from journeys.exports.forms import ExportForm
from journeys.exports.queries import exports_page


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def export_contacts(request: HttpRequest) -> HttpResponseBase:
    """Whom it is about stands in the address; which columns is chosen. The answer to the form is the file."""
    chosen = chosen_in(request.GET, request.user)  # type: ignore[arg-type]
    form = ExportForm(request.POST if request.method == "POST" else None, columns=_columns(request))
    if not chosen.selection or not form.is_valid():
        is_wrong = request.method == "POST"
        return _page(request, chosen, form, status=422 if is_wrong else 200)
    try:
        download = actions.export_contacts(
            selection=chosen.selection,
            columns=form.chosen,
            is_large=chosen.count.number >= actions.LARGE,
            for_excel=form.cleaned_data["for_excel"],
            by=request.user,  # type: ignore[arg-type]
        )
    except actions.TooManyExports as too_many:
        return _page(request, chosen, form, status=409, refusal=str(too_many))
    name = f"contacts-{timezone.localdate().isoformat()}.csv"
    return StreamingHttpResponse(
        download.pieces,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _columns(request: HttpRequest) -> list[Column]:
    return columns(attributes(), zone=request_organisation(request).time_zone)


def _page(request: HttpRequest, chosen: Chosen, form: ExportForm, *, status: int, refusal: str = "") -> HttpResponse:
    context = {
        "chosen": chosen,
        "form": form,
        "refusal": refusal,
        "here": request.get_full_path(),
        "back": list_address(request.GET),
    }
    return render_page(request, "journeys/export_contacts.html", context, status=status)


@role_required(Role.ADMINISTRATOR)
@require_safe
def exports(request: HttpRequest) -> HttpResponse:
    """Who took which contacts out of the book, the newest first."""
    newer_than, older_than = (id_in(request.GET.get(name)) for name in ("newer_than", "older_than"))
    page = exports_page(newer_than=newer_than, older_than=older_than)
    context = {
        "page": page,
        "is_further": newer_than is not None or older_than is not None,
        "newer": read_on(request, newer_than=page.newer_than),
        "older": read_on(request, older_than=page.older_than),
    }
    return render_page(request, "journeys/exports.html", context, parts=["exports-list"])
