import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

APART = (
    "@.+-_/<>&\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
SEARCHED_TEXT = f"""to_tsvector('simple'::regconfig, translate(
    coalesce(first_name, '') || ' ' || coalesce(last_name, '') || ' ' || coalesce(company, '') || ' ' ||
    coalesce(email, '') || ' ' || coalesce(external_id, ''), '{APART}', '{" " * len(APART)}')
    || ' ' || regexp_replace(coalesce(phone, ''), '[^0-9]', '', 'g'))"""
NAME_ON_SCREEN = "lower(coalesce(nullif(btrim(first_name || ' ' || last_name), ''), email, external_id, ''))"


class Migration(migrations.Migration):
    """Words are searched anew: the table of contacts is rewritten once, about a minute for a million of them.

    Columns that people keep; labels that become part of others, and those that are gone.
    """

    dependencies = [
        ("contacts", "0006_segments"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(model_name="contact", name="contact_search"),
        migrations.RemoveField(model_name="contact", name="search"),
        migrations.AddField(
            model_name="contact",
            name="search",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.expressions.RawSQL(SEARCHED_TEXT, ()),
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search"], name="contact_search"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(django.db.models.expressions.RawSQL(NAME_ON_SCREEN, ()), "id", name="contacts_by_name"),
        ),
        migrations.CreateModel(
            name="KeptColumns",
            fields=[
                (
                    "member",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FormerLabel",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                ("colour", models.CharField(max_length=7)),
                ("became", models.BigIntegerField(null=True)),
                ("gone_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "gone_by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LabelMerge",
            fields=[
                (
                    "label",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="merge",
                        serialize=False,
                        to="contacts.label",
                    ),
                ),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "into",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="merges", to="contacts.label"
                    ),
                ),
            ],
        ),
    ]
