"""How long a stay in a stage usually is, and how many are over it: measured from time to time, not at every look."""

from django.db import models

from stages.models import Stage


class StageMeasure(models.Model):
    """What was measured of one stage in use. Written by `journeys.stuck.actions.measure_stages`.

    Attributes:
        usual_days: three of four stays of the last year were over within these; None where there were too few.
        limit_days: who stays for longer is over target: the target of the stage, or else the usual days.
        over: so many contacts were.
    """

    stage = models.OneToOneField(Stage, models.CASCADE, primary_key=True, related_name="+")
    usual_days = models.FloatField(null=True)
    limit_days = models.FloatField(null=True)
    over = models.PositiveIntegerField(default=0)
    measured_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.over} over {self.limit_days} days"
