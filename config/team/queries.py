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


def is_anybody_there() -> bool:
    """Whether this installation has a team member at all; if not, it waits for its first run. One query."""
    return TeamMember.objects.exists()


def team() -> list[TeamMember]:
    """Everybody who is or was in the team, the active ones first, by name, with their groups. Two queries."""
    return list(TeamMember.objects.prefetch_related("groups").order_by("-is_active", "name", "pk"))


def member_of_email(email: str) -> TeamMember | None:
    """The active team member with this e-mail, whatever its case. One query."""
    return TeamMember.objects.filter(email__iexact=email, is_active=True).first()


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
