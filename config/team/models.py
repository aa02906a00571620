"""Team members and the organisation they work for."""

import base64
import secrets
import zoneinfo
from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property

from config.constraints import ErrorsBesideFields
from config.team.roles import Role


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless `name` is a time zone of the IANA database."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError("Choose a time zone from the list, such as Europe/Berlin.", code="time_zone")


class TeamMemberManager(BaseUserManager["TeamMember"]):
    def get_by_natural_key(self, email: str | None) -> "TeamMember":
        return self.get(email__iexact=email)

    def create_user(self, email: str, password: str | None = None, **fields) -> "TeamMember":
        """A saved team member without a role; without a password nobody can sign in as them."""
        member = self.model(email=self.normalize_email(email), **fields)
        member.set_password(password)
        member.save(using=self._db)
        return member


class TeamMember(ErrorsBesideFields, AbstractBaseUser, PermissionsMixin):
    """Somebody who signs in, by e-mail. Deactivated when they leave, never deleted: history names them."""

    class Theme(models.TextChoices):
        SYSTEM = "system", "As the system"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    email = models.EmailField("e-mail", max_length=254)
    name = models.CharField(max_length=150)
    is_active = models.BooleanField("active", default=True, help_text="Switch off when somebody leaves.")
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    theme = models.CharField(max_length=6, choices=Theme, default=Theme.SYSTEM)
    time_zone = models.CharField(max_length=64, blank=True, validators=[validate_time_zone])
    shortcuts = models.BooleanField("single-letter shortcuts", default=True)
    mail_when_run_ends = models.BooleanField("e-mail when a run has ended", default=False)

    objects = TeamMemberManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    beside = {"team_member_email_is_unique": "email"}

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="team_member_email_is_unique",
                violation_error_message="A team member with this e-mail exists already.",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    @cached_property
    def role(self) -> Role:
        """The strongest of the roles given by groups; superusers are administrators."""
        return self.stored_role if self.is_active else Role.NONE

    @property
    def stored_role(self) -> Role:
        """The role that somebody has, or, inactive, had and would have again."""
        if self.is_superuser:
            return Role.ADMINISTRATOR
        by_group = {role.label: role for role in Role}
        names = [group.name for group in self.groups.all()]
        return max((by_group[name] for name in names if name in by_group), default=Role.NONE)

    @property
    def is_staff(self) -> bool:
        """May enter the Django admin."""
        return self.role is Role.ADMINISTRATOR


class Organisation(models.Model):
    """The one organisation of this installation."""

    class WeekDay(models.IntegerChoices):
        MONDAY = 1, "Monday"
        SATURDAY = 6, "Saturday"
        SUNDAY = 7, "Sunday"

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(max_length=150, default="My organisation")
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    first_day_of_week = models.SmallIntegerField(choices=WeekDay, default=WeekDay.MONDAY)
    is_sample = models.BooleanField("holds sample data", default=False, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="there_is_one_organisation")]

    def __str__(self) -> str:
        return self.name


class ApiToken(models.Model):
    """Lets an application call the API as a team member, without their password. Only a digest of it is stored."""

    class Scope(models.TextChoices):
        """What the token may do at most. The values are those of OAuth2 too."""

        READ = "read", "Read"
        WRITE = "write", "Read and write"
        ADMIN = "admin", "Everything, erasing people included"

    BEGINNING = "fb_"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="api_tokens", editable=False)
    name = models.CharField(max_length=100, help_text="Which application uses it, and what for.")
    scope = models.CharField(max_length=5, choices=Scope, default=Scope.READ)
    prefix = models.CharField(max_length=11, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def strongest_role(self) -> Role:
        """The role that the token has at most; its owner's, if that is weaker."""
        return self.strongest_role_of([self.scope])

    @classmethod
    def strongest_role_of(cls, scopes: Iterable[str]) -> Role:
        """The role that these scopes are worth together; none for scopes that nobody knows."""
        worth = {cls.Scope.READ: Role.VIEWER, cls.Scope.WRITE: Role.MARKETER, cls.Scope.ADMIN: Role.ADMINISTRATOR}
        return max((role for scope, role in worth.items() if scope in set(scopes)), default=Role.NONE)

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()


class ApiUse(models.Model):
    """How many requests a caller sent within the minute of the last one. A crash may lose it.

    A caller is one of our own API, a web form, or a digest of the address that web forms are sent from.
    """

    caller = models.CharField(max_length=60, primary_key=True)
    minute = models.DateTimeField()
    requests = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.caller


class KeptAnswer(models.Model):
    """What a request with an Idempotency-Key was answered: sent again, it does nothing and is answered the same.

    Written in the transaction of what the request did. Key and request are digests. An answer about a contact names
    it in `contact`; erasing the contact takes the words of the answer.
    """

    caller = models.CharField(max_length=60)
    key = models.CharField(max_length=64)
    request = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    location = models.CharField(max_length=200)
    answer = models.TextField(null=True)
    contact = models.BigIntegerField(null=True)
    answered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="a_key_is_answered_once")]
        indexes = [
            models.Index(fields=["answered_at"], name="kept_answers_by_age"),
            models.Index(fields=["contact"], condition=models.Q(contact__isnull=False), name="kept_answers_of_contact"),
        ]

    def __str__(self) -> str:
        return f"answer {self.pk}"


class SingleUseLink(models.Model):
    """Lets somebody in once: whoever begins, whoever is invited, whoever needs another password.

    The secret in its address is made of a random seed and the key of this installation. The database holds the seed
    and a digest, so that a mail can be written by the worker, and a copy of the database opens nothing.
    """

    class Purpose(models.TextChoices):
        FIRST_RUN = "first_run", "First run"
        INVITATION = "invitation", "Invitation"
        PASSWORD = "password", "Another password"

    purpose = models.CharField(max_length=10, choices=Purpose)
    email = models.EmailField(max_length=254, blank=True)  # of whoever is invited
    role = models.SmallIntegerField(null=True)  # that whoever is invited gets
    member = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    seed = models.CharField(max_length=64, default=secrets.token_hex)
    digest = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # used, withdrawn, or another one is in its place

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=models.Q(purpose="invitation", ended_at=None),
                name="an_email_is_invited_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"link {self.pk}"

    @property
    def secret(self) -> str:
        """What stands in the address, and nowhere else."""
        made = salted_hmac("config.team.models.SingleUseLink", self.seed, algorithm="sha256").digest()
        return base64.urlsafe_b64encode(made).decode().rstrip("=")

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()

    @property
    def given_role(self) -> Role:
        """The role that an invitation gives."""
        return Role(self.role or 0)


class Mail(models.Model):
    """A mail to a team member, or to somebody invited. Its words are put together when it is sent, and not kept."""

    class Kind(models.TextChoices):
        INVITATION = "invitation", "Invitation"
        PASSWORD = "password", "Another password"
        RUN_ENDED = "run_ended", "A run has ended"
        TEST = "test", "Test"

    kind = models.CharField(max_length=10, choices=Kind)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    link = models.ForeignKey(SingleUseLink, models.CASCADE, null=True, related_name="mails")
    run = models.BigIntegerField(null=True)
    run_ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=200, blank=True)  # of the last try
    tried_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "run_ended_at"], name="the_end_of_a_run_is_mailed_once"),
        ]

    def __str__(self) -> str:
        return f"mail {self.pk}"

    @property
    def is_waiting(self) -> bool:
        return not self.sent_at and not self.given_up_at
