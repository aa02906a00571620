"""Reads of the columns that people keep."""

from config.team.models import TeamMember
from contacts.models import KeptColumns


def columns_kept_by(member: TeamMember) -> list[str] | None:
    """The keys of the columns that somebody wants to see; None if they never said. One query."""
    return KeptColumns.objects.filter(member=member).values_list("columns", flat=True).first()
