"""Settings: the team. An Administrator's, who gives the password again before changing anything."""

from copy import copy
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.announce import announce
from config.htmx import go_to, render_page
from config.team import actions, queries
from config.team.access import role_required
from config.team.actions import LastAdministrator
from config.team.confirmation import password_confirmed
from config.team.links import actions as links
from config.team.links.queries import address_of, invitations
from config.team.mail.actions import mail_link
from config.team.members.forms import EMAIL_TAKEN, EditMemberForm, InviteForm
from config.team.models import SingleUseLink, TeamMember
from config.team.roles import Role

INVITE, EDIT, LINK = "invite-form", "edit-member-form", "new-password-link-form"


@role_required(Role.ADMINISTRATOR)
@require_safe
def team(request: HttpRequest) -> HttpResponse:
    """Everybody who is or was in the team, and who is invited."""
    context = {"members": queries.team(), "invitations": invitations(), "sends_mail": settings.SENDS_MAIL}
    return render_page(request, "team/team.html", context)


@role_required(Role.ADMINISTRATOR)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@password_confirmed
def invite(request: HttpRequest) -> HttpResponse:
    """The form; then the link, which is mailed, or else shown this once to be handed over."""
    form = InviteForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"form": form, "here": request.path, "back": reverse("team:team")}
    if form.is_valid():
        try:
            link = links.invite(**form.cleaned_data, by=request.user)  # type: ignore[arg-type]
        except links.AlreadyInTeam as there:
            form.add_error("email", there.sentence)
        else:
            context |= _handed_over(request, link)
    context["sends_mail"] = settings.SENDS_MAIL
    status = 422 if form.errors else 200
    return render_page(request, "team/invite.html", context, dialog=INVITE, parts=[INVITE], status=status)


@role_required(Role.ADMINISTRATOR)
@require_POST
@password_confirmed
def withdraw_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """Its link opens nothing any more."""
    link = get_object_or_404(SingleUseLink, pk=pk, purpose=SingleUseLink.Purpose.INVITATION)
    links.withdraw_invitation(link=link, by=request.user)  # type: ignore[arg-type]
    announce(request, f"The invitation of {link.email} was withdrawn.")
    return go_to(request, reverse("team:team"))


@role_required(Role.ADMINISTRATOR)
@require_http_methods(["GET", "HEAD", "POST"])
@password_confirmed
def edit_member(request: HttpRequest, pk: int) -> HttpResponse:
    """Name, e-mail and role."""
    member = get_object_or_404(TeamMember, pk=pk)
    form = EditMemberForm(request.POST if request.method == "POST" else None, instance=copy(member))
    if form.is_valid():
        try:
            actions.change_team_member(member=member, **form.cleaned_data, by=request.user)  # type: ignore[arg-type]
        except LastAdministrator as last:
            form.add_error("role", last.sentence)
        except IntegrityError:
            form.add_error("email", EMAIL_TAKEN)
        else:
            announce(request, f"{member} was saved.")
            return go_to(request, reverse("team:team"))
    context = {"form": form, "member": member, "here": request.path, "back": reverse("team:team")}
    status = 422 if form.errors else 200
    return render_page(request, "team/edit_member.html", context, dialog=EDIT, parts=[EDIT], status=status)


@role_required(Role.ADMINISTRATOR)
@require_POST
@password_confirmed
def deactivate_member(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody leaves."""
    member = get_object_or_404(TeamMember, pk=pk)
    try:
        actions.deactivate_team_member(member=member, by=request.user)  # type: ignore[arg-type]
    except LastAdministrator as last:
        announce(request, last.sentence, level=messages.ERROR)
    else:
        announce(request, f"{member} was deactivated. Their sessions and tokens have ended; history keeps their name.")
    return go_to(request, reverse("team:team"))


@role_required(Role.ADMINISTRATOR)
@require_POST
@password_confirmed
def reactivate_member(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody comes back."""
    member = get_object_or_404(TeamMember, pk=pk)
    actions.reactivate_team_member(member=member, by=request.user)  # type: ignore[arg-type]
    announce(request, f"{member} was reactivated, with the role and the password of before. Their tokens stay revoked.")
    return go_to(request, reverse("team:team"))


@role_required(Role.ADMINISTRATOR)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@password_confirmed
def new_password_link(request: HttpRequest, pk: int) -> HttpResponse:
    """What the link does; then the link, which is mailed, or else shown this once to be handed over."""
    member = get_object_or_404(TeamMember, pk=pk, is_active=True)
    context: dict[str, Any] = {"member": member, "here": request.path, "back": reverse("team:team")}
    if request.method == "POST":
        link = links.make_password_link(member=member, by=request.user)  # type: ignore[arg-type]
        context |= _handed_over(request, link)
    context["sends_mail"] = settings.SENDS_MAIL
    return render_page(request, "team/new_password_link.html", context, dialog=LINK, parts=[LINK])


def _handed_over(request: HttpRequest, link: SingleUseLink) -> dict[str, Any]:
    """The link, and its address unless a mail takes it to where it belongs."""
    is_mailed = mail_link(link=link, by=request.user)  # type: ignore[arg-type]
    return {"link": link, "address": "" if is_mailed else address_of(link, request)}
