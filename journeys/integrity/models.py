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

    @property
    def history_is_intact(self) -> bool:
        return not self.offences.get("seals_fit") and not self.offences.get("seals_outside")


class Seal(models.Model):
    """A digest over a stretch of the status history and the seal before it. Never changed, and kept outside too.

    Attributes:
        number: 1, 2, 3 …
        up_to: the stretch goes from after that of the seal before up to this status change.
        rows: how many changes are in it.
        digest: SHA-256 of the digest of the seal before, followed by the rows as `canonical` writes them.
    """

    number = models.BigIntegerField(primary_key=True)
    up_to = models.BigIntegerField()
    rows = models.PositiveIntegerField()
    digest = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"seal {self.number}"

    @property
    def line(self) -> str:
        """The seal as it is kept outside the database."""
        return f"{self.number} {self.up_to} {self.rows} {bytes(self.digest).hex()} {self.sealed_at.isoformat()}"
