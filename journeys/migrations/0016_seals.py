"""The status history is sealed."""

import django.utils.timezone
from django.db import migrations, models

from journeys import triggers


class Migration(migrations.Migration):
    dependencies = [("journeys", "0015_stuck")]

    operations = [
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("up_to", models.BigIntegerField()),
                ("rows", models.PositiveIntegerField()),
                ("digest", models.BinaryField(max_length=32)),
                ("sealed_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={"ordering": ["-number"]},
        ),
        migrations.RunSQL(triggers.SEALS_SQL, migrations.RunSQL.noop),
    ]
