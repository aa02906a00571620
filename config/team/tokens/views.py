"""Settings: API tokens. Everybody has their own; administrators see and revoke everybody's."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.announce import announce
from config.htmx import go_to, render_page
from config.team import actions, queries
from config.team.access import require, role_required
from config.team.confirmation import password_confirmed
from config.team.models import ApiToken
from config.team.roles import Role
from config.team.tokens.forms import NewTokenForm

PART = "new-token-form"


@role_required(Role.VIEWER)
@require_safe
def tokens(request: HttpRequest) -> HttpResponse:
    """The tokens in use, by their beginning and their last use."""
    member: Any = request.user
    context = {"tokens": queries.tokens_of(member), "shows_owners": member.role is Role.ADMINISTRATOR}
    return render_page(request, "team/tokens.html", context)


@role_required(Role.VIEWER)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@password_confirmed
def new_token(request: HttpRequest) -> HttpResponse:
    """The form; then the token itself, which is shown this once."""
    member: Any = request.user
    form = NewTokenForm(request.POST if request.method == "POST" else None, role=member.role)
    context = {"form": form, "here": request.path, "back": reverse("team:tokens")}
    if form.is_valid():
        given = form.cleaned_data
        context["token"], context["secret"] = actions.create_token(
            name=given["name"], scope=given["scope"], expires_at=form.expires_at, by=member
        )
    status = 422 if form.errors else 200
    return render_page(request, "team/new_token.html", context, dialog=PART, parts=[PART], status=status)


@role_required(Role.VIEWER)
@require_POST
@password_confirmed
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own, or as an Administrator anybody's."""
    member: Any = request.user
    token = get_object_or_404(ApiToken, pk=pk)
    if token.owner_id != member.pk:
        require(request, Role.ADMINISTRATOR)
    actions.revoke_token(token=token, by=member)
    announce(request, f"{token} was revoked. Whatever uses it is refused from now on.")
    return go_to(request, reverse("team:tokens"))
