"""Reads of how long the details of runs are kept."""

from datetime import datetime, timedelta

from journeys.rules.models import FunnelSettings
from journeys.runs.models import Run


def days_kept() -> int:
    """For so many days after the end of a run its details are kept. One query."""
    return FunnelSettings.objects.values_list("details_kept_days", flat=True).get()


def kept_until(run: Run) -> datetime | None:
    """Until when the details of a run are kept; None while it has not ended, and where they were dropped. One query."""
    if run.finished_at is None or run.details_dropped_at:
        return None
    return run.finished_at + timedelta(days=days_kept())
