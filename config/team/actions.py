"""What is written about team members, the applications they let in, and the organisation."""

import logging
import secrets
from datetime import datetime, timedelta

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import AccessToken, Application, Grant, RefreshToken

from config.team.models import ApiToken, Organisation, SingleUseLink, TeamMember
from config.team.queries import administrators, digest_of
from config.team.roles import Role

logger = logging.getLogger(__name__)

LAST_USE = timedelta(minutes=1)
"""The last use of a token is written down no more often than this."""


@transaction.atomic
def change_my_account(
    *, name: str, theme: str, time_zone: str, shortcuts: bool, mail_when_run_ends: bool, by: TeamMember
) -> TeamMember:
    """A team member changes how Funnelbook looks and answers to them, and the name that history shows."""
    member = TeamMember.objects.select_for_update().get(pk=by.pk)
    member.name, member.theme, member.time_zone, member.shortcuts = name, theme, time_zone, shortcuts
    member.mail_when_run_ends = mail_when_run_ends
    member.save(update_fields=["name", "theme", "time_zone", "shortcuts", "mail_when_run_ends"])
    return member


def choose_theme(*, theme: str, by: TeamMember) -> None:
    """A team member chooses light, dark, or what their system says."""
    TeamMember.objects.filter(pk=by.pk).update(theme=theme)


@transaction.atomic
def change_my_password(*, password: str, by: TeamMember) -> TeamMember:
    """A team member changes their own password. Sessions that were signed in with the old one end."""
    member = TeamMember.objects.select_for_update().get(pk=by.pk)
    member.set_password(password)
    member.save(update_fields=["password"])
    return member


@transaction.atomic
def change_organisation(*, name: str, time_zone: str, first_day_of_week: int, by: TeamMember) -> Organisation:
    """An Administrator changes the name, and where days and weeks begin. History keeps its moments."""
    organisation = Organisation.objects.select_for_update().get()
    organisation.name, organisation.time_zone, organisation.first_day_of_week = name, time_zone, first_day_of_week
    organisation.save(update_fields=["name", "time_zone", "first_day_of_week"])
    return organisation


class LastAdministrator(Exception):
    """Without this person nobody could repair data or manage the team."""

    sentence = "This is the last administrator. Make somebody else one first."

    def __init__(self) -> None:
        super().__init__(self.sentence)


@transaction.atomic
def change_team_member(*, member: TeamMember, email: str, name: str, role: Role, by: TeamMember) -> None:
    """An Administrator changes what somebody is called and what they may do.

    Args:
        member: brought up to date.

    Raises:
        LastAdministrator: nobody would be left.
        IntegrityError: the e-mail is taken.
    """
    lock_team()
    member.email, member.name = TeamMember.objects.normalize_email(email), name
    member.save(update_fields=["email", "name"])
    give_role(member=member, role=role, by=by)
    _keep_an_administrator()
    if role is not Role.ADMINISTRATOR:
        _end_links_made_by(member)
    logger.info("Team member %s was changed by %s, and is %s", member.pk, by.pk, role.label)


@transaction.atomic
def deactivate_team_member(*, member: TeamMember, by: TeamMember) -> None:
    """Somebody leaves: their sessions, tokens and links end now. History keeps them.

    Args:
        member: brought up to date.

    Raises:
        LastAdministrator: nobody would be left.
    """
    lock_team()
    member.is_active = False
    member.save(update_fields=["is_active"])
    member.__dict__.pop("role", None)  # it was read before
    _keep_an_administrator()
    _end_sessions(member)
    now = timezone.now()
    ApiToken.objects.filter(owner=member, revoked_at=None).update(revoked_at=now, revoked_by=by)
    SingleUseLink.objects.filter(member=member, ended_at=None).update(ended_at=now)
    _end_links_made_by(member)
    for model in (RefreshToken, AccessToken, Grant):
        model.objects.filter(user=member).delete()
    AccessToken.objects.filter(user=None, application__user=member).delete()
    logger.info("Team member %s was deactivated by %s", member.pk, by.pk)


@transaction.atomic
def reactivate_team_member(*, member: TeamMember, by: TeamMember) -> None:
    """Somebody comes back: they sign in with the password they had, and have the role they had.

    Args:
        member: brought up to date.
    """
    lock_team()
    member.is_active = True
    member.save(update_fields=["is_active"])
    member.__dict__.pop("role", None)  # it was read before
    logger.info("Team member %s was reactivated by %s", member.pk, by.pk)


def lock_team() -> None:
    """Nobody joins, leaves or changes role beside this transaction: two administrators cannot leave at once."""
    Group.objects.select_for_update().get(name=Role.ADMINISTRATOR.label)


def give_role(*, member: TeamMember, role: Role, by: TeamMember | None) -> None:
    """The groups of roles hold one role for each person; other groups stay.

    Args:
        by: None on the first run, before anybody is there.
    """
    if member.is_superuser:
        member.is_superuser = False
        member.save(update_fields=["is_superuser"])
    roles = Group.objects.filter(name__in=[each.label for each in Role])
    member.groups.remove(*roles.exclude(name=role.label))
    member.groups.add(*roles.filter(name=role.label))
    member.__dict__.pop("role", None)  # it was read before


def _keep_an_administrator() -> None:
    if not administrators().exists():
        raise LastAdministrator


def _end_links_made_by(member: TeamMember) -> None:
    """Whoever is no administrator any more lets nobody in, themselves least of all."""
    SingleUseLink.objects.filter(created_by=member, ended_at=None).exclude(member=member).update(
        ended_at=timezone.now()
    )


def _end_sessions(member: TeamMember) -> None:
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(member.pk):
            session.delete()


def create_token(
    *, name: str, scope: ApiToken.Scope, expires_at: datetime | None, by: TeamMember
) -> tuple[ApiToken, str]:
    """A team member lets an application call the API as themselves.

    Returns: the token, and the secret that is shown once and stored nowhere.
    """
    secret = ApiToken.BEGINNING + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        owner=by,
        name=name,
        scope=scope,
        expires_at=expires_at,
        prefix=secret[: ApiToken._meta.get_field("prefix").max_length],
        digest=digest_of(secret),
    )
    logger.info("API token %s was created by %s", token.pk, by.pk)
    return token, secret


def revoke_token(*, token: ApiToken, by: TeamMember) -> None:
    """From the next request on, the token opens nothing."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now(), revoked_by=by)
    logger.info("API token %s was revoked by %s", token.pk, by.pk)


def note_use_of_token(*, token: ApiToken, by: TeamMember) -> None:
    """Write down that a token was used now, unless that was done a moment ago: most requests write nothing."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > LAST_USE:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def create_application(*, name: str, grant_type: str, redirect_uris: str, by: TeamMember) -> tuple[Application, str]:
    """An Administrator lets an application ask for OAuth2 tokens. With its own credentials it acts as this person.

    Returns: the application, and its secret, which is shown once and stored as a hash.
    """
    secret = generate_client_secret()
    application = Application(
        name=name,
        user=by,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=grant_type,
        redirect_uris=redirect_uris,
        client_secret=secret,
    )
    application.full_clean()
    application.save()
    logger.info("OAuth2 application %s was created by %s", application.pk, by.pk)
    return application, secret


def remove_application(*, application: Application, by: TeamMember) -> None:
    """The application and every token it was given open nothing any more."""
    number = application.pk
    application.delete()
    logger.info("OAuth2 application %s was removed by %s", number, by.pk)
