"""Asking for the password again before what would hurt most in a stranger's hands.

Whoever gave it within the last 15 minutes, signing in included, is not asked. Nothing that was sent is lost: the form
that asks carries it, and what was asked for happens at once.
"""

import time
from collections.abc import Callable
from functools import wraps

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers

from config.htmx import go_to
from config.team.forms import ConfirmPasswordForm
from config.team.models import TeamMember

SECONDS = 15 * 60
CONFIRMED_AT = "password_confirmed_at"
"""In the session, when the password was given last."""

_FIELD, _ASKED_BY_GET = "present_password", "asked_by_get"

View = Callable[..., HttpResponseBase]


def note_confirmed(request: HttpRequest) -> None:
    """The person signed in has given their password now."""
    request.session[CONFIRMED_AT] = time.time()


def sign_in_by_link(request: HttpRequest, member: TeamMember) -> None:
    """They have chosen their password just now: they are signed in, whoever was before."""
    request.session.flush()
    login(request, member, backend="config.team.backends.RoleBackend")
    note_confirmed(request)


def password_confirmed(view: View) -> View:
    """Ask for the password first, unless it was given within the last 15 minutes."""

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponseBase:
        return ask_for_password(request) or view(request, *args, **kwargs)

    guarded.password_confirmed = True  # type: ignore[attr-defined]
    return guarded


def ask_for_password(request: HttpRequest) -> HttpResponse | None:
    """The form that asks, or None if the request may go on: as it was before the form asked."""
    if 0 <= time.time() - request.session.get(CONFIRMED_AT, -SECONDS) < SECONDS:
        return None
    given = request.POST if _FIELD in request.POST else None
    form = ConfirmPasswordForm(given, request=request)
    if not form.is_valid():
        return _form_that_asks(request, form)
    note_confirmed(request)
    if _ASKED_BY_GET not in request.POST:
        return None
    if not request.htmx:  # type: ignore[attr-defined]
        return go_to(request, request.get_full_path())
    request.method = "GET"
    request.POST = QueryDict()
    return None


def _form_that_asks(request: HttpRequest, form: ConfirmPasswordForm) -> HttpResponse:
    sent = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in ("csrfmiddlewaretoken", _FIELD, _ASKED_BY_GET)
        for value in values
    ]
    is_get = request.method in ("GET", "HEAD") or _ASKED_BY_GET in request.POST
    context = {"form": form, "sent": sent, "is_get": is_get, "here": request.get_full_path()}
    template = "team/_confirm_password_form.html" if request.htmx else "team/confirm_password.html"  # type: ignore[attr-defined]
    response = HttpResponse(render_to_string(template, context, request), status=422 if form.errors else 200)
    add_never_cache_headers(response)
    return response
