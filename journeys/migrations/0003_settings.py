"""The settings that every new book starts with: default Aware, and seven reasons to be lost."""

from django.db import migrations

LOST_REASONS = [
    "Bounced",
    "Unsubscribed",
    "Account closed",
    "Chose a competitor",
    "No answer",
    "Duplicate",
    "Other",
]


def add(apps, schema_editor):
    aware = apps.get_model("stages", "Stage").objects.get(name="Aware")
    apps.get_model("journeys", "FunnelSettings").objects.create(id=1, default_stage=aware)
    apps.get_model("journeys", "FoldMark").objects.create(id=1)
    LostReason = apps.get_model("journeys", "LostReason")
    for position, name in enumerate(LOST_REASONS):
        LostReason.objects.create(name=name, position=position)


class Migration(migrations.Migration):
    dependencies = [("journeys", "0002_triggers"), ("stages", "0003_five_stages")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
