"""One execution over many contacts: who started it, what it was to do, and what came of it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from journeys.fields import person_number, stage_number


class Run(models.Model):
    """A permanent record of a change to many contacts. Which statuses it changed is read from the status history.

    Its contacts are frozen in slices when it is started. A slice is done in one transaction, by whoever has it locked,
    and counted in the same transaction; `cursor` says how many are done.
    """

    class Kind(models.TextChoices):
        LABEL_RULE = "label_rule", "Label rule"
        BULK = "bulk", "Bulk change"
        DEFAULT = "default", "Default status"
        IMPORT = "import", "Import"
        RETIRE = "retire", "Stage retired"
        MERGE = "merge", "Stages merged"
        UNDO = "undo", "Undo"
        ERASE = "erase", "Erased"

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        FINISHED = "finished", "Finished"
        STOPPED = "stopped", "Stopped before the end"
        CANCELLED = "cancelled", "Cancelled"

    kind = models.CharField(max_length=10, choices=Kind)
    words = models.CharField(max_length=500, help_text="What it does, as a person would say it.")
    note = models.TextField(max_length=2000, blank=True)
    operation = models.JSONField(default=dict, help_text="What it does to each contact: `runs.operations.Operation`.")
    rule = models.ForeignKey("journeys.LabelRule", models.SET_NULL, null=True, related_name="runs")
    undoes = models.ForeignKey("self", models.PROTECT, null=True, related_name="undos")
    stage = stage_number(help_text="Where it moves contacts.")
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField(default=timezone.now)
    frozen_at = models.DateTimeField(default=timezone.now, help_text="Whoever came to match later is not part of it.")
    progressed_at = models.DateTimeField(default=timezone.now, help_text="When its last slice was done.")
    finished_at = models.DateTimeField(null=True)
    end_was_told = models.BooleanField(default=False, db_default=False, help_text="To the webhooks that asked for it.")
    cancelled_by = person_number()
    details_dropped_at = models.DateTimeField(null=True, help_text="Its contacts and their outcomes are gone since.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="So many times its next slice failed.")
    next_try_at = models.DateTimeField(null=True, help_text="After a failure it is left alone until then.")
    problem = models.CharField(max_length=200, blank=True, help_text="Why its next slice failed, in a sentence.")
    state = models.CharField(max_length=9, choices=State, default=State.RUNNING)
    slices = models.PositiveIntegerField(default=0)
    cursor = models.PositiveIntegerField(default=0, help_text="So many of its slices are done.")
    records = models.PositiveIntegerField(default=0, help_text="Rows of the file, or contacts of the selection.")
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    forward = models.PositiveIntegerField(default=0, help_text="Of those changed, to a heavier stage.")
    back = models.PositiveIntegerField(default=0, help_text="Of those changed, to a lighter stage.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state__in=["finished", "cancelled"])
                | models.Q(
                    records=models.F("created") + models.F("updated") + models.F("unchanged") + models.F("refused")
                ),
                name="the_counts_of_a_finished_run_add_up",
            ),
            models.CheckConstraint(
                condition=models.Q(cursor__lte=models.F("slices")), name="a_run_does_no_more_than_its_slices"
            ),
        ]
        indexes = [
            models.Index(fields=["progressed_at"], condition=models.Q(state="running"), name="runs_under_way"),
            models.Index(
                fields=["id"],
                condition=models.Q(finished_at__isnull=False, end_was_told=False),
                name="runs_whose_end_was_not_told",
            ),
            models.Index(fields=["finished_at"], condition=models.Q(details_dropped_at=None), name="runs_with_details"),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING

    @property
    def may_go_on(self) -> bool:
        """Whether it stopped before the end and its contacts are known still."""
        return self.state == self.State.STOPPED and self.cursor < self.slices and self.details_dropped_at is None

    @property
    def done(self) -> int:
        """So many of its contacts, or rows, are done."""
        return self.created + self.updated + self.unchanged + self.refused


class RunSlice(models.Model):
    """Contacts of a run that are changed in one transaction, frozen when the run was started.

    Attributes:
        contacts: their ids, in order.
        signatures: of their statuses when the person looked; None where the run does not depend on them.
        changes: the status change of each contact that an undo puts back, or 0; None where it is no undo of moves.
    """

    pk = models.CompositePrimaryKey("run_id", "number")
    run = models.ForeignKey(Run, models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    contacts = ArrayField(models.BigIntegerField())
    signatures = ArrayField(models.IntegerField(), null=True)
    changes = ArrayField(models.BigIntegerField(), null=True)
    done = models.BooleanField(default=False, db_default=False)

    class Meta:
        ordering = ["run_id", "number"]
        indexes = [models.Index(fields=["run", "number"], condition=models.Q(done=False), name="slices_to_do")]


class RunOutcome(models.Model):
    """Contacts of one slice of which the same became: unchanged, refused for a reason, or, but for moves, changed.

    Moves that were made are in the status history. Codes: those of `Refusal`, `CHANGED` and `UNCHANGED`; of an import
    `CREATED`, `UPDATED` and `UNCHANGED`, a contact of several rows perhaps more than one.
    """

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    CREATED = "created"
    UPDATED = "updated"

    run = models.ForeignKey(Run, models.CASCADE, related_name="+", db_index=False)
    slice = models.PositiveIntegerField()
    code = models.CharField(max_length=30)
    contacts = ArrayField(models.BigIntegerField())

    class Meta:
        ordering = ["run_id", "slice", "id"]
        indexes = [models.Index(fields=["run", "code", "slice"], name="outcomes_of_run")]


class RunPreview(models.Model):
    """What a run would do, as a person was shown it: what they confirm is what runs. Kept for a day.

    Attributes:
        operation, selection: as `runs.operations` writes them.
        fates: how many contacts of each standing would have which outcome: `runs.fates.Fate`.
        contacts, signatures, changes: the frozen selection, as in `RunSlice`; None where it is larger than
            `runs.selections.FROZEN_AT_MOST`, and frozen at the click.
        run: the run that it became.
    """

    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    operation = models.JSONField()
    selection = models.JSONField()
    note = models.TextField(max_length=2000, blank=True)
    fates = models.JSONField()
    records = models.PositiveIntegerField()
    contacts = ArrayField(models.BigIntegerField(), null=True)
    signatures = ArrayField(models.IntegerField(), null=True)
    changes = ArrayField(models.BigIntegerField(), null=True)
    not_found = models.JSONField(default=list, help_text="What a pasted list named and the book does not hold.")
    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["made_at"], name="previews_by_age")]
