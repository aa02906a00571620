"""How long the details of runs are kept, and dropping those whose time is over."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from config.team.models import TeamMember
from journeys.retention.queries import days_kept
from journeys.rules.models import FunnelSettings
from journeys.runs.models import Run, RunOutcome, RunPreview, RunSlice

logger = logging.getLogger(__name__)

AT_ONCE = 100
"""So many runs are gone through before others have their turn."""


def _selection(run: Run) -> None:
    RunSlice.objects.filter(run=run).delete()


def _outcomes(run: Run) -> None:
    RunOutcome.objects.filter(run=run).delete()


def _previews(run: Run) -> None:
    RunPreview.objects.filter(run=run).delete()


DETAILS: tuple[Callable[[Run], None], ...] = (_selection, _outcomes, _previews)
"""Each drops one kind of what is kept of a run beside its numbers. Imports join in by one function."""


def keep_details(*, days: int, by: TeamMember) -> None:
    """Keep the details of runs for so many days after their end. What was dropped before does not come back."""
    FunnelSettings.objects.update(details_kept_days=days)
    logger.info("Details of runs are kept for %s days, says %s", days, by.pk)


def drop_details(*, by: TeamMember | None) -> int:
    """Drop the details of runs whose time is over, run by run. The run and its counts stay. Returns how many runs."""
    ended_before = timezone.now() - timedelta(days=days_kept())
    due = Run.objects.filter(details_dropped_at=None, finished_at__lt=ended_before).order_by("finished_at")
    return sum(_drop(run) for run in due.values_list("pk", flat=True)[:AT_ONCE])


def _drop(pk: int) -> bool:
    """Whether it was this one who dropped them."""
    with transaction.atomic():
        # Asked again under the lock: somebody may just have had it go on.
        run = (
            Run.objects.select_for_update(skip_locked=True)
            .filter(pk=pk, details_dropped_at=None, finished_at__isnull=False)
            .first()
        )
        if run is None:
            return False
        for drop in DETAILS:
            drop(run)
        Run.objects.filter(pk=pk).update(details_dropped_at=timezone.now())
    return True
