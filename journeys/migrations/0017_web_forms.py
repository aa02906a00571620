"""Web forms and what is sent with them."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import config.constraints
import journeys.webforms.models
from journeys import triggers


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0008_keeping"),
        ("journeys", "0016_seals"),
        ("stages", "0003_five_stages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="WebForm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                (
                    "slug",
                    models.SlugField(
                        default=journeys.webforms.models.new_slug, editable=False, max_length=16, unique=True
                    ),
                ),
                ("heading", models.CharField(blank=True, max_length=200)),
                ("introduction", models.TextField(blank=True, max_length=2000)),
                ("fields", models.JSONField(default=list)),
                ("consent", models.TextField(blank=True, max_length=2000)),
                ("default_status", models.BooleanField(default=True)),
                ("moves_known", models.BooleanField(default=False)),
                ("thanks", models.TextField(blank=True, max_length=2000)),
                ("thanks_address", models.CharField(blank=True, max_length=500)),
                ("is_open", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("revision", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "changed_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("labels", models.ManyToManyField(blank=True, related_name="+", to="contacts.label")),
                (
                    "stage",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stages.stage",
                    ),
                ),
            ],
            options={
                "ordering": [django.db.models.functions.text.Lower("name"), "id"],
            },
            bases=(config.constraints.ErrorsBesideFields, models.Model),
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("submitted_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("answers", models.JSONField(default=list)),
                ("consent", models.TextField(blank=True)),
                ("token", models.CharField(max_length=32, unique=True)),
                ("is_new", models.BooleanField(default=False)),
                ("refusal", models.CharField(blank=True, max_length=30)),
                (
                    "contact",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="submissions",
                        to="contacts.contact",
                    ),
                ),
                (
                    "form",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="submissions",
                        to="journeys.webform",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddConstraint(
            model_name="webform",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("name"),
                name="web_form_name_is_unique",
                violation_error_message="There is a web form of this name already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="webform",
            constraint=models.CheckConstraint(
                condition=models.Q(("default_status", False), ("stage", None), _connector="OR"),
                name="a_web_form_gives_one_status",
                violation_error_message="Choose either the default status or a stage.",
            ),
        ),
        migrations.AddConstraint(
            model_name="webform",
            constraint=models.CheckConstraint(
                condition=models.Q(("moves_known", False), ("stage__isnull", False), _connector="OR"),
                name="a_web_form_moves_known_contacts_to_a_stage",
                violation_error_message="Choose the stage that they are to come to.",
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["form", "id"], name="submissions_of_form"),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["contact", "id"], name="submissions_of_contact"),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector("answers", config="simple"), name="submissions_by_words"
            ),
        ),
        migrations.RunSQL(triggers.WEB_FORMS_FOREIGN_KEYS_SQL, migrations.RunSQL.noop),
    ]
