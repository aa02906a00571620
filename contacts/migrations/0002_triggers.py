"""The database's promises about contacts and labels."""

from django.db import migrations

from contacts import triggers


class Migration(migrations.Migration):
    dependencies = [("contacts", "0001_initial"), ("stages", "0002_triggers")]
    operations = [migrations.RunSQL(triggers.SQL), migrations.RunSQL(triggers.FOREIGN_KEYS_SQL)]
