"""Runs with a frozen selection, a cursor, outcomes and a preview; label rules."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

NUMBERS = django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), null=True, size=None)
SIGNATURES = django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), null=True, size=None)
CONTACTS = django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)
ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


def run(**options):
    return models.ForeignKey(
        to="journeys.run", related_name="+", on_delete=django.db.models.deletion.CASCADE, **options
    )


def person(**options):
    return models.ForeignKey(
        to=settings.AUTH_USER_MODEL, related_name="+", on_delete=django.db.models.deletion.PROTECT, **options
    )


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0003_label_carriers_by_time"),
        ("journeys", "0004_status_changes_by_time"),
        ("stages", "0003_five_stages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LabelRule",
            fields=[
                ID,
                ("only_forward", models.BooleanField(default=False, verbose_name="move only forward")),
                ("leave_lost", models.BooleanField(default=False, verbose_name="leave lost contacts as they are")),
                ("note", models.TextField(blank=True, max_length=2000)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("created_by", person()),
                (
                    "label",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="contacts.label"
                    ),
                ),
                (
                    "stage",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="stages.stage"),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("label", "stage", "only_forward", "leave_lost"), name="a_label_rule_is_kept_once"
                    )
                ],
            },
        ),
        migrations.RemoveConstraint(model_name="run", name="the_counts_of_a_finished_run_add_up"),
        migrations.AlterField(
            model_name="run",
            name="state",
            field=models.CharField(
                choices=[
                    ("running", "Running"),
                    ("finished", "Finished"),
                    ("stopped", "Stopped before the end"),
                    ("cancelled", "Cancelled"),
                ],
                default="running",
                max_length=9,
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="operation",
            field=models.JSONField(
                default=dict, help_text="What it does to each contact: `runs.operations.Operation`."
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="rule",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="runs",
                to="journeys.labelrule",
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="undoes",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="undos", to="journeys.run"
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="stage",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                help_text="Where it moves contacts.",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="stages.stage",
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="cancelled_by",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="frozen_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now, help_text="Whoever came to match later is not part of it."
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="progressed_at",
            field=models.DateTimeField(default=django.utils.timezone.now, help_text="When its last slice was done."),
        ),
        migrations.AddField(model_name="run", name="slices", field=models.PositiveIntegerField(default=0)),
        migrations.AddField(
            model_name="run",
            name="cursor",
            field=models.PositiveIntegerField(default=0, help_text="So many of its slices are done."),
        ),
        migrations.AddField(
            model_name="run",
            name="forward",
            field=models.PositiveIntegerField(default=0, help_text="Of those changed, to a heavier stage."),
        ),
        migrations.AddField(
            model_name="run",
            name="back",
            field=models.PositiveIntegerField(default=0, help_text="Of those changed, to a lighter stage."),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(condition=Q(("state", "running")), fields=["progressed_at"], name="runs_under_way"),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=~Q(state__in=["finished", "cancelled"])
                | Q(records=F("created") + F("updated") + F("unchanged") + F("refused")),
                name="the_counts_of_a_finished_run_add_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=Q(("cursor__lte", F("slices"))), name="a_run_does_no_more_than_its_slices"
            ),
        ),
        migrations.CreateModel(
            name="RunSlice",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "run_id", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("run", run(db_index=False)),
                ("number", models.PositiveIntegerField()),
                ("contacts", CONTACTS),
                ("signatures", SIGNATURES),
                ("changes", NUMBERS),
            ],
            options={"ordering": ["run_id", "number"]},
        ),
        migrations.CreateModel(
            name="RunOutcome",
            fields=[
                ID,
                ("run", run(db_index=False)),
                ("slice", models.PositiveIntegerField()),
                ("code", models.CharField(max_length=30)),
                ("contacts", CONTACTS),
            ],
            options={
                "ordering": ["run_id", "slice", "id"],
                "indexes": [models.Index(fields=["run", "code", "slice"], name="outcomes_of_run")],
            },
        ),
        migrations.CreateModel(
            name="RunPreview",
            fields=[
                ID,
                ("made_by", person()),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("operation", models.JSONField()),
                ("selection", models.JSONField()),
                ("note", models.TextField(blank=True, max_length=2000)),
                ("fates", models.JSONField()),
                ("records", models.PositiveIntegerField()),
                ("contacts", NUMBERS),
                ("signatures", SIGNATURES),
                ("changes", NUMBERS),
                (
                    "not_found",
                    models.JSONField(default=list, help_text="What a pasted list named and the book does not hold."),
                ),
                ("run", run(null=True)),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["made_at"], name="previews_by_age")],
            },
        ),
    ]
