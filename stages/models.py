"""What the funnel is made of: stages, their categories, and what they were called before."""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from config.constraints import ErrorsBesideFields

validate_colour = RegexValidator(r"^#[0-9a-f]{6}\Z", "Give a colour as # and six hexadecimal digits.")


def validate_moment(moment: datetime) -> None:
    """Raise ValidationError for a moment that some time zone could not show."""
    if not 1970 <= moment.year <= 2200:
        raise ValidationError("Give a date between 1970 and 2200.", code="moment")


class Category(models.Model):
    """A heading to sort stages under."""

    title = models.CharField(max_length=100)
    alias = models.SlugField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    colour = models.CharField(max_length=7, default="#5b6270", validators=[validate_colour])
    is_published = models.BooleanField("published", default=True)

    class Meta:
        ordering = ["title", "id"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.title


class StageQuerySet(models.QuerySet["Stage"]):
    def in_use(self) -> "StageQuerySet":
        """Stages that were not retired, the lightest first."""
        return self.filter(retired_at=None).order_by("weight", "id")

    def open_at(self, at: datetime) -> "StageQuerySet":
        """Stages that contacts may move into at `at`: the same rule as `Stage.is_open`."""
        return self.in_use().filter(
            Q(publish_up=None) | Q(publish_up__lte=at), Q(publish_down=None) | Q(publish_down__gt=at), is_published=True
        )


class Stage(ErrorsBesideFields, models.Model):
    """A step of the funnel. Heavier means further along. Retired for good, never deleted: history names it."""

    class Window(models.TextChoices):
        """Whether a stage may be used now, and if not, why."""

        PUBLISHED = "published", "Published"
        PENDING = "pending", "Pending"
        EXPIRED = "expired", "Expired"
        UNPUBLISHED = "unpublished", "Unpublished"

    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    colour = models.CharField(max_length=7, default="#5b6270", validators=[validate_colour])
    weight = models.IntegerField(default=0, help_text="Heavier means further along the funnel.")
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True)
    is_published = models.BooleanField("published", default=True)
    publish_up = models.DateTimeField("publish at", null=True, blank=True, validators=[validate_moment])
    publish_down = models.DateTimeField("unpublish at", null=True, blank=True, validators=[validate_moment])
    target_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="How long a contact should stay here, in days.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    modified_at = models.DateTimeField(null=True, editable=False)
    modified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, editable=False)

    objects = StageQuerySet.as_manager()
    beside = {
        "stage_name_is_unique_among_stages_in_use": "name",
        "stage_window_opens_before_it_closes": "publish_down",
    }

    class Meta:
        ordering = ["weight", "id"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                condition=Q(retired_at=None),
                name="stage_name_is_unique_among_stages_in_use",
                violation_error_message="There is a stage of this name already.",
            ),
            models.CheckConstraint(
                condition=Q(publish_up=None) | Q(publish_down=None) | Q(publish_up__lt=F("publish_down")),
                name="stage_window_opens_before_it_closes",
                violation_error_message="Unpublish at has to be later than publish at.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def last_changed_at(self) -> datetime:
        """When it was changed last, or else created."""
        return self.modified_at or self.created_at

    def window(self, at: datetime) -> "Stage.Window":
        """The window state at `at`."""
        if not self.is_published or self.retired_at:
            return self.Window.UNPUBLISHED
        if self.publish_up and at < self.publish_up:
            return self.Window.PENDING
        if self.publish_down and at >= self.publish_down:
            return self.Window.EXPIRED
        return self.Window.PUBLISHED

    def is_open(self, at: datetime) -> bool:
        """Whether contacts may move into this stage at `at`."""
        return self.window(at) is self.Window.PUBLISHED


class StageRevision(models.Model):
    """What a stage was called, its weight and colour from `revised_at` on. Written by the database alone."""

    stage = models.ForeignKey(Stage, models.DO_NOTHING, related_name="revisions")
    name = models.CharField(max_length=100)
    weight = models.IntegerField()
    colour = models.CharField(max_length=7)
    revised_at = models.DateTimeField()

    class Meta:
        ordering = ["stage_id", "id"]
        indexes = [models.Index(fields=["stage", "revised_at"], name="stage_revision_by_time")]

    def __str__(self) -> str:
        return f"{self.name} ({self.weight})"
