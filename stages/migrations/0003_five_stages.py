"""The five stages that every new book starts with, and what each means."""

from django.db import migrations

STAGES = [
    (10, "Aware", "#5b8def", "Contact is aware of your product. Top of funnel."),
    (
        20,
        "Engaged",
        "#12a594",
        "Contact has interacted with your business beyond awareness (opened campaigns, replied, joined a list).",
    ),
    (30, "Customer", "#30a46c", "Contact has made a transaction."),
    (40, "Loyal Customer", "#f5a524", "Contact has made repeat transactions."),
    (50, "Promoter", "#8e4ec6", "Contact actively refers others to your business."),
]


def add(apps, schema_editor):
    Stage = apps.get_model("stages", "Stage")
    for weight, name, colour, description in STAGES:
        Stage.objects.create(weight=weight, name=name, colour=colour, description=description)


class Migration(migrations.Migration):
    dependencies = [("stages", "0002_triggers")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
