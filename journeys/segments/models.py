"""A segment: conditions with a name."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from config.constraints import ErrorsBesideFields
from journeys.segments.conditions import Conditions


class Segment(ErrorsBesideFields, models.Model):
    """A computed set of contacts: those that match its conditions now. Somebody's own, or for everybody.

    Attributes:
        conditions: as `Conditions.as_json` writes them.
        revision: raised by every change, so that nobody overwrites what they did not see.
    """

    name = models.CharField(max_length=100)
    description = models.TextField(max_length=1000, blank=True)
    conditions = models.JSONField(default=list)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="segments")
    is_for_all = models.BooleanField("for everybody", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    revision = models.PositiveIntegerField(default=1, editable=False)

    beside = {"segment_name_is_unique_for_all": "name", "segment_name_is_unique_for_its_owner": "name"}

    class Meta:
        ordering = [Lower("name"), "id"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                condition=Q(is_for_all=True),
                name="segment_name_is_unique_for_all",
                violation_error_message="There is a segment of this name already.",
            ),
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                condition=Q(is_for_all=False),
                name="segment_name_is_unique_for_its_owner",
                violation_error_message="You have a segment of this name already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def asks(self) -> Conditions:
        """Its conditions."""
        return Conditions.read(self.conditions)
