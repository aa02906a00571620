"""What was found when the book was checked."""

from django.db import models
from django.utils import timezone


class Verification(models.Model):
    """One check of everything that must always hold.

    Attributes:
        offences: by the name of each invariant, how often it did not hold; 0 for those that hold.
        seconds: how long the check took.
    """

    checked_at = models.DateTimeField(default=timezone.now)
    seconds = models.FloatField()
    offences = models.JSONField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"check {self.pk}"

    @property
    def all_hold(self) -> bool:
        return not any(self.offences.values())
