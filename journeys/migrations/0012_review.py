"""Flagged changes wait for somebody to decide: those that are there already, and from now on each as it comes."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from journeys import triggers

WAITING = """
    INSERT INTO journeys_review (change_id, contact_id, token_id, is_standing)
    SELECT history.id, contact_id, CASE WHEN history.cause = 'api' THEN history.via_id END, false
    FROM journeys_statuschange history JOIN journeys_funnelstatus USING (contact_id)
    WHERE history.review_needed AND NOT to_outside
"""


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0005_contact_last_active"),
        ("journeys", "0011_keeping"),
        ("team", "0004_api_v1"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptToken",
            fields=[
                (
                    "token",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="team.apitoken",
                    ),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["since"],
            },
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                (
                    "change",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="review",
                        serialize=False,
                        to="journeys.statuschange",
                    ),
                ),
                (
                    "verdict",
                    models.CharField(choices=[("kept", "Kept"), ("reverted", "Reverted")], max_length=8, null=True),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "is_standing",
                    models.BooleanField(default=False, help_text="Decided as it came: always keep from this token."),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="contacts.contact",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "token",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="team.apitoken",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("verdict", None)), fields=["change"], name="reviews_waiting"),
                    models.Index(
                        condition=models.Q(("verdict", None)),
                        fields=["token", "change"],
                        name="reviews_waiting_by_token",
                    ),
                    models.Index(
                        condition=models.Q(("verdict__isnull", False)), fields=["decided_at"], name="reviews_decided"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", None), ("verdict", None)),
                            models.Q(
                                ("decided_at__isnull", False), ("decided_by__isnull", False), ("verdict__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="a_verdict_says_who_and_when",
                    )
                ],
            },
        ),
        migrations.RunSQL(triggers.SQL),
        migrations.RunSQL(WAITING),
    ]
