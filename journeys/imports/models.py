"""An import as it was asked for, its file, the rows it refused, and what fields were before it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from journeys.runs.models import Run


class Import(models.Model):
    """One file on its way into the book: what it is, how it is to be understood, and what became of it.

    Its file is kept in the database, where every web process and worker finds it, until the import has ended or was
    forgotten. `attempt` fences a check off from an earlier one that was frozen.

    Attributes:
        digest: of the content: the same file is known when it comes again.
        fingerprint: of the names of the columns: how they were understood is offered when they come again.
        notes: what was seen in each column (`columns.Notes`), or pieces of the file in two encodings.
        options: `options.ImportOptions`; nothing before columns are matched.
        created, updated, unchanged, refused, back: what the check found.
        done: so many rows are checked.
    """

    class State(models.TextChoices):
        READING = "reading", "Being read"
        UNREADABLE = "unreadable", "Cannot be read"
        READ = "read", "Not started"
        CHECKING = "checking", "Being checked"
        CHECKED = "checked", "Checked"
        STARTED = "started", "Started"
        FORGOTTEN = "forgotten", "Forgotten"

    name = models.CharField(max_length=255)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State, default=State.READING)
    problem = models.TextField(blank=True, help_text="Why it cannot be read, checked or gone on with.")
    size = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    encoding = models.CharField(max_length=6, default="utf-8", help_text="One of `reading.Encoding`.")
    delimiter = models.CharField(max_length=1, blank=True)
    has_byte_order_mark = models.BooleanField(default=False)
    columns = ArrayField(models.TextField(), default=list)
    records = models.PositiveIntegerField(default=0)
    notes = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    progressed_at = models.DateTimeField(default=timezone.now)
    attempt = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    back = models.PositiveIntegerField(default=0)
    run = models.OneToOneField(Run, models.CASCADE, null=True, related_name="imported")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    done=models.F("created") + models.F("updated") + models.F("unchanged") + models.F("refused")
                ),
                name="the_counts_of_a_check_add_up",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="started") | models.Q(run__isnull=False), name="a_started_import_has_a_run"
            ),
        ]
        indexes = [
            models.Index(fields=["fingerprint", "id"], name="imports_of_these_columns"),
            models.Index(fields=["digest", "id"], name="imports_of_this_file"),
            models.Index(
                fields=["progressed_at"],
                condition=models.Q(state__in=["reading", "checking", "started"]),
                name="imports_under_way",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ImportChunk(models.Model):
    """A piece of the file of an import."""

    pk = models.CompositePrimaryKey("of_id", "number")
    of = models.ForeignKey(Import, models.CASCADE, related_name="chunks", db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        ordering = ["of_id", "number"]


class RefusedRow(models.Model):
    """A row that a check, or the import itself, refused; as it stands in the file, so that it can be corrected."""

    of = models.ForeignKey(Import, models.CASCADE, related_name="refused_rows", db_index=False)
    line = models.PositiveIntegerField()
    reason = models.TextField()
    cells = ArrayField(models.TextField())

    class Meta:
        ordering = ["of_id", "id"]
        indexes = [models.Index(fields=["of", "id"], name="refused_rows_of_import")]


class ImportedFields(models.Model):
    """What fields of a contact were before an import changed them, and what it made of them: for an undo.

    Attributes:
        before, after: by name of the field, `attributes.` and the key for an attribute; only those that changed.
        written_at: `updated_at` of the contact since then.
    """

    pk = models.CompositePrimaryKey("run_id", "contact_id")
    run = models.ForeignKey(Run, models.CASCADE, related_name="+", db_index=False)
    contact_id = models.BigIntegerField()
    before = models.JSONField()
    after = models.JSONField()
    written_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["contact_id"], name="imported_fields_of_contact")]
