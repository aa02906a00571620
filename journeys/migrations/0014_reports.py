"""What moved in a period is read from an index alone; what was recorded later is found along one of its own."""

from datetime import timedelta

from django.db import migrations, models
from django.db.models.expressions import CombinedExpression
from django.db.models.lookups import GreaterThan


class Migration(migrations.Migration):
    dependencies = [("journeys", "0013_webhooks")]

    operations = [
        migrations.AddIndex(
            model_name="statuschange",
            index=models.Index(
                fields=["changed_at", "id"],
                include=(
                    *("contact", "from_stage", "from_lost", "from_outside"),
                    *("to_stage", "to_lost", "to_outside", "undoes"),
                ),
                name="moves_by_time",
            ),
        ),
        migrations.RemoveIndex(model_name="statuschange", name="status_changes_by_time"),
        migrations.AddIndex(
            model_name="statuschange",
            index=models.Index(
                fields=["recorded_at", "changed_at"],
                condition=models.Q(
                    GreaterThan(
                        CombinedExpression(models.F("recorded_at"), "-", models.F("changed_at")),
                        models.Value(timedelta(seconds=60)),
                    )
                ),
                name="changes_recorded_later",
            ),
        ),
    ]
