"""Flagged changes that wait for somebody to decide, and what was decided."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from config.team.models import ApiToken
from contacts.models import Contact
from journeys.fields import person_number
from journeys.status.models import StatusChange


class Review(models.Model):
    """A flagged change, waiting or decided. The database adds it with the change, which itself is never rewritten.

    What an application did whose changes are always kept is decided as it comes. Goes with its contact when that one
    leaves the book.
    """

    class Verdict(models.TextChoices):
        KEPT = "kept", "Kept"
        REVERTED = "reverted", "Reverted"

    change = models.OneToOneField(
        StatusChange, models.DO_NOTHING, primary_key=True, related_name="review", db_constraint=False
    )
    contact = models.ForeignKey(Contact, models.DO_NOTHING, related_name="+", db_constraint=False)
    token = models.ForeignKey(
        ApiToken, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    verdict = models.CharField(max_length=8, choices=Verdict, null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = person_number()
    is_standing = models.BooleanField(default=False, help_text="Decided as it came: always keep from this token.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict=None, decided_at=None, decided_by=None)
                | Q(verdict__isnull=False, decided_at__isnull=False, decided_by__isnull=False),
                name="a_verdict_says_who_and_when",
            )
        ]
        indexes = [
            models.Index(fields=["change"], condition=Q(verdict=None), name="reviews_waiting"),
            models.Index(fields=["token", "change"], condition=Q(verdict=None), name="reviews_waiting_by_token"),
            models.Index(fields=["decided_at"], condition=Q(verdict__isnull=False), name="reviews_decided"),
        ]

    def __str__(self) -> str:
        return f"review of status change {self.pk}"


class KeptToken(models.Model):
    """A token whose flagged changes are always kept: whoever decided that once decides it for each that comes."""

    token = models.OneToOneField(ApiToken, models.CASCADE, primary_key=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["since"]

    def __str__(self) -> str:
        return f"always keep from {self.token}"
