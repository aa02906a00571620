"""What single-use links open: joining the team, choosing another password; and asking for such a link."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from config.announce import announce
from config.errors import gone
from config.htmx import render_page
from config.team.confirmation import sign_in_by_link
from config.team.links import actions
from config.team.links.actions import AlreadyInTeam, LinkIsDead
from config.team.links.forms import AnotherPasswordForm, ForgottenPasswordForm, JoinForm
from config.team.links.queries import link_of
from config.team.mail.actions import mail_link
from config.team.models import SingleUseLink
from config.team.queries import member_of_email

ASK_AGAIN = "It was used, or is too old. An administrator of your organisation can give you another one."


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Whoever was invited chooses a name and a password, and is in."""
    link = link_of(secret, SingleUseLink.Purpose.INVITATION)
    if not link:
        return gone(request, ASK_AGAIN)
    form = JoinForm(request.POST if request.method == "POST" else None, email=link.email)
    if form.is_valid():
        try:
            member = actions.accept_invitation(
                link=link, name=form.cleaned_data["name"], password=form.cleaned_data["password"], by=None
            )
        except (LinkIsDead, AlreadyInTeam):
            return gone(request, ASK_AGAIN)
        sign_in_by_link(request, member)
        announce(request, f"Welcome, {member}.")
        return redirect("journeys:customer_journey")
    context = {"form": form, "link": link}
    return render_page(request, "team/invitation.html", context, status=422 if form.errors else 200)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def another_password(request: HttpRequest, secret: str) -> HttpResponse:
    """Whoever has the link chooses another password, and is in."""
    link = link_of(secret, SingleUseLink.Purpose.PASSWORD)
    if not link or not link.member or not link.member.is_active:
        return gone(request, ASK_AGAIN)
    form = AnotherPasswordForm(request.POST if request.method == "POST" else None, member=link.member)
    if form.is_valid():
        try:
            member = actions.choose_password(link=link, password=form.cleaned_data["password"], by=link.member)
        except LinkIsDead:
            return gone(request, ASK_AGAIN)
        sign_in_by_link(request, member)
        announce(request, "Your password was changed. Elsewhere you have to sign in again.")
        return redirect("journeys:customer_journey")
    context = {"form": form, "member": link.member}
    return render_page(request, "team/another_password.html", context, status=422 if form.errors else 200)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten_password(request: HttpRequest) -> HttpResponse:
    """A link goes to the e-mail, if somebody has it; the answer does not say. Without mail, whom to ask."""
    asked = request.method == "POST" and settings.SENDS_MAIL
    form = ForgottenPasswordForm(request.POST if asked else None)
    context = {"form": form, "sends_mail": settings.SENDS_MAIL}
    if form.is_valid():
        context["email"] = form.cleaned_data["email"]
        member = member_of_email(form.cleaned_data["email"])
        link = actions.ask_for_password_link(member=member, by=member) if member else None
        if link:
            mail_link(link=link, by=member)
    return render_page(request, "team/forgotten_password.html", context, status=422 if form.errors else 200)
