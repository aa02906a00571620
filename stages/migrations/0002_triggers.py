"""The database's promises about stages."""

from django.db import migrations

from stages import triggers


class Migration(migrations.Migration):
    dependencies = [("stages", "0001_initial")]
    operations = [migrations.RunSQL(triggers.SQL)]
