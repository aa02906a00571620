"""Imports as pages show them: where each is, and what came of it."""

from django.urls import reverse
from django.utils.http import urlencode

from journeys.imports.models import Import
from journeys.runs.models import Run, RunOutcome
from journeys.runs.results import Term


def step_address(asked: Import) -> str:
    """The page of the step at which an import is."""
    return reverse(f"journeys:{_step(asked)}", args=[asked.pk])


def _step(asked: Import) -> str:
    if asked.run_id:
        return "import_result"
    if asked.state in (Import.State.CHECKING, Import.State.CHECKED) or (asked.options and asked.problem):
        return "import_check"
    return "import_options" if asked.options else "import_columns"


def outcomes(counted: Import | Run) -> list[tuple[Term, str]]:
    """The kinds of outcome with how many rows have each, and for a run the address of the contacts behind it."""
    terms = [
        Term(counted.created, "created", RunOutcome.CREATED),
        Term(counted.updated, "updated", RunOutcome.UPDATED),
        Term(counted.unchanged, "unchanged", RunOutcome.UNCHANGED),
        Term(counted.refused, "refused"),
    ]
    return [(term, _contacts(counted, term)) for term in terms]


def _contacts(counted: Import | Run, term: Term) -> str:
    if not (isinstance(counted, Run) and term.code and term.count):
        return ""
    return f"{reverse('contacts:contacts')}?{urlencode({'imported': f'{counted.pk}-{term.code}'})}"
