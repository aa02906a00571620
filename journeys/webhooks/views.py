"""Settings: webhooks, an Administrator's; what each is told, and every attempt to deliver it."""

import json
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.announce import announce
from config.htmx import go_to, render_page
from config.middleware import request_organisation
from config.team.access import role_required
from config.team.confirmation import password_confirmed
from config.team.roles import Role
from contacts.views.addresses import id_in
from journeys.webhooks import actions, queries
from journeys.webhooks.filters import DeliveryFilter
from journeys.webhooks.forms import RedeliverFailedForm, WebhookForm
from journeys.webhooks.models import Delivery, Webhook
from journeys.webhooks.payloads import payload_of
from journeys.webhooks.retries import PLAN

FORM, SECRET, DELIVERIES = "edit-webhook-form", "rotate-secret-form", "webhook-deliveries"
_OFFERED = timedelta(days=3)
"""Redelivering is offered since so long ago: what a webhook may have missed before it was turned off."""


@role_required(Role.ADMINISTRATOR)
@require_safe
def webhooks(request: HttpRequest) -> HttpResponse:
    """Every webhook, whether it is on, and what waits for it."""
    return render_page(request, "journeys/webhooks.html", {"webhooks": queries.webhooks()})


@role_required(Role.ADMINISTRATOR)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@password_confirmed
def new_webhook(request: HttpRequest) -> HttpResponse:
    """The form; then the secret, which is shown this once."""
    form = WebhookForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"form": form, "here": request.path, "back": reverse("journeys:webhooks")}
    if form.is_valid():
        try:
            context["webhook"], context["secret"] = actions.add_webhook(
                **form.cleaned_data,
                by=request.user,  # type: ignore[arg-type]
            )
            context["back"] = reverse("journeys:webhook", args=[context["webhook"].pk])
        except actions.TooManyWebhooks as refused:
            form.add_error(None, refused.sentence)
    status = 422 if form.errors else 200
    return render_page(request, "journeys/new_webhook.html", context, dialog=FORM, parts=[FORM], status=status)


@role_required(Role.ADMINISTRATOR)
@require_http_methods(["GET", "HEAD", "POST"])
@password_confirmed
def edit_webhook(request: HttpRequest, pk: int) -> HttpResponse:
    """Another address, other events."""
    webhook = get_object_or_404(Webhook, pk=pk)
    address = webhook.address
    form = WebhookForm(request.POST if request.method == "POST" else None, instance=webhook)
    if form.is_valid():
        actions.change_webhook(webhook=webhook, **form.cleaned_data, by=request.user)  # type: ignore[arg-type]
        announce(request, "The webhook was saved. What waits goes to the address it has now.")
        return _to(request, webhook)
    back = reverse("journeys:webhook", args=[webhook.pk])
    context = {"form": form, "here": request.path, "back": back, "address": address}
    status = 422 if form.errors else 200
    return render_page(request, "journeys/edit_webhook.html", context, dialog=FORM, parts=[FORM], status=status)


@role_required(Role.ADMINISTRATOR)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@password_confirmed
def rotate_secret(request: HttpRequest, pk: int) -> HttpResponse:
    """What a new secret means; then the secret, which is shown this once."""
    webhook = get_object_or_404(Webhook, pk=pk)
    back = reverse("journeys:webhook", args=[webhook.pk])
    context: dict[str, Any] = {"webhook": webhook, "here": request.path, "back": back}
    if request.method == "POST":
        context["secret"] = actions.rotate_secret(webhook=webhook, by=request.user)  # type: ignore[arg-type]
    return render_page(request, "journeys/rotate_secret.html", context, dialog=SECRET, parts=[SECRET])


@role_required(Role.ADMINISTRATOR)
@require_safe
def webhook(request: HttpRequest, pk: int) -> HttpResponse:
    """One webhook, and its deliveries, narrowed by what the address says."""
    return _page(request, pk)


def _page(request: HttpRequest, pk: int, form: RedeliverFailedForm | None = None) -> HttpResponse:
    found = queries.webhook_with_counts(pk)
    if found is None:
        raise Http404("There is no such webhook.")
    here = reverse("journeys:webhook", args=[found.pk])
    narrowed = DeliveryFilter(request.GET, queryset=found.deliveries.all(), request=request)
    older_than = id_in(request.GET.get("older_than"))
    page = queries.deliveries_page(narrowed.qs, older_than=older_than)
    since = timezone.localdate(timezone=_zone(request)) - _OFFERED
    context = {
        "webhook": found,
        "here": here,
        "filter": narrowed,
        "page": page,
        "is_further": older_than is not None,
        "older": _read_on(request, here, page.older_than),
        "redeliver_form": form or RedeliverFailedForm(initial={"since": since}),
    }
    return render_page(request, "journeys/webhook.html", context, parts=[DELIVERIES], status=422 if form else 200)


