"""One execution over many contacts: who started it, what it was to do, and what came of it."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Run(models.Model):
    """A permanent record of a change to many contacts. What it changed is read from the status history."""

    class Kind(models.TextChoices):
        LABEL_RULE = "label_rule", "Label rule"
        BULK = "bulk", "Bulk change"
        DEFAULT = "default", "Default status"
        IMPORT = "import", "Import"
        RETIRE = "retire", "Stage retired"
        MERGE = "merge", "Stages merged"
        UNDO = "undo", "Undo"

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        FINISHED = "finished", "Finished"
        STOPPED = "stopped", "Stopped before the end"

    kind = models.CharField(max_length=10, choices=Kind)
    words = models.CharField(max_length=500, help_text="What it does, as a person would say it.")
    note = models.TextField(max_length=2000, blank=True)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    records = models.PositiveIntegerField(default=0, help_text="Rows of the file, or contacts of the selection.")
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="finished")
                | models.Q(
                    records=models.F("created") + models.F("updated") + models.F("unchanged") + models.F("refused")
                ),
                name="the_counts_of_a_finished_run_add_up",
            )
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"
