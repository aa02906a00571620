"""Who is in the Contact Book, the labels they carry, and what was noted about them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower
from django.utils import timezone

from config.constraints import ErrorsBesideFields
from contacts.causes import Cause
from contacts.search.conditions import APART, UNSEEN
from stages.models import validate_colour

# Words of a contact as search finds them: an e-mail is found by each of its parts, a phone by its digits.
# What stands between words is in `contacts.search.conditions`, which takes apart what a person typed in the same way.
_SEARCHED_TEXT = f"""to_tsvector('simple'::regconfig, translate(
    coalesce(first_name, '') || ' ' || coalesce(last_name, '') || ' ' || coalesce(company, '') || ' ' ||
    coalesce(email, '') || ' ' || coalesce(external_id, ''), '{APART}{UNSEEN}', '{" " * len(APART + UNSEEN)}')
    || ' ' || regexp_replace(coalesce(phone, ''), '[^0-9]', '', 'g'))"""

NAME_ON_SCREEN = "lower(coalesce(nullif(btrim(first_name || ' ' || last_name), ''), email, external_id, ''))"
"""What a contact goes by, to put contacts in order."""

_DIGITS_OF_PHONE = models.Func(
    "phone", models.Value("[^0-9]"), models.Value(""), models.Value("g"), function="regexp_replace"
)


class Contact(ErrorsBesideFields, models.Model):
    """A person in the Contact Book. Where they stand in the funnel is in `journeys.FunnelStatus`."""

    class AccountState(models.TextChoices):
        ACTIVE = "active", "Active"
        INACTIVE = "inactive", "Inactive"

    email = models.EmailField("e-mail", max_length=254, null=True, blank=True)
    external_id = models.CharField("external id", max_length=200, null=True, blank=True)
    first_name = models.CharField(max_length=150, blank=True, db_default="")
    last_name = models.CharField(max_length=150, blank=True, db_default="")
    phone = models.CharField(max_length=50, blank=True, db_default="")
    company = models.CharField(max_length=200, blank=True, db_default="")
    city = models.CharField(max_length=100, blank=True, db_default="")
    country = models.CharField(max_length=100, blank=True, db_default="")
    account_state = models.CharField(
        max_length=8, choices=AccountState, default=AccountState.ACTIVE, db_default=AccountState.ACTIVE
    )
    subscribed_at = models.DateTimeField(null=True, blank=True)
    unsubscribed_at = models.DateTimeField(null=True, blank=True)
    last_open_at = models.DateTimeField("last open", null=True, blank=True)
    last_click_at = models.DateTimeField("last click", null=True, blank=True)
    last_reply_at = models.DateTimeField("last reply", null=True, blank=True)
    last_active_at = models.DateTimeField("last active", null=True, blank=True)
    attributes = models.JSONField(default=dict, blank=True, db_default=models.Value({}, models.JSONField()))
    created_at = models.DateTimeField(default=timezone.now, db_default=models.functions.Now(), editable=False)
    updated_at = models.DateTimeField(default=timezone.now, db_default=models.functions.Now(), editable=False)
    search = models.GeneratedField(
        expression=RawSQL(_SEARCHED_TEXT, ()), output_field=SearchVectorField(), db_persist=True
    )

    beside = {"contact_email_is_unique": "email", "contact_external_id_is_unique": "external_id"}

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="contact_email_is_unique",
                violation_error_message="There is a contact with this e-mail already.",
            ),
            models.UniqueConstraint(
                "external_id",
                name="contact_external_id_is_unique",
                violation_error_message="There is a contact with this external id already.",
            ),
            models.CheckConstraint(
                condition=~Q(email="") & ~Q(external_id=""), name="contact_has_a_key_or_none_never_an_empty_one"
            ),
            models.CheckConstraint(
                condition=Q(account_state__in=("active", "inactive")), name="contact_account_is_active_or_inactive"
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="contact_search"),
            models.Index(fields=["id"], condition=Q(account_state="inactive"), name="contact_inactive"),
            models.Index(_DIGITS_OF_PHONE, condition=~Q(phone=""), name="contact_phone_digits"),
            models.Index(RawSQL(NAME_ON_SCREEN, ()), "id", name="contacts_by_name"),
            # Segments ask for dates of the whole book: read here, they are a sixth of the rows they stand in.
            models.Index(
                fields=["id"],
                include=["subscribed_at", "last_open_at", "last_click_at", "last_reply_at", "created_at"],
                name="contact_dates",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.external_id or f"Contact {self.pk}"

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Label(ErrorsBesideFields, models.Model):
    """A mark on contacts. A contact *carries* it."""

    name = models.CharField(max_length=100)
    colour = models.CharField(max_length=7, default="#5b6270", validators=[validate_colour])
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    beside = {"label_name_is_unique": "name"}

    class Meta:
        ordering = [Lower("name"), "id"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="label_name_is_unique",
                violation_error_message="There is a label of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class LabelMerge(models.Model):
    """A label that is becoming part of another one: whoever carries it comes to carry the other, slice by slice."""

    label = models.OneToOneField(Label, models.CASCADE, primary_key=True, related_name="merge")
    into = models.ForeignKey(Label, models.PROTECT, related_name="merges")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField(default=timezone.now)


class FormerLabel(models.Model):
    """A label that there is no more: history goes on naming it. `became` is the number of the one it is part of."""

    id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=100)
    colour = models.CharField(max_length=7)
    became = models.BigIntegerField(null=True)
    gone_at = models.DateTimeField(default=timezone.now)
    gone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )

    def __str__(self) -> str:
        return self.name


class CarriedLabel(models.Model):
    """A contact carries a label: since when, and who or what put it on.

    Taking it off is signed like erasing a contact: set `taken_off` with `by`, `cause` and `run`, then delete.
    """

    pk = models.CompositePrimaryKey("contact_id", "label_id")
    contact = models.ForeignKey(
        Contact, models.CASCADE, related_name="carried_labels", db_constraint=False, db_index=False
    )
    label = models.ForeignKey(Label, models.CASCADE, related_name="carried_by", db_index=False)
    since = models.DateTimeField(db_default=models.functions.Now())
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    cause = models.CharField(max_length=16, choices=Cause, db_default=Cause.DATA_FIX)
    run_id = models.BigIntegerField(null=True)
    taken_off = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = [
            models.Index(fields=["label", "contact"], name="label_carriers"),
            models.Index(fields=["label", "since"], name="label_carriers_by_time"),
        ]


class LabelChange(models.Model):
    """A label was put on a contact or taken off. Written by the database alone, never rewritten."""

    contact_id = models.BigIntegerField()
    label_id = models.BigIntegerField()
    put_on = models.BooleanField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    cause = models.CharField(max_length=16, choices=Cause)
    run_id = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["contact_id", "id"], name="label_changes_of_contact"),
            models.Index(fields=["label_id", "id"], name="label_changes_of_label"),
        ]


class Note(models.Model):
    """Words somebody typed about a contact's move. History keeps its number, so the words can be erased."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="notes", db_constraint=False)
    text = models.TextField(max_length=2000)
    written_at = models.DateTimeField(default=timezone.now)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        indexes = [GinIndex(SearchVector("text", config="simple"), name="notes_by_words")]

    def __str__(self) -> str:
        return self.text


class Attribute(ErrorsBesideFields, models.Model):
    """A field of contacts that the organisation defined. Values are in `Contact.attributes` under `key`."""

    class Type(models.TextChoices):
        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        DATE = "date", "Date"
        YES_NO = "yes_no", "Yes or no"
        CHOICE = "choice", "Choice"

    name = models.CharField(max_length=100)
    key = models.SlugField(max_length=100, unique=True, editable=False)
    type = models.CharField(max_length=6, choices=Type, default=Type.TEXT)
    choices = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    position = models.PositiveIntegerField(default=0, editable=False)

    beside = {"attribute_name_is_unique": "name"}

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="attribute_name_is_unique",
                violation_error_message="There is an attribute of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class KeptColumns(models.Model):
    """The columns that a team member sees in the list of contacts, where its address says nothing else."""

    member = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    columns = ArrayField(models.CharField(max_length=40))
