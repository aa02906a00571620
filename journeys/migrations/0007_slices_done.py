"""A slice says itself that it is done, so that several are done at a time."""

from django.db import migrations, models

_DONE_BEFORE = """
    UPDATE journeys_runslice SET done = true FROM journeys_run
    WHERE journeys_run.id = run_id AND number < journeys_run.cursor
"""


class Migration(migrations.Migration):
    dependencies = [("journeys", "0006_stages_retired")]

    operations = [
        migrations.AddField(
            model_name="runslice",
            name="done",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunSQL(_DONE_BEFORE, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="runslice",
            index=models.Index(condition=models.Q(("done", False)), fields=["run", "number"], name="slices_to_do"),
        ),
    ]
