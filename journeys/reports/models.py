"""Movements of the whole funnel, counted: what reports read instead of the history."""

from django.db import models
from django.utils import timezone

from contacts.causes import Cause
from journeys.fields import stage_number
from journeys.status.models import Direction


class Movement(models.Model):
    """So many contacts went from one place to another. A place is outside the book, none, or a stage; lost or not.

    Two kinds: a `change`, and a `cancel` with a negative or positive count that takes an undone change
    out of the sum, or puts it back. All kinds together are the funnel *as corrected*, changes alone *as recorded*.
    """

    class Kind(models.TextChoices):
        CHANGE = "change"
        CANCEL = "cancel"

    from_outside = models.BooleanField()
    from_stage = stage_number()
    from_lost = models.BooleanField()
    to_outside = models.BooleanField()
    to_stage = stage_number()
    to_lost = models.BooleanField()
    direction = models.SmallIntegerField(choices=Direction, null=True)
    kind = models.CharField(max_length=6, choices=Kind)
    count = models.IntegerField()

    class Meta:
        abstract = True


class FunnelFlow(Movement):
    """Movements of a quarter of an hour (UTC). Only ever added to, by the database."""

    quarter = models.DateTimeField()
    cause = models.CharField(max_length=16, choices=Cause)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["quarter"], name="funnel_flow_by_quarter")]


class FunnelTotal(Movement):
    """The flows of a whole day or month (UTC), summed. Written by `journeys.reports.actions.fold_flows`."""

    class Span(models.TextChoices):
        DAY = "day"
        MONTH = "month"

    span = models.CharField(max_length=5, choices=Span)
    starts_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "span",
                    "starts_at",
                    "kind",
                    "from_outside",
                    "from_stage",
                    "from_lost",
                    "to_outside",
                    "to_stage",
                    "to_lost",
                    "direction",
                ],
                nulls_distinct=False,
                name="a_movement_is_summed_once_per_span",
            )
        ]


class FoldMark(models.Model):
    """How far flows are folded into totals, and the next mark that waits for open transactions to end."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    folded_to = models.BigIntegerField(default=0, help_text="The last flow that the totals contain.")
    folded_at = models.DateTimeField(default=timezone.now)
    next_mark = models.BigIntegerField(null=True)
    next_horizon = models.BigIntegerField(null=True, help_text="Final once no transaction below this is running.")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="there_is_one_fold_mark")]
