"""The managed list of lost reasons, and whether one has to be given."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from config.announce import announce
from config.htmx import go_to, render_page
from config.team.access import role_required
from config.team.roles import Role
from journeys.rules import actions
from journeys.rules.forms import LostReasonForm, LostReasonRequiredForm
from journeys.rules.queries import all_lost_reasons, funnel_settings
from journeys.status.models import LostReason


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def lost_reasons(request: HttpRequest) -> HttpResponse:
    """The managed list of reasons; a POST adds one."""
    form = LostReasonForm(request.POST or None, label="New reason")
    if request.method == "POST" and form.is_valid():
        try:
            reason = actions.add_lost_reason(name=form.cleaned_data["name"], by=request.user)  # type: ignore[arg-type]
        except ValidationError as error:
            form.add_error(None, error)
        else:
            announce(request, f"{reason} was added.")
            return _back_to_the_list(request)
    return _page(request, new_form=form)


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def rename_lost_reason(request: HttpRequest, pk: int) -> HttpResponse:
    """The list with one reason as a form for its name."""
    reason = get_object_or_404(LostReason, pk=pk)
    name_before = reason.name
    form = LostReasonForm(request.POST or None, instance=reason, prefix="rename")
    if request.method == "POST" and form.is_valid():
        try:
            actions.rename_lost_reason(reason=reason, name=form.cleaned_data["name"], by=request.user)  # type: ignore[arg-type]
        except ValidationError as error:
            form.add_error(None, error)
        else:
            announce(request, f"{name_before} is {reason.name} now, in history too.")
            return _back_to_the_list(request)
    return _page(request, renamed=reason, rename_form=form)


@role_required(Role.MARKETER)
@require_POST
def move_lost_reason(request: HttpRequest, pk: int, places: int) -> HttpResponse:
    """One place up or down."""
    reason = get_object_or_404(LostReason, pk=pk, is_retired=False)
    place = actions.move_lost_reason(reason=reason, places=places, by=request.user)  # type: ignore[arg-type]
    announce(request, f"{reason} is number {place} of the list.")
    if request.htmx:  # type: ignore[attr-defined]
        return _page(request)
    return _back_to_the_list(request)


@role_required(Role.MARKETER)
@require_POST
def retire_lost_reason(request: HttpRequest, pk: int) -> HttpResponse:
    """Offered no longer."""
    reason = get_object_or_404(LostReason, pk=pk)
    actions.retire_lost_reason(reason=reason, by=request.user)  # type: ignore[arg-type]
    announce(request, f"{reason} is not offered any more. Contacts lost for it keep it.")
    return _back_to_the_list(request)


@role_required(Role.MARKETER)
@require_POST
def use_lost_reason_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Offered again."""
    reason = get_object_or_404(LostReason, pk=pk)
    actions.use_lost_reason_again(reason=reason, by=request.user)  # type: ignore[arg-type]
    announce(request, f"{reason} is offered again.")
    return _back_to_the_list(request)


@role_required(Role.MARKETER)
@require_POST
def lost_reason_required(request: HttpRequest) -> HttpResponse:
    """Optional or required."""
    form = LostReasonRequiredForm(request.POST, settings=funnel_settings())
    if not form.is_valid():
        return _page(request, required_form=form)
    required = form.cleaned_data["required"]
    actions.require_lost_reason(required=required, by=request.user)  # type: ignore[arg-type]
    announce(request, f"A lost reason is {'required' if required else 'optional'} now.")
    return _back_to_the_list(request)


def _page(request: HttpRequest, **context: Any) -> HttpResponse:
    forms = [form for form in context.values() if getattr(form, "errors", None)]
    reasons = all_lost_reasons()
    shown = {
        "reasons": [reason for reason in reasons if not reason.is_retired],
        "retired": [reason for reason in reasons if reason.is_retired],
        "new_form": LostReasonForm(label="New reason"),
        "required_form": LostReasonRequiredForm(settings=funnel_settings()),
        **context,
    }
    return render_page(
        request, "journeys/lost_reasons.html", shown, parts=["lost-reasons-list"], status=422 if forms else 200
    )


def _back_to_the_list(request: HttpRequest) -> HttpResponse:
    return go_to(request, reverse("journeys:lost_reasons"))
