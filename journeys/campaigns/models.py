"""A campaign: who comes into it, its steps, and what became of each contact at each step."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from config.constraints import ErrorsBesideFields
from contacts.models import Contact
from journeys.fields import number_of, person_number, stage_number
from journeys.segments.models import Segment
from journeys.webforms.models import WebForm
from stages.models import validate_moment


class Campaign(ErrorsBesideFields, models.Model):
    """A timed plan: contacts come into it from its sources and go through its steps.

    Attributes:
        may_restart: who left it and comes again goes through it again, in a new round.
        revision: raised by every change, so that nobody overwrites what they did not see.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        ENDED = "ended", "Ended"

    name = models.CharField(max_length=100)
    description = models.TextField(max_length=1000, blank=True)
    state = models.CharField(max_length=6, choices=State, default=State.DRAFT, editable=False)
    publish_up = models.DateTimeField("publish at", null=True, blank=True, validators=[validate_moment])
    publish_down = models.DateTimeField("unpublish at", null=True, blank=True, validators=[validate_moment])
    may_restart = models.BooleanField("contacts may start again", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    revision = models.PositiveIntegerField(default=1, editable=False)

    beside = {"campaign_name_is_unique": "name", "campaign_window_opens_before_it_closes": "publish_down"}

    class Meta:
        ordering = [Lower("name"), "id"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="campaign_name_is_unique",
                violation_error_message="There is a campaign of this name already.",
            ),
            models.CheckConstraint(
                condition=Q(publish_up=None) | Q(publish_down=None) | Q(publish_up__lt=F("publish_down")),
                name="campaign_window_opens_before_it_closes",
                violation_error_message="Unpublish at has to be later than publish at.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def is_paused(self) -> bool:
        return self.state == self.State.PAUSED

    @property
    def has_ended(self) -> bool:
        return self.state == self.State.ENDED

    @property
    def may_be_edited(self) -> bool:
        """Its plan stands still while contacts go through it."""
        return self.is_draft or self.is_paused


class CampaignSource(models.Model):
    """Where contacts come from by themselves: whoever matches a segment, or sends a web form."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="sources")
    segment = models.ForeignKey(Segment, models.PROTECT, null=True, related_name="+")
    web_form = models.ForeignKey(WebForm, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "segment"], name="a_segment_is_a_source_of_a_campaign_once"),
            models.UniqueConstraint(fields=["campaign", "web_form"], name="a_web_form_is_a_source_of_a_campaign_once"),
            models.CheckConstraint(
                condition=Q(segment__isnull=False, web_form=None) | Q(segment=None, web_form__isnull=False),
                name="a_source_is_a_segment_or_a_web_form",
            ),
        ]

    def __str__(self) -> str:
        return str(self.segment or self.web_form)


class CampaignStep(models.Model):
    """A condition or an action of a campaign. What a removed step did is still named by history.

    Steps of one branch count their time from the moment when the contact came to that branch: into the campaign, or to
    the yes or the no of a condition.

    Attributes:
        parent, branch: the condition whose yes or no it belongs to; None at the top.
        stages: of the condition Contact stages, their ids.
        stage, label, segment, lost_reason: what the step is about, by its kind.
    """

    class Kind(models.TextChoices):
        IN_STAGES = "in_stages", "Contact stages"
        CARRIES_LABEL = "carries_label", "Carries label"
        MATCHES_SEGMENT = "matches_segment", "Matches segment"
        IS_LOST = "is_lost", "Is lost"
        CHANGE_STAGE = "change_stage", "Change contact's stage"
        PUT_ON_LABEL = "put_on_label", "Add label"
        TAKE_OFF_LABEL = "take_off_label", "Remove label"
        MARK_LOST = "mark_lost", "Mark lost"

    CONDITIONS = (Kind.IN_STAGES, Kind.CARRIES_LABEL, Kind.MATCHES_SEGMENT, Kind.IS_LOST)

    class Branch(models.TextChoices):
        TOP = "", "At the top"
        YES = "yes", "Yes"
        NO = "no", "No"

    class When(models.TextChoices):
        IMMEDIATELY = "immediately", "immediately"
        AFTER = "after", "at a relative time period"
        AT = "at", "at a specific date/time"

    class Unit(models.TextChoices):
        MINUTES = "minutes", "minutes"
        HOURS = "hours", "hours"
        DAYS = "days", "days"
        MONTHS = "months", "months"
        YEARS = "years", "years"

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="steps")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="+")
    branch = models.CharField(max_length=3, choices=Branch, blank=True, default=Branch.TOP)
    position = models.PositiveIntegerField(default=0, help_text="Among the steps of its branch.")
    kind = models.CharField(max_length=15, choices=Kind)
    name = models.CharField(max_length=100)
    when = models.CharField(max_length=11, choices=When, default=When.IMMEDIATELY)
    amount = models.PositiveIntegerField(null=True, blank=True)
    unit = models.CharField(max_length=7, choices=Unit, blank=True, default="")
    at = models.DateTimeField(null=True, blank=True)
    stages = ArrayField(models.BigIntegerField(), default=list, blank=True)
    stage = stage_number()
    label = number_of("contacts.Label", blank=True)
    segment = number_of("journeys.Segment", blank=True)
    lost_reason = number_of("journeys.LostReason", blank=True)
    removed_at = models.DateTimeField(null=True, editable=False, blank=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(parent=None, branch="") | Q(parent__isnull=False, branch__in=["yes", "no"]),
                name="a_step_belongs_to_the_top_or_to_a_branch",
            ),
            models.CheckConstraint(
                condition=Q(when="immediately")
                | Q(when="after", amount__gte=1, unit__in=["minutes", "hours", "days", "months", "years"])
                | Q(when="at", at__isnull=False),
                name="a_step_says_when",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_condition(self) -> bool:
        return self.kind in self.CONDITIONS


class CampaignMember(models.Model):
    """A contact that came into a campaign, and its round: how often it has started.

    Attributes:
        is_held: it came from a web form or was added by hand, so that leaving the segments does not take it out.
    """

    class How(models.TextChoices):
        SEGMENT = "segment", "from a segment"
        WEB_FORM = "web_form", "from a web form"
        BY_HAND = "by_hand", "by hand"

    class Left(models.TextChoices):
        SEGMENTS = "segments", "left all segments"
        BY_HAND = "by_hand", "removed by hand"
        AGAIN = "again", "started again"

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="members", db_index=False)
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="campaigns", db_constraint=False, db_index=False)
    round = models.PositiveSmallIntegerField(default=1)
    entered_at = models.DateTimeField()
    how = models.CharField(max_length=8, choices=How)
    is_held = models.BooleanField()
    left_at = models.DateTimeField(null=True)
    left_because = models.CharField(max_length=8, choices=Left, blank=True, default="", db_default="")
    removed_by = person_number()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "contact", "round"], name="a_round_begins_once"),
            models.UniqueConstraint(
                fields=["campaign", "contact"], condition=Q(left_at=None), name="a_contact_is_in_a_campaign_once"
            ),
            models.CheckConstraint(
                condition=Q(left_at=None, left_because="") | (Q(left_at__isnull=False) & ~Q(left_because="")),
                name="who_left_a_campaign_left_for_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["contact"], name="campaigns_of_contact")]


class Turn(models.Model):
    """A contact's turn at a step, once in each round: waiting until it is due, then done, and what came of it.

    Attributes:
        since: when the contact came to the branch of the step.
        outcome: `yes` or `no` of a condition; of an action `changed`, `unchanged` or the code of a `Refusal`; `left`
            and `removed` if the contact, or the step, was taken out of the campaign before it was due.
    """

    YES = "yes"
    NO = "no"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    LEFT = "left"
    REMOVED = "removed"

    pk = models.CompositePrimaryKey("step_id", "contact_id", "round")
    step = models.ForeignKey(CampaignStep, models.CASCADE, related_name="turns", db_constraint=False, db_index=False)
    contact = models.ForeignKey(Contact, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    round = models.PositiveSmallIntegerField()
    since = models.DateTimeField()
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=30, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at=None, outcome="") | (Q(done_at__isnull=False) & ~Q(outcome="")),
                name="a_turn_that_is_done_has_an_outcome",
            )
        ]
        indexes = [models.Index(fields=["step", "due_at"], condition=Q(done_at=None), name="turns_that_wait")]


class CampaignArrival(models.Model):
    """Contacts that are about to come into a campaign, in one transaction."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="arrivals")
    contacts = ArrayField(models.BigIntegerField())
    how = models.CharField(max_length=8, choices=CampaignMember.How)
    arrived_at = models.DateTimeField(default=timezone.now, db_default=models.functions.Now())

    class Meta:
        ordering = ["id"]


class CampaignWatch(models.Model):
    """What was seen when the segments of a campaign were looked at last, and how its work is going.

    Attributes:
        seen: says whether anything that could let somebody in or out has changed since.
        seconds: how long that look took.
        tries, next_try_at, problem: as of a run.
    """

    campaign = models.OneToOneField(Campaign, models.CASCADE, primary_key=True, related_name="watch")
    seen = models.CharField(max_length=500, blank=True, default="")
    looked_at = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True, default="")
