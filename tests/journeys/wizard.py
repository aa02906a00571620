"""Imports by hand as tests make them: a file taken, asked for, checked, and perhaps imported."""

from typing import Any

from config.team.models import TeamMember
from journeys.imports.models import Import, RefusedRow
from journeys.imports.options import ImportOptions
from journeys.imports.wizard import actions
from tests.journeys.importing import KEYS


def taken(content: str | bytes, by: TeamMember, *, name: str = "contacts.csv") -> Import:
    """An import of which the file was taken and read."""
    encoded = content.encode() if isinstance(content, str) else content
    return actions.take_file(name=name, content=[encoded], by=by)


def asked_for(content: str | bytes, by: TeamMember, *, mapping: dict[str, str] | None = None, **options: Any) -> Import:
    """An import whose columns are matched and of which is said what is wanted."""
    asked = taken(content, by)
    given = ImportOptions(mapping=KEYS if mapping is None else mapping, **options)
    actions.ask_for(asked=asked, options=given, by=by)
    return asked


def checked(content: str | bytes, by: TeamMember, **options: Any) -> Import:
    """An import that was checked."""
    asked = asked_for(content, by, **options)
    actions.start_check(asked=asked, by=by)
    return asked


def imported(content: str | bytes, by: TeamMember, **options: Any) -> Import:
    """An import at its end."""
    asked = checked(content, by, **options)
    actions.start_import(asked=asked, by=by)
    return Import.objects.select_related("run").get(pk=asked.pk)


def counts_of(asked: Import) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, refused: of the import, or of its check if it was not started."""
    counted = asked.run or asked
    return counted.created, counted.updated, counted.unchanged, counted.refused


def refused_of(asked: Import) -> dict[int, str]:
    """The reasons by the line of the row."""
    return dict(RefusedRow.objects.filter(of=asked).values_list("line", "reason"))
