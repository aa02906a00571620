"""Web forms, and what people sent with them."""

import secrets
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from config.constraints import ErrorsBesideFields
from contacts.models import Contact, Label
from stages.models import Stage


def new_slug() -> str:
    """The end of a public address that nobody guesses."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that a web form asks.

    Attributes:
        field: a field of contacts, or `attributes.` and the key of an attribute.
        caption: what it is called on the page; its usual name where it is empty.
    """

    field: str
    is_required: bool = False
    caption: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class WebForm(ErrorsBesideFields, models.Model):
    """A capture form on the web: what it asks, and what becomes of whoever sends it.

    Attributes:
        slug: the end of its public address.
        heading: over the public page; its name where there is none.
        fields: what it asks, in order: as `Asked.as_json` writes it. The e-mail is always among them.
        consent: a text that people have to agree to; none is asked for where it is empty.
        default_status: new contacts get the default status. Otherwise they get `stage`, or none.
        moves_known: contacts that were in the book before go to `stage` too, as far as the movement rules let them.
        thanks_address: where people go after sending; the text is shown where there is none.
        revision: raised by every change, so that nobody overwrites what they did not see.
    """

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=16, unique=True, default=new_slug, editable=False)
    heading = models.CharField(max_length=200, blank=True)
    introduction = models.TextField(max_length=2000, blank=True)
    fields = models.JSONField(default=list)
    consent = models.TextField(max_length=2000, blank=True)
    labels = models.ManyToManyField(Label, related_name="+", blank=True)
    default_status = models.BooleanField(default=True)
    stage = models.ForeignKey(Stage, models.PROTECT, null=True, blank=True, related_name="+")
    moves_known = models.BooleanField(default=False)
    thanks = models.TextField(max_length=2000, blank=True)
    thanks_address = models.CharField(max_length=500, blank=True)
    is_open = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    revision = models.PositiveIntegerField(default=1, editable=False)

    beside = {"web_form_name_is_unique": "name"}

    class Meta:
        ordering = [Lower("name"), "id"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="web_form_name_is_unique",
                violation_error_message="There is a web form of this name already.",
            ),
            models.CheckConstraint(
                condition=Q(default_status=False) | Q(stage=None),
                name="a_web_form_gives_one_status",
                violation_error_message="Choose either the default status or a stage.",
            ),
            models.CheckConstraint(
                condition=Q(moves_known=False) | Q(stage__isnull=False),
                name="a_web_form_moves_known_contacts_to_a_stage",
                violation_error_message="Choose the stage that they are to come to.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """What stands over its public page."""
        return self.heading or self.name

    @property
    def asks(self) -> list[Asked]:
        """What it asks, in order."""
        return [Asked(**one) for one in self.fields]


class Submission(models.Model):
    """What somebody sent with a web form. Erased with its contact.

    Attributes:
        answers: in the order of the form: the field, how it was called then, and the value as contacts keep it.
        consent: the text that was agreed to.
        token: of the page it was sent from; the same page is kept once.
        is_new: the contact came into the book by it.
        refusal: why the contact did not come to the stage of the form: a code of `Refusal`.
    """

    form = models.ForeignKey(WebForm, models.CASCADE, related_name="submissions", db_index=False)
    contact = models.ForeignKey(
        Contact, models.CASCADE, related_name="submissions", db_constraint=False, db_index=False
    )
    submitted_at = models.DateTimeField(default=timezone.now)
    answers = models.JSONField(default=list)
    consent = models.TextField(blank=True)
    token = models.CharField(max_length=32, unique=True)
    is_new = models.BooleanField(default=False)
    refusal = models.CharField(max_length=30, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["form", "id"], name="submissions_of_form"),
            models.Index(fields=["contact", "id"], name="submissions_of_contact"),
            GinIndex(SearchVector("answers", config="simple"), name="submissions_by_words"),
        ]

    def __str__(self) -> str:
        return f"submission {self.pk}"
