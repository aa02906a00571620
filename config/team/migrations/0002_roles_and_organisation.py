"""The four roles as groups, and the one organisation."""

from django.db import migrations

ROLES = ["Viewer", "Operator", "Marketer", "Administrator"]


def add(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    for name in ROLES:
        Group.objects.get_or_create(name=name)
    apps.get_model("team", "Organisation").objects.create(id=1)


class Migration(migrations.Migration):
    dependencies = [("team", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
