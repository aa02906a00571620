"""Who else is told what happens: addresses of other people's, what is told to each, and every attempt."""

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.utils import timezone

from journeys.fields import number_of, person_number


class Event(models.TextChoices):
    """What may be told, by the word that a message has as its type."""

    STATUS_CHANGED = "contact.status_changed", "A contact’s status changed"
    CONTACT_CREATED = "contact.created", "A contact was created"
    CONTACT_ERASED = "contact.erased", "A contact was erased"
    RUN_FINISHED = "run.finished", "A run has ended"
    RUN_CHANGES = "run.changes", "Changes that a run made"
    TEST = "webhook.test", "A test"


MOST_WEBHOOKS = 20
"""So many there may be: each has threads of its own."""

CHOSEN = [Event.STATUS_CHANGED, Event.CONTACT_CREATED, Event.CONTACT_ERASED, Event.RUN_FINISHED]
"""What a webhook may ask for. Changes of runs come in batches to those who ask for them too; a test when sent."""


class Webhook(models.Model):
    """An address that is told of events. Its secret is never stored: it is made of `seed` and the installation's key.

    Attributes:
        begins_after: the last status change of before it was turned on; it is told of none up to this one.
        beginning: of the secret, by which people recognise it.
        former_seed: of the secret before, with which messages are signed too until `former_until`.
        failing_since: its first failed attempt after the last one that succeeded.
    """

    class OffReason(models.TextChoices):
        BY_HAND = "by_hand", "by a team member"
        GONE = "gone", "its receiver answered 410, Gone"
        FAILING = "failing", "nothing could be delivered for three days"

    address = models.CharField(max_length=500, help_text="Where messages are posted to.")
    description = models.CharField(max_length=200, blank=True, help_text="Who receives them, and what for.")
    events = ArrayField(models.CharField(max_length=30, choices=[(event.value, event.label) for event in CHOSEN]))
    wants_changes_of_runs = models.BooleanField("the changes that runs make too", default=False)
    seed = models.CharField(max_length=43, editable=False)
    beginning = models.CharField(max_length=12, editable=False)
    former_seed = models.CharField(max_length=43, blank=True, editable=False)
    former_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    turned_on_at = models.DateTimeField(default=timezone.now, editable=False)
    begins_after = models.BigIntegerField(editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    turned_off_at = models.DateTimeField(null=True, editable=False)
    turned_off_by = person_number(editable=False)
    off_reason = models.CharField(max_length=7, choices=OffReason, blank=True, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(turned_off_at=None, off_reason="") | Q(turned_off_at__isnull=False) & ~Q(off_reason=""),
                name="a_webhook_that_is_off_says_why",
            )
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def is_on(self) -> bool:
        return self.turned_off_at is None

    @property
    def events_in_words(self) -> list[str]:
        return [str(event.label) for event in CHOSEN if event in self.events]

    def seeds_at(self, moment: datetime) -> list[str]:
        """Of the secrets with which a message is signed at this moment, the newest first."""
        is_rotating = self.former_until is not None and moment < self.former_until
        return [self.seed, self.former_seed] if is_rotating else [self.seed]


class Delivery(models.Model):
    """A message to one webhook. It holds numbers only: what is sent is read when it is sent, so erased people stay so.

    Attributes:
        message: the webhook-id, the same at every attempt.
        first_change, last_change: the status change it is about; of a batch, the first and the last of its run.
        attempts: how many were made since it was last asked for.
        due_at: when the next attempt is to be made; while one is under way, when it counts as abandoned.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", db_index=False)
    message = models.UUIDField(db_default=RandomUUID())
    event = models.CharField(max_length=30, choices=Event)
    first_change = models.BigIntegerField(null=True)
    last_change = models.BigIntegerField(null=True)
    run = number_of("journeys.Run")
    created_at = models.DateTimeField(default=timezone.now, db_default=models.functions.Now())
    state = models.CharField(max_length=9, choices=State, default=State.WAITING, db_default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(default=timezone.now, db_default=models.functions.Now())

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["webhook", "id"], name="deliveries_of_webhook"),
            models.Index(fields=["webhook", "due_at"], condition=Q(state="waiting"), name="deliveries_waiting"),
            models.Index(fields=["webhook", "id"], condition=Q(state="failed"), name="deliveries_failed"),
            models.Index(fields=["first_change"], name="deliveries_of_change"),
            models.Index(fields=["run", "first_change"], condition=Q(event=Event.RUN_CHANGES), name="batches_of_run"),
            models.Index(fields=["created_at"], name="deliveries_by_age"),
        ]

    def __str__(self) -> str:
        return f"msg_{self.message.hex}"


class Attempt(models.Model):
    """One try to deliver a message: what was answered, or why there was no answer."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="+", db_index=False)
    began_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(blank=True, help_text="Its beginning. Taken away when a person it is about is erased.")
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["delivery_id", "id"]
        indexes = [models.Index(fields=["delivery", "id"], name="attempts_of_delivery")]

    def __str__(self) -> str:
        return f"attempt to deliver {self.delivery}"
