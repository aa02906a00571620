"""Imports with their files, the rows they refused, and what fields were before them."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("journeys", "0008_segments"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Import",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reading", "Being read"),
                            ("unreadable", "Cannot be read"),
                            ("read", "Not started"),
                            ("checking", "Being checked"),
                            ("checked", "Checked"),
                            ("started", "Started"),
                            ("forgotten", "Forgotten"),
                        ],
                        default="reading",
                        max_length=10,
                    ),
                ),
                ("problem", models.TextField(blank=True, help_text="Why it cannot be read, checked or gone on with.")),
                ("size", models.BigIntegerField(default=0)),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("fingerprint", models.CharField(blank=True, max_length=64)),
                ("encoding", models.CharField(default="utf-8", help_text="One of `reading.Encoding`.", max_length=6)),
                ("delimiter", models.CharField(blank=True, max_length=1)),
                ("has_byte_order_mark", models.BooleanField(default=False)),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("records", models.PositiveIntegerField(default=0)),
                ("notes", models.JSONField(default=dict)),
                ("options", models.JSONField(default=dict)),
                ("progressed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("created", models.PositiveIntegerField(default=0)),
                ("updated", models.PositiveIntegerField(default=0)),
                ("unchanged", models.PositiveIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0)),
                ("back", models.PositiveIntegerField(default=0)),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "run",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imported",
                        to="journeys.run",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ImportChunk",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "of_id", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
                (
                    "of",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="chunks",
                        to="journeys.import",
                    ),
                ),
            ],
            options={
                "ordering": ["of_id", "number"],
            },
        ),
        migrations.CreateModel(
            name="ImportedFields",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "run_id", "contact_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("contact_id", models.BigIntegerField()),
                ("before", models.JSONField()),
                ("after", models.JSONField()),
                ("written_at", models.DateTimeField()),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="journeys.run"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RefusedRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.PositiveIntegerField()),
                ("reason", models.TextField()),
                ("cells", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                (
                    "of",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refused_rows",
                        to="journeys.import",
                    ),
                ),
            ],
            options={
                "ordering": ["of_id", "id"],
            },
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(fields=["fingerprint", "id"], name="imports_of_these_columns"),
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(fields=["digest", "id"], name="imports_of_this_file"),
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(
                condition=models.Q(("state__in", ["reading", "checking", "started"])),
                fields=["progressed_at"],
                name="imports_under_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="import",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "done",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    models.F("created"), "+", models.F("updated")
                                ),
                                "+",
                                models.F("unchanged"),
                            ),
                            "+",
                            models.F("refused"),
                        ),
                    )
                ),
                name="the_counts_of_a_check_add_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="import",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "started"), _negated=True), ("run__isnull", False), _connector="OR"
                ),
                name="a_started_import_has_a_run",
            ),
        ),
        migrations.AddIndex(
            model_name="importedfields",
            index=models.Index(fields=["contact_id"], name="imported_fields_of_contact"),
        ),
        migrations.AddIndex(
            model_name="refusedrow",
            index=models.Index(fields=["of", "id"], name="refused_rows_of_import"),
        ),
    ]
