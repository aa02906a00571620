"""Signing in and out, one's own account, the organisation."""

from copy import copy
from urllib.parse import urlsplit

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from config.announce import announce
from config.htmx import came_from, go_to, render_page
from config.middleware import request_organisation
from config.team import actions, queries
from config.team.access import role_required
from config.team.confirmation import note_confirmed
from config.team.forms import MyAccountForm, MyPasswordForm, OrganisationForm, SignInForm
from config.team.models import TeamMember
from config.team.roles import Role


class SignIn(LoginView):
    """Ask for e-mail and password, then go on to where the person wanted to be."""

    template_name = "team/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        """A part that was asked for after the session ended is not the place for this page: load it whole."""
        if request.htmx:  # type: ignore[attr-defined]
            return HttpResponseClientRedirect(_sign_in_and_return_to(request.htmx.current_url))  # type: ignore[attr-defined]
        return super().get(request, *args, **kwargs)

    def form_valid(self, form) -> HttpResponse:
        response = super().form_valid(form)
        note_confirmed(self.request)
        return response

    def form_invalid(self, form) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


def _sign_in_and_return_to(address: str | None) -> str:
    parts = urlsplit(address or "")
    query = f"?{parts.query}" if parts.query else ""
    return f"{reverse('team:sign_in')}?{urlencode({'next': (parts.path or '/') + query})}"


@method_decorator(login_not_required, name="dispatch")
class SignOut(LogoutView):
    """Sign out with a POST. Somebody who comes by a link is asked first."""

    http_method_names = ["get", "head", "post", "options"]

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return render(request, "team/sign_out.html")

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        response["Clear-Site-Data"] = '"cache", "storage"'  # nor does the back button show what was there
        return response


def _signed_in(request: HttpRequest) -> TeamMember:
    assert isinstance(request.user, TeamMember)
    return request.user


@require_http_methods(["GET", "HEAD", "POST"])
def my_account(request: HttpRequest) -> HttpResponse:
    """Name, theme, zone and shortcuts of the person signed in; and, in a form of its own, their password."""
    signed_in = _signed_in(request)
    asked = request.POST.get("change")
    organisation = request_organisation(request)
    form = MyAccountForm(
        request.POST if asked == "account" else None, instance=copy(signed_in), organisation=organisation
    )
    password_form = MyPasswordForm(signed_in, request.POST if asked == "password" else None)
    if asked == "account" and form.is_valid():
        actions.change_my_account(**form.cleaned_data, by=signed_in)
        announce(request, "Your account was saved.")
        return go_to(request, reverse("team:my_account"))
    if asked == "password" and password_form.is_valid():
        changed = actions.change_my_password(password=password_form.cleaned_data["new_password1"], by=signed_in)
        update_session_auth_hash(request, changed)
        note_confirmed(request)
        announce(request, "Your password was changed. Elsewhere you have to sign in again.")
        return go_to(request, reverse("team:my_account"))
    return render_page(
        request,
        "team/my_account.html",
        {"form": form, "password_form": password_form},
        status=422 if form.errors or password_form.errors else 200,
    )


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """The choice in the account menu. Something else than a theme changes nothing."""
    chosen = request.POST.get("theme", "")
    if chosen in TeamMember.Theme.values:
        actions.choose_theme(theme=chosen, by=_signed_in(request))
    return go_to(request, came_from(request, reverse("team:my_account")))


@role_required(Role.ADMINISTRATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def organisation(request: HttpRequest) -> HttpResponse:
    """The organisation's name, time zone and first day of the week."""
    form = OrganisationForm(request.POST if request.method == "POST" else None, instance=queries.organisation())
    if request.method == "POST" and form.is_valid():
        actions.change_organisation(**form.cleaned_data, by=_signed_in(request))
        announce(request, "The organisation was saved.")
        return go_to(request, reverse("team:organisation"))
    return render_page(request, "team/organisation.html", {"form": form}, status=422 if form.errors else 200)
