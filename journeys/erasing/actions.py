"""Erasing once more whoever came back by a restore."""

from collections.abc import Sequence

from config.team.models import TeamMember
from journeys.runs.actions import start_erasing_again, work_on_run
from journeys.runs.models import Run


def erase_again(*, contacts: Sequence[int], by: TeamMember | None) -> Run:
    """Erase people who were erased before, now. Returns the run; one that failed is left to a worker."""
    run = start_erasing_again(contacts=contacts, by=by)
    while work_on_run(run=run.pk, seconds=5):
        pass
    run.refresh_from_db()
    return run
