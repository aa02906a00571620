"""Settings: OAuth2 applications, an Administrator's; and the page on which somebody lets one in."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from oauth2_provider.models import Application
from oauth2_provider.views import AuthorizationView

from config.announce import announce
from config.htmx import go_to, render_page
from config.public_address import absolute_address
from config.team import actions, queries
from config.team.access import require, role_required
from config.team.applications.forms import NewApplicationForm
from config.team.confirmation import password_confirmed
from config.team.roles import Role

PART = "new-application-form"


@role_required(Role.ADMINISTRATOR)
@require_safe
def applications(request: HttpRequest) -> HttpResponse:
    """Every application that may ask for tokens."""
    return render_page(request, "team/applications.html", {"applications": queries.applications()})


@role_required(Role.ADMINISTRATOR)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@password_confirmed
def new_application(request: HttpRequest) -> HttpResponse:
    """The form; then the client id with its secret, which is shown this once."""
    member: Any = request.user
    form = NewApplicationForm(request.POST if request.method == "POST" else None)
    context = {"form": form, "here": request.path, "back": reverse("team:applications")}
    if form.is_valid():
        given = form.cleaned_data
        context["application"], context["secret"] = actions.create_application(
            name=given["name"],
            grant_type=given["authorization_grant_type"],
            redirect_uris=given["redirect_uris"],
            by=member,
        )
        context["token_address"] = absolute_address(reverse("api:token"), request)
    status = 422 if form.errors else 200
    return render_page(request, "team/new_application.html", context, dialog=PART, parts=[PART], status=status)


@role_required(Role.ADMINISTRATOR)
@require_POST
@password_confirmed
def remove_application(request: HttpRequest, pk: int) -> HttpResponse:
    """Its tokens go with it."""
    application = get_object_or_404(Application, pk=pk)
    actions.remove_application(application=application, by=request.user)  # type: ignore[arg-type]
    announce(request, f"{application} was removed, and every token it had.")
    return go_to(request, reverse("team:applications"))


@method_decorator(login_required, name="dispatch")
class Authorize(AuthorizationView):
    """Ask the person signed in whether an application may act as them, and send them back with the answer."""

    template_name = "team/authorize.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        require(request, Role.VIEWER)
        try:
            return super().dispatch(request, *args, **kwargs)
        except ValueError as unreadable:  # oauthlib's word for an address that is not encoded as it should be
            raise BadRequest from unreadable

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        """The form's answer is a redirect to the application, which the Content Security Policy has to allow."""
        response = super().render_to_response(context, **options)
        back = urlsplit(str(context.get("redirect_uri") or ""))
        if back.scheme in ("http", "https") and not context.get("error"):
            response._csp_update = {"form-action": [f"{back.scheme}://{back.netloc}"]}
        return response
