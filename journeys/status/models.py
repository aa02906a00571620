"""Where each contact stands, and every change that led there."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from config.constraints import ErrorsBesideFields
from contacts.causes import Cause
from contacts.models import Contact
from journeys.fields import TransactionIdField, number_of, person_number, stage_number


class LostReason(ErrorsBesideFields, models.Model):
    """Why a contact was lost. Retired when no longer wanted, never deleted: history names it."""

    name = models.CharField(max_length=100)
    position = models.PositiveIntegerField(default=0, editable=False)
    is_retired = models.BooleanField("retired", default=False)

    beside = {"lost_reason_name_is_unique": "name"}

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="lost_reason_name_is_unique",
                violation_error_message="There is a reason of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class FunnelStatus(models.Model):
    """Where a contact stands: stage or none, lost or not, since when, and what made it so.

    A narrow table of its own, because a run rewrites hundreds of thousands of rows. Only
    `journeys.status.actions` updates it; the database writes the history (`journeys/triggers.py`).
    """

    contact = models.OneToOneField(
        Contact, models.DO_NOTHING, primary_key=True, related_name="status", db_constraint=False
    )
    stage = stage_number()
    stage_since = models.DateTimeField(help_text="This stay in this stage began; kept while lost and through recovery.")
    lost_at = models.DateTimeField(null=True, blank=True)
    lost_reason = number_of("journeys.LostReason", blank=True)
    since = models.DateTimeField(help_text="This status began.")
    cause = models.CharField(max_length=16, choices=Cause)
    changed_by = person_number()
    run = number_of("journeys.Run")
    via_id = models.BigIntegerField(null=True, help_text="The campaign step, web form or token behind the cause.")
    note = number_of("contacts.Note")
    stated_at = models.DateTimeField(null=True, help_text="A given date that could not be used.")
    undoes = number_of("journeys.StatusChange")
    review_needed = models.BooleanField(db_default=False, default=False)
    signature = models.IntegerField(db_default=1, default=1)

    class Meta:
        verbose_name_plural = "funnel statuses"
        constraints = [
            models.CheckConstraint(
                condition=Q(lost_reason=None) | Q(lost_at__isnull=False), name="only_lost_contacts_have_a_lost_reason"
            ),
            models.CheckConstraint(condition=Q(stage_since__lte=F("since")), name="a_stay_begins_before_the_status"),
            models.CheckConstraint(condition=Q(cause__in=Cause.values), name="status_cause_is_known"),
        ]
        indexes = [
            models.Index(fields=["stage", "contact"], condition=Q(lost_at=None), name="status_in_stage"),
            models.Index(
                fields=["stage", "contact"], condition=Q(lost_at__isnull=False), name="status_lost_from_stage"
            ),
        ]

    @property
    def is_lost(self) -> bool:
        return self.lost_at is not None

    def __str__(self) -> str:
        place = str(self.stage) if self.stage else "no status yet"
        return f"lost from {place}" if self.is_lost else place


class Direction(models.IntegerChoices):
    """How a move between two stages went, by their weights of that moment."""

    BACK = -1, "back"
    LEVEL = 0, "level"
    FORWARD = 1, "forward"


class StatusChange(models.Model):
    """One move of one contact. Written by the database alone and never rewritten; numbers and codes only."""

    contact = models.ForeignKey(
        Contact, models.DO_NOTHING, related_name="status_history", db_constraint=False, db_index=False
    )
    from_outside = models.BooleanField(help_text="The contact was new in the book.")
    from_stage = stage_number()
    from_lost = models.BooleanField()
    from_lost_reason = number_of("journeys.LostReason")
    from_lost_at = models.DateTimeField(null=True)
    from_since = models.DateTimeField(null=True)
    from_stage_since = models.DateTimeField(null=True)
    to_outside = models.BooleanField(help_text="The contact was erased.")
    to_stage = stage_number()
    to_lost = models.BooleanField()
    to_lost_reason = number_of("journeys.LostReason")
    changed_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    direction = models.SmallIntegerField(choices=Direction, null=True, help_text="None unless between two stages.")
    cause = models.CharField(max_length=16, choices=Cause)
    changed_by = person_number()
    run = number_of("journeys.Run")
    via_id = models.BigIntegerField(null=True)
    note = number_of("contacts.Note")
    stated_at = models.DateTimeField(null=True)
    undoes = number_of("journeys.StatusChange")
    review_needed = models.BooleanField()
    signature = models.IntegerField(help_text="Of the status that this change made: its latest change has the same.")
    database_user = models.CharField(max_length=63)
    transaction_id = TransactionIdField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(from_since=None) | Q(changed_at__gte=F("from_since")),
                name="a_change_is_not_before_the_status_it_replaces",
            ),
            models.CheckConstraint(
                condition=Q(changed_at__lte=F("recorded_at")) | Q(from_since__isnull=False, changed_at=F("from_since")),
                name="a_change_is_not_in_the_future",
            ),
        ]
        indexes = [
            models.Index(fields=["contact", "id"], name="status_history_of_contact"),
            models.Index(fields=["run", "id"], condition=Q(run__isnull=False), name="status_changes_of_run"),
            models.Index(fields=["changed_at", "id"], name="status_changes_by_time"),
            models.Index(
                fields=["from_stage", "changed_at"], condition=Q(direction__isnull=False), name="moves_out_of_stage"
            ),
            models.Index(fields=["undoes"], condition=Q(undoes__isnull=False), name="undos_of_status_changes"),
        ]

    def __str__(self) -> str:
        return f"status change {self.pk}"
