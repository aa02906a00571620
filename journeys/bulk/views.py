"""A change to many contacts at once: whom it is about and what it does, before its preview."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from config.announce import announce
from config.htmx import go_to, render_page
from config.team.access import require, role_required
from config.team.models import TeamMember
from config.team.roles import Role
from journeys.bulk.acts import ACTS, acts_for, role_for, too_many
from journeys.bulk.filters import Chosen, chosen_in, list_address
from journeys.bulk.forms import BulkChangeForm
from journeys.bulk.queries import Found
from journeys.rules.queries import funnel_settings
from journeys.runs.actions import make_preview
from journeys.runs.shown import preview_address
from journeys.runs.words import how_many


@role_required(Role.OPERATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def bulk_change(request: HttpRequest) -> HttpResponse:
    """Whom it is about stands in the address, or is pasted. What it does is shown as a preview before it is done."""
    _require_role_for_act(request)
    by: TeamMember = request.user  # type: ignore[assignment]
    chosen = chosen_in(request.GET, by)
    if not acts_for(by.role, chosen.count.number):
        status = 422 if request.method == "POST" else 200
        return _page(request, chosen, status=status, refusal=too_many(str(chosen.count)))
    form = BulkChangeForm(
        request.POST if request.method == "POST" else None,
        chosen=chosen.selection,
        reason_is_required=funnel_settings().lost_reason_required,
        by=by,
        initial={"act": request.GET.get("act")},
    )
    if not form.is_valid():
        return _page(request, chosen, status=422 if form.errors else 200, form=form)
    preview = make_preview(
        operation=form.operation,
        selection=form.selection,
        by=by,
        note=form.cleaned_data["note"],
        not_found=_left_out(form.found),
    )
    _say_what_was_found(request, form.found)
    return go_to(request, preview_address(preview, back=request.get_full_path()))


def _require_role_for_act(request: HttpRequest) -> None:
    asked = {request.GET.get("act"), request.POST.get("act")}
    for offered in ACTS:
        if offered.act in asked:
            require(request, role_for(offered.act, 0))


def _page(
    request: HttpRequest, chosen: Chosen, *, status: int, form: BulkChangeForm | None = None, refusal: str = ""
) -> HttpResponse:
    context = {
        "chosen": chosen,
        "form": form,
        "refusal": refusal,
        "here": request.get_full_path(),
        "back": list_address(request.GET),
    }
    return render_page(request, "journeys/bulk_change.html", context, status=status)


def _left_out(found: Found | None) -> list[str]:
    """Entries of a pasted list that the preview says are not among the contacts."""
    if not found:
        return []
    return [*found.not_found, *(f"{entry} (fits {how_many(contacts)})" for entry, contacts in found.unclear)]


def _say_what_was_found(request: HttpRequest, found: Found | None) -> None:
    if not found:
        return
    unclear = len(found.unclear)
    fits = "it fits" if unclear == 1 else "each fits"
    parts = [
        f"{len(found.contacts):,} found",
        f"{len(found.not_found):,} not in the book" if found.not_found else "",
        f"{unclear:,} left out because {fits} several contacts" if unclear else "",
        f"{found.repeated:,} named again" if found.repeated else "",
    ]
    announce(request, f"{', '.join(filter(None, parts))}.", level=messages.INFO)
