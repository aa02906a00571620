"""The database's promises about funnel statuses and their history."""

from django.db import migrations

from journeys import triggers


class Migration(migrations.Migration):
    dependencies = [("journeys", "0001_initial"), ("contacts", "0002_triggers")]
    operations = [migrations.RunSQL(triggers.SQL), migrations.RunSQL(triggers.FOREIGN_KEYS_SQL)]
