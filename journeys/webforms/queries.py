"""Reads of web forms: which there are, what they may ask, and what was sent with them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Max, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from contacts.attributes.queries import attributes
from contacts.attributes.values import value_in_words
from contacts.models import Attribute, Contact
from journeys.book.actions import ATTRIBUTE
from journeys.paging import Part, newest_first
from journeys.status.transitions import Refusal
from journeys.webforms.models import Submission, WebForm

PAGE = 50
"""So many submissions are shown at once."""

OF_A_CONTACT = 20
"""So many are shown on the page of a contact."""

EMAIL = "email"
IDENTITY = (EMAIL, "first_name", "last_name", "phone", "company", "city", "country")


@dataclass(frozen=True, slots=True)
class Askable:
    """A field of contacts that a web form may ask for.

    Attributes:
        name: as `Asked.field` says it.
        attribute: the one it is, if it is one.
    """

    name: str
    label: str
    attribute: Attribute | None = None


def askable() -> dict[str, Askable]:
    """What a web form may ask for, by name. One query."""
    own = [Askable(name, _label(name)) for name in IDENTITY]
    defined = [Askable(f"{ATTRIBUTE}{one.key}", one.name, one) for one in attributes()]
    return {one.name: one for one in [*own, *defined]}


def _label(name: str) -> str:
    words = str(Contact._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return words[0].upper() + words[1:]


def web_forms() -> QuerySet[WebForm]:
    """Every web form by name, with its stage, how often it was `sent`, and when it was last (`last_sent_at`).
    One query."""
    counted = WebForm.objects.annotate(sent=Count("submissions"), last_sent_at=Max("submissions__submitted_at"))
    return counted.select_related("stage", "changed_by").order_by(Lower("name"), "pk")


def web_form_called(slug: str) -> WebForm | None:
    """The web form of a public address. One query."""
    return WebForm.objects.filter(slug=slug).first()


def submissions_count(form: WebForm) -> int:
    """How often a form was sent. One query."""
    return Submission.objects.filter(form=form).count()


def contacts_of(form: WebForm) -> int:
    """How many contacts have sent it. One query."""
    return Submission.objects.filter(form=form).values("contact").distinct().count()


def why_not_given(form: WebForm) -> Refusal | None:
    """Why nobody comes to the stage of a web form at present; None if they do, or if it has none."""
    if form.stage is None or form.stage.is_open(timezone.now()):
        return None
    return Refusal.RETIRED_STAGE if form.stage.retired_at else Refusal.CLOSED_STAGE


# What was sent


@dataclass(frozen=True, slots=True)
class AnswerInWords:
    """One field as it was called, and what was sent in it."""

    caption: str
    value: str


@dataclass(frozen=True, slots=True)
class SubmissionInWords:
    """A submission as a person reads it."""

    submission: Submission
    answers: list[AnswerInWords] = field(default_factory=list)

    @property
    def submitted_at(self) -> datetime:
        return self.submission.submitted_at

    @property
    def refusal(self) -> str:
        """Why the contact did not come to the stage of the form."""
        return next((one.sentence for one in Refusal if one == self.submission.refusal), "")


def submissions_page(form: WebForm, *, newer_than: int | None = None, older_than: int | None = None) -> Part:
    """A page of what was sent with a form, in words. Two queries."""
    names = ("first_name", "last_name", "email", "external_id")
    sent = Submission.objects.filter(form=form).select_related("contact")
    sent = sent.only(
        "form", "submitted_at", "answers", "consent", "is_new", "refusal", *(f"contact__{n}" for n in names)
    )
    part = newest_first(sent, PAGE, newer_than=newer_than, older_than=older_than)
    return Part(list(_in_words(part.rows)), part.newer_than, part.older_than)


def submissions_of(contact: Contact) -> list[SubmissionInWords]:
    """The newest submissions of a contact, in words. One query, and one more if there are any."""
    sent = Submission.objects.filter(contact=contact).select_related("form").order_by("-pk")[:OF_A_CONTACT]
    return list(_in_words(list(sent)))


def _in_words(sent: list[Submission]) -> Iterator[SubmissionInWords]:
    known = askable() if sent else {}
    for submission in sent:
        answers = [AnswerInWords(said["caption"], _value(said, known)) for said in submission.answers]
        yield SubmissionInWords(submission, answers)


def _value(said: Mapping[str, object], known: Mapping[str, Askable]) -> str:
    about = known.get(str(said["field"]))
    return value_in_words(about.attribute, said["value"]) if about and about.attribute else str(said["value"])
