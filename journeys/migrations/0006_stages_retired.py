"""How long contacts stay in a stage is read along an index; nobody comes into a stage that is being retired."""

from django.db import migrations, models

from journeys import triggers


class Migration(migrations.Migration):
    dependencies = [("journeys", "0005_runs")]

    operations = [
        migrations.AddIndex(
            model_name="statuschange",
            index=models.Index(
                condition=models.Q(direction__isnull=False),
                fields=["from_stage", "changed_at"],
                name="moves_out_of_stage",
            ),
        ),
        migrations.RunSQL(triggers.SQL),
    ]
