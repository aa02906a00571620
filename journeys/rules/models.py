"""What the organisation decided about moves: the default status and the movement rules."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from contacts.causes import Cause
from contacts.models import Label
from journeys.status.transitions import Permission
from stages.models import Stage


class FunnelSettings(models.Model):
    """The one row of settings that hold at every door."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    default_stage = models.ForeignKey(
        Stage, models.PROTECT, null=True, blank=True, related_name="+", help_text="For contacts without a status."
    )
    lost_reason_required = models.BooleanField("a reason is required when a contact is marked lost", default=False)
    details_kept_days = models.PositiveSmallIntegerField(
        default=90, help_text="So long after the end of a run it is kept what became of each contact."
    )

    class Meta:
        verbose_name_plural = "funnel settings"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="there_is_one_row_of_funnel_settings")]


class MovementRule(models.Model):
    """A cell of the movement rules that the organisation set itself; `PEOPLE_DECIDE` holds for the rest."""

    cause = models.CharField(max_length=16, choices=Cause, primary_key=True)
    to_lower_weight = models.CharField(max_length=6, choices=[(p.value, p.name.capitalize()) for p in Permission])
    onto_lost = models.CharField(max_length=6, choices=[(p.value, p.name.capitalize()) for p in Permission])


class LabelRule(models.Model):
    """Everybody who carries a label goes to a stage, whenever somebody runs it. Kept to be run again."""

    label = models.ForeignKey(Label, models.CASCADE, related_name="+")
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    only_forward = models.BooleanField("move only forward", default=False)
    leave_lost = models.BooleanField("leave lost contacts as they are", default=False)
    note = models.TextField(max_length=2000, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["label", "stage", "only_forward", "leave_lost"], name="a_label_rule_is_kept_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.label} → {self.stage}"