def _read_on(request: HttpRequest, here: str, older_than: int | None) -> str:
    """The address of this list from a delivery on; empty without one."""
    if older_than is None:
        return ""
    query = request.GET.copy()
    query["older_than"] = str(older_than)
    return f"{here}?{query.urlencode()}"


@role_required(Role.ADMINISTRATOR)
@require_POST
def send_test(request: HttpRequest, pk: int) -> HttpResponse:
    """A message that tells of nothing."""
    webhook = get_object_or_404(Webhook, pk=pk)
    test = actions.send_test(webhook=webhook, by=request.user)  # type: ignore[arg-type]
    announce(request, f"A test is on its way.{_waits(webhook)}")
    return go_to(request, reverse("journeys:delivery", args=[test.pk]))


@role_required(Role.ADMINISTRATOR)
@require_POST
def turn_webhook(request: HttpRequest, pk: int, on: bool) -> HttpResponse:
    """On or off."""
    webhook = get_object_or_404(Webhook, pk=pk)
    if on:
        actions.turn_on(webhook=webhook, by=request.user)  # type: ignore[arg-type]
        announce(request, "It is on. It is told what happens from now on, and what was waiting is delivered.")
    else:
        actions.turn_off(webhook=webhook, by=request.user)  # type: ignore[arg-type]
        announce(request, "It is off. What happens meanwhile is not told.")
    return _to(request, webhook)


@role_required(Role.ADMINISTRATOR)
@require_POST
def remove_webhook(request: HttpRequest, pk: int) -> HttpResponse:
    """Its deliveries go with it."""
    webhook = get_object_or_404(Webhook, pk=pk)
    actions.remove_webhook(webhook=webhook, by=request.user)  # type: ignore[arg-type]
    announce(request, f"{webhook} was removed, and what was kept about its deliveries.")
    return go_to(request, reverse("journeys:webhooks"))


@role_required(Role.ADMINISTRATOR)
@require_POST
def redeliver_failed(request: HttpRequest, pk: int) -> HttpResponse:
    """All that failed since the beginning of a day, once more."""
    webhook = get_object_or_404(Webhook, pk=pk)
    form = RedeliverFailedForm(request.POST)
    if not form.is_valid():
        return _page(request, pk, form)
    since = datetime.combine(form.cleaned_data["since"], time.min, tzinfo=_zone(request))
    count = actions.redeliver_failed(webhook=webhook, since=since, by=request.user)  # type: ignore[arg-type]
    if count:
        announce(request, f"{count:,} message{'' if count == 1 else 's'} will be delivered again.{_waits(webhook)}")
    else:
        announce(request, "Nothing failed since then.", level=messages.INFO)
    return _to(request, webhook)


@role_required(Role.ADMINISTRATOR)
@require_safe
def delivery(request: HttpRequest, pk: int) -> HttpResponse:
    """One message as it would be sent now, and every attempt."""
    found = get_object_or_404(Delivery.objects.select_related("webhook", "run"), pk=pk)
    context = {
        "delivery": found,
        "body": json.dumps(payload_of(found), indent=2, ensure_ascii=False),
        "attempts": queries.attempts_of(found),
        "most": len(PLAN),
    }
    return render_page(request, "journeys/delivery.html", context)


@role_required(Role.ADMINISTRATOR)
@require_POST
def redeliver(request: HttpRequest, pk: int) -> HttpResponse:
    """One message once more."""
    found = get_object_or_404(Delivery.objects.select_related("webhook"), pk=pk)
    if actions.redeliver(delivery=found, by=request.user):  # type: ignore[arg-type]
        announce(request, f"The message will be delivered again.{_waits(found.webhook)}")
    else:
        announce(request, "It is waiting to be delivered already.", level=messages.INFO)
    return go_to(request, reverse("journeys:delivery", args=[found.pk]))


def _to(request: HttpRequest, webhook: Webhook) -> HttpResponse:
    return go_to(request, reverse("journeys:webhook", args=[webhook.pk]))


def _waits(webhook: Webhook) -> str:
    return "" if webhook.is_on else " It waits until the webhook is turned on."


def _zone(request: HttpRequest) -> ZoneInfo:
    return ZoneInfo(request_organisation(request).time_zone)
