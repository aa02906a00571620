"""Who took which contacts out of the book, and when."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone


class Export(models.Model):
    """A permanent record of a download of contacts. It stays also when the download was broken off.

    Attributes:
        words: which contacts, as a person would say it.
        columns: codes of `journeys.exports.columns`.
        rows: so many were sent; None while it goes on, and where the server ended before it could say.
    """

    exported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    began_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    words = models.CharField(max_length=500)
    columns = ArrayField(models.CharField(max_length=120))
    rows = models.PositiveIntegerField(null=True)
    is_complete = models.BooleanField(default=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"export {self.pk}"
