"""Reads of runs: the list, one with its outcomes, and those that nobody works on."""

from datetime import timedelta

from django.utils import timezone

from journeys.runs.models import Run

STALLED = timedelta(seconds=8)
"""A run on which nothing was done for so long is given to a worker again."""


def runs_without_progress() -> list[int]:
    """Runs that are not done and on which nothing was done lately. One query."""
    runs = Run.objects.filter(state=Run.State.RUNNING, slices__gt=0, progressed_at__lt=timezone.now() - STALLED)
    return list(runs.order_by("pk").values_list("pk", flat=True))
