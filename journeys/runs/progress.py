"""Reads of whether somebody works on a run."""

from django.utils import timezone

from journeys.runs.actions import SMALL
from journeys.runs.models import Run
from journeys.runs.queries import STALLED, worker_is_alive


def waits_for_a_worker(run: Run) -> bool:
    """Whether a run stands still because no worker is up. At most one query.

    A small run is done by whoever started it, and waits for a worker only where that came to nothing.
    """
    if not run.is_running or not run.slices:
        return False
    stands_still = run.progressed_at < timezone.now() - STALLED
    return (run.records > SMALL or stands_still) and not worker_is_alive()
