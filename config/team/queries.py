"""Reads of the team app."""

import hashlib

from django.db.models import Q, QuerySet
from oauth2_provider.models import Application

from config.team.models import ApiToken, Organisation, TeamMember
from config.team.roles import Role


def organisation() -> Organisation:
    """The one organisation. One query."""
    return Organisation.objects.get()


def administrators() -> QuerySet[TeamMember]:
    """Active team members who are administrators."""
    is_administrator = Q(is_superuser=True) | Q(groups__name=Role.ADMINISTRATOR.label)
    return TeamMember.objects.filter(is_administrator, is_active=True).distinct()


def member_signing_in(name: str) -> TeamMember | None:
    """Whom an application means by this name beside a password: an e-mail, else what one alone is called. One query."""
    found = list(TeamMember.objects.filter(Q(email__iexact=name) | Q(name=name, is_active=True))[:3])
    by_email = [member for member in found if member.email.lower() == name.lower()]
    meant = by_email or found
    return meant[0] if len(meant) == 1 else None


def digest_of(secret: str) -> str:
    """What is stored of a token: it is random, so that a plain digest cannot be guessed from."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def token_of(secret: str) -> ApiToken | None:
    """The token with its owner, whether it is still good or not. One query."""
    return ApiToken.objects.select_related("owner").filter(digest=digest_of(secret)).first()


def tokens_of(member: TeamMember) -> list[ApiToken]:
    """The tokens that were not revoked, the newest first: a team member's own, or everybody's for an Administrator."""
    tokens = ApiToken.objects.filter(revoked_at=None).select_related("owner")
    return list(tokens if member.role is Role.ADMINISTRATOR else tokens.filter(owner=member))


def applications() -> list[Application]:
    """The OAuth2 applications with whom they belong to, by name. One query."""
    return list(Application.objects.select_related("user").order_by("name", "pk"))
