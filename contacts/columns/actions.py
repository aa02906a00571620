"""Writes to the columns that people keep."""

from collections.abc import Sequence

from config.team.models import TeamMember
from contacts.models import KeptColumns


def keep_columns(*, columns: Sequence[str], by: TeamMember) -> None:
    """Show these columns to this person, wherever the address of the list says nothing else."""
    KeptColumns.objects.update_or_create(member=by, defaults={"columns": list(columns)})
