"""Campaigns: their steps, who is in them, and what became of each contact at each step."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import config.constraints
import stages.models
from journeys import triggers


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0008_keeping"),
        ("journeys", "0017_web_forms"),
        ("stages", "0003_five_stages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Campaign",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("description", models.TextField(blank=True, max_length=1000)),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("active", "Active"), ("paused", "Paused"), ("ended", "Ended")],
                        default="draft",
                        editable=False,
                        max_length=6,
                    ),
                ),
                (
                    "publish_up",
                    models.DateTimeField(
                        blank=True, null=True, validators=[stages.models.validate_moment], verbose_name="publish at"
                    ),
                ),
                (
                    "publish_down",
                    models.DateTimeField(
                        blank=True, null=True, validators=[stages.models.validate_moment], verbose_name="unpublish at"
                    ),
                ),
                ("may_restart", models.BooleanField(default=False, verbose_name="contacts may start again")),
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
            ],
            options={
                "ordering": [django.db.models.functions.text.Lower("name"), "id"],
            },
            bases=(config.constraints.ErrorsBesideFields, models.Model),
        ),
        migrations.CreateModel(
            name="CampaignWatch",
            fields=[
                (
                    "campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="watch",
                        serialize=False,
                        to="journeys.campaign",
                    ),
                ),
                ("seen", models.CharField(blank=True, default="", max_length=500)),
                ("looked_at", models.DateTimeField(null=True)),
                ("seconds", models.FloatField(default=0)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(null=True)),
                ("problem", models.CharField(blank=True, default="", max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="CampaignArrival",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("contacts", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("segment", "from a segment"),
                            ("web_form", "from a web form"),
                            ("by_hand", "by hand"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "arrived_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="arrivals", to="journeys.campaign"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="CampaignMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("round", models.PositiveSmallIntegerField(default=1)),
                ("entered_at", models.DateTimeField()),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("segment", "from a segment"),
                            ("web_form", "from a web form"),
                            ("by_hand", "by hand"),
                        ],
                        max_length=8,
                    ),
                ),
                ("is_held", models.BooleanField()),
                ("left_at", models.DateTimeField(null=True)),
                (
                    "left_because",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("segments", "left all segments"),
                            ("by_hand", "removed by hand"),
                            ("again", "started again"),
                        ],
                        db_default="",
                        default="",
                        max_length=8,
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="journeys.campaign",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="campaigns",
                        to="contacts.contact",
                    ),
                ),
                (
                    "removed_by",
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
            name="CampaignSource",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sources", to="journeys.campaign"
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="journeys.segment"
                    ),
                ),
                (
                    "web_form",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="journeys.webform"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="CampaignStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "branch",
                    models.CharField(
                        blank=True, choices=[("", "At the top"), ("yes", "Yes"), ("no", "No")], default="", max_length=3
                    ),
                ),
                ("position", models.PositiveIntegerField(default=0, help_text="Among the steps of its branch.")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("in_stages", "Contact stages"),
                            ("carries_label", "Carries label"),
                            ("matches_segment", "Matches segment"),
                            ("is_lost", "Is lost"),
                            ("change_stage", "Change contact's stage"),
                            ("put_on_label", "Add label"),
                            ("take_off_label", "Remove label"),
                            ("mark_lost", "Mark lost"),
                        ],
                        max_length=15,
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                (
                    "when",
                    models.CharField(
                        choices=[
                            ("immediately", "immediately"),
                            ("after", "at a relative time period"),
                            ("at", "at a specific date/time"),
                        ],
                        default="immediately",
                        max_length=11,
                    ),
                ),
                ("amount", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "unit",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("minutes", "minutes"),
                            ("hours", "hours"),
                            ("days", "days"),
                            ("months", "months"),
                            ("years", "years"),
                        ],
                        default="",
                        max_length=7,
                    ),
                ),
                ("at", models.DateTimeField(blank=True, null=True)),
                (
                    "stages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), blank=True, default=list, size=None
                    ),
                ),
                ("removed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="journeys.campaign"
                    ),
                ),
                (
                    "label",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="contacts.label",
                    ),
                ),
                (
                    "lost_reason",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="journeys.lostreason",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="journeys.campaignstep",
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="journeys.segment",
                    ),
                ),
                (
                    "stage",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="stages.stage",
                    ),
                ),
            ],
            options={
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="Turn",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "step_id", "contact_id", "round", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("round", models.PositiveSmallIntegerField()),
                ("since", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("outcome", models.CharField(blank=True, db_default="", default="", max_length=30)),
                (
                    "contact",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="contacts.contact",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="turns",
                        to="journeys.campaignstep",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("name"),
                name="campaign_name_is_unique",
                violation_error_message="There is a campaign of this name already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("publish_up", None),
                    ("publish_down", None),
                    ("publish_up__lt", models.F("publish_down")),
                    _connector="OR",
                ),
                name="campaign_window_opens_before_it_closes",
                violation_error_message="Unpublish at has to be later than publish at.",
            ),
        ),
        migrations.AddIndex(
            model_name="campaignmember",
            index=models.Index(fields=["contact"], name="campaigns_of_contact"),
        ),
        migrations.AddConstraint(
            model_name="campaignmember",
            constraint=models.UniqueConstraint(fields=("campaign", "contact", "round"), name="a_round_begins_once"),
        ),
        migrations.AddConstraint(
            model_name="campaignmember",
            constraint=models.UniqueConstraint(
                condition=models.Q(("left_at", None)),
                fields=("campaign", "contact"),
                name="a_contact_is_in_a_campaign_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaignmember",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("left_at", None), ("left_because", "")),
                    models.Q(("left_at__isnull", False), models.Q(("left_because", ""), _negated=True)),
                    _connector="OR",
                ),
                name="who_left_a_campaign_left_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaignsource",
            constraint=models.UniqueConstraint(
                fields=("campaign", "segment"), name="a_segment_is_a_source_of_a_campaign_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="campaignsource",
            constraint=models.UniqueConstraint(
                fields=("campaign", "web_form"), name="a_web_form_is_a_source_of_a_campaign_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="campaignsource",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("segment__isnull", False), ("web_form", None)),
                    models.Q(("segment", None), ("web_form__isnull", False)),
                    _connector="OR",
                ),
                name="a_source_is_a_segment_or_a_web_form",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaignstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("branch", ""), ("parent", None)),
                    models.Q(("branch__in", ["yes", "no"]), ("parent__isnull", False)),
                    _connector="OR",
                ),
                name="a_step_belongs_to_the_top_or_to_a_branch",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaignstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("when", "immediately"),
                    models.Q(
                        ("amount__gte", 1),
                        ("unit__in", ["minutes", "hours", "days", "months", "years"]),
                        ("when", "after"),
                    ),
                    models.Q(("at__isnull", False), ("when", "at")),
                    _connector="OR",
                ),
                name="a_step_says_when",
            ),
        ),
        migrations.AddIndex(
            model_name="turn",
            index=models.Index(
                condition=models.Q(("done_at", None)), fields=["step", "due_at"], name="turns_that_wait"
            ),
        ),
        migrations.AddConstraint(
            model_name="turn",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at", None), ("outcome", "")),
                    models.Q(("done_at__isnull", False), models.Q(("outcome", ""), _negated=True)),
                    _connector="OR",
                ),
                name="a_turn_that_is_done_has_an_outcome",
            ),
        ),
        migrations.RunSQL(triggers.CAMPAIGNS_SQL, migrations.RunSQL.noop),
        migrations.RunSQL(triggers.CAMPAIGNS_FOREIGN_KEYS_SQL, migrations.RunSQL.noop),
    ]
