"""Reads of the team app."""

from django.db.models import Q, QuerySet

from config.team.models import Organisation, TeamMember
from config.team.roles import Role


def organisation() -> Organisation:
    """The one organisation. One query."""
    return Organisation.objects.get()


def administrators() -> QuerySet[TeamMember]:
    """Active team members who are administrators."""
    is_administrator = Q(is_superuser=True) | Q(groups__name=Role.ADMINISTRATOR.label)
    return TeamMember.objects.filter(is_administrator, is_active=True).distinct()
