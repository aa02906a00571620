"""What an application says of a contact in one request, fields, labels and stage: kept as a whole, or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from config.team.models import TeamMember
from contacts.actions import put_on_label, take_off_label
from contacts.causes import Cause
from contacts.labels.actions import create_label
from contacts.labels.queries import labels_by_name
from contacts.models import Contact, Label
from journeys.book.actions import ATTRIBUTE, DEFAULT_STATUS, add_contact, change_contact
from journeys.status.actions import MoveRefused, change_status
from stages.models import Stage


class _AsItIs:
    """Stands for a stage that is not spoken of."""


AS_IT_IS = _AsItIs()


class NothingTellsApart(Exception):
    """The contact would be nobody in particular."""

    sentence = "Give at least an e-mail, an external id, a name, a phone or a company."

    def __init__(self) -> None:
        super().__init__(self.sentence)


TELLS_APART = ("email", "external_id", "first_name", "last_name", "phone", "company")


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a contact.

    fields: values by name of the model's field, single attributes among them (`ATTRIBUTE` and the key; None takes
        the value away).
    put_on, take_off: names of labels. Those put on are made where there are none of that name.
    stage: where it is to stand, None for no stage.
    review_needed: flag the move for review even if the rules do not.
    """

    fields: Mapping[str, Any]
    put_on: tuple[str, ...] = ()
    take_off: tuple[str, ...] = ()
    stage: Stage | _AsItIs | None = field(default=AS_IT_IS)
    review_needed: bool = False


def add_contact_as_said(*, said: Said, by: TeamMember, cause: Cause, via: int | None = None) -> Contact:
    """Add a contact. A stage that is not spoken of is the default status.

    Raises:
        NothingTellsApart: neither a name nor anything else of the kind is said.
        MoveRefused: the stage is closed.
        IntegrityError: the e-mail or external id is taken.
        ValidationError: a label's name cannot be kept.
    """
    with transaction.atomic():
        contact = add_contact(
            fields=_with_attributes({}, said.fields),
            stage=DEFAULT_STATUS if isinstance(said.stage, _AsItIs) else said.stage,
            by=by,
            cause=cause,
            via=via,
        )
        _check(contact)
        _mark(contact, said, by=by, cause=cause)
    return contact


def change_contact_as_said(
    *, contact: int, said: Said, by: TeamMember, cause: Cause, via: int | None = None
) -> Contact:
    """Change a contact; what is not spoken of stays. The movement rules hold for the stage.

    Raises:
        Contact.DoesNotExist: there is no such contact in the book.
        MoveRefused: the move is refused.
        NothingTellsApart, IntegrityError, ValidationError: as `add_contact_as_said`.
    """
    with transaction.atomic():
        stored = Contact.objects.select_for_update(no_key=True).get(pk=contact)
        if said.fields:
            change_contact(contact=stored, fields=_with_attributes(stored.attributes, said.fields), by=by)
            _check(stored)
        _mark(stored, said, by=by, cause=cause)
        if not isinstance(said.stage, _AsItIs):
            outcome = change_status(
                contacts=[contact], to=said.stage, cause=cause, by=by, via=via, review_needed=said.review_needed
            )
            if outcome.refusal:
                raise MoveRefused(outcome.refusal)
    return stored


def _check(contact: Contact) -> None:
    if not any(getattr(contact, name) for name in TELLS_APART):
        raise NothingTellsApart


def _with_attributes(present: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Single attributes put together with those that stay."""
    values = {name: value for name, value in fields.items() if not name.startswith(ATTRIBUTE)}
    given = {name.removeprefix(ATTRIBUTE): value for name, value in fields.items() if name.startswith(ATTRIBUTE)}
    if given:
        values["attributes"] = {key: value for key, value in {**present, **given}.items() if value is not None}
    return values


def _mark(contact: Contact, said: Said, *, by: TeamMember, cause: Cause) -> None:
    """Put on and take off labels."""
    labels = labels_by_name(said.put_on + said.take_off)
    for name in said.take_off:
        if label := labels.get(name.lower()):
            take_off_label(contacts=[contact.pk], label=label, by=by, cause=cause)
    for name in said.put_on:
        label = labels.get(name.lower()) or create_label(name=name, colour=_COLOUR, by=by)
        put_on_label(contacts=[contact.pk], label=label, by=by, cause=cause)


_COLOUR: str = Label._meta.get_field("colour").default
