"""Reports read the status history along its indexes; how many contacts are over target is measured for each stage."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [
        ("journeys", "0014_reports"),
        ("stages", "0001_initial"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="statuschange", name="moves_out_of_stage"),
        migrations.AddIndex(
            model_name="statuschange",
            index=models.Index(
                fields=["from_stage", "changed_at"],
                include=["contact", "id", "from_stage_since", "from_lost_at"],
                condition=Q(direction__isnull=False),
                name="moves_out_of_stage",
            ),
        ),
        migrations.AddIndex(
            model_name="statuschange",
            index=models.Index(
                fields=["contact", "id"],
                condition=Q(from_lost=True, to_lost=False, from_stage=F("to_stage")),
                name="recoveries_in_place",
            ),
        ),
        # An index answers alone only for pages that were vacuumed, and by default that waits for a fifth of new rows.
        migrations.RunSQL(
            "ALTER TABLE journeys_statuschange SET (autovacuum_vacuum_insert_scale_factor = 0.02)",
            "ALTER TABLE journeys_statuschange RESET (autovacuum_vacuum_insert_scale_factor)",
        ),
        migrations.CreateModel(
            name="StageMeasure",
            fields=[
                (
                    "stage",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="stages.stage",
                    ),
                ),
                ("usual_days", models.FloatField(null=True)),
                ("limit_days", models.FloatField(null=True)),
                ("over", models.PositiveIntegerField(default=0)),
                ("measured_at", models.DateTimeField()),
            ],
        ),
    ]
