"""How often applications call, and what they were answered. Counts are not worth a write to the log of the database."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("team", "0003_api_tokens"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiUse",
            fields=[
                ("caller", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("minute", models.DateTimeField()),
                ("requests", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("caller", models.CharField(max_length=60)),
                ("key", models.CharField(max_length=64)),
                ("request", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField()),
                ("location", models.CharField(max_length=200)),
                ("answer", models.TextField(null=True)),
                ("contact", models.BigIntegerField(null=True)),
                ("answered_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["answered_at"], name="kept_answers_by_age"),
                    models.Index(
                        condition=models.Q(("contact__isnull", False)),
                        fields=["contact"],
                        name="kept_answers_of_contact",
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("caller", "key"), name="a_key_is_answered_once")],
            },
        ),
        migrations.RunSQL("ALTER TABLE team_apiuse SET UNLOGGED", "ALTER TABLE team_apiuse SET LOGGED"),
    ]
