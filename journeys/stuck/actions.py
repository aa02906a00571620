"""Measuring how long stays usually are, and how many contacts are over target."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from journeys.reports.members import EVERYBODY
from journeys.reports.stays import NO_STAYS, stays_completed_between
from journeys.stuck.late import Late, Limit
from journeys.stuck.models import StageMeasure
from journeys.stuck.queries import how_many_are_late
from stages.models import Stage

A_YEAR = timedelta(days=365)


def measure_stages(*, now: datetime | None = None) -> None:
    """Measure every stage in use: how long three of four of the last year's stays were, and who is over target now."""
    now = now or timezone.now()
    completed = stays_completed_between(now - A_YEAR, now, members=EVERYBODY, as_corrected=True)
    stages = list(Stage.objects.in_use())
    usual = {}
    for stage in stages:
        stays = completed.get(stage.pk, NO_STAYS)
        usual[stage.pk] = None if stays.are_few else stays.three_of_four
    targets = [Limit(stage, stage.target_days or usual[stage.pk]) for stage in stages]
    late = how_many_are_late(Late.than(targets, now=now, members=EVERYBODY))
    measures = [
        StageMeasure(
            stage=target.stage,
            usual_days=usual[target.stage.pk],
            limit_days=target.days,
            over=late.get(target.stage.pk, 0),
            measured_at=now,
        )
        for target in targets
    ]
    with transaction.atomic():
        StageMeasure.objects.all().delete()
        StageMeasure.objects.bulk_create(measures)
