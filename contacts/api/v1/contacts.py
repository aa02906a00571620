"""`/api/v1/contacts`: who is in the book."""

from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Field as ModelField
from django.urls import reverse
from ninja import Query, Router
from pydantic import Field, StringConstraints

from config.api.v1 import problems
from config.api.v1.operations import Answer, CalledRequest, operation
from config.api.v1.paging import key_asked, page_of
from config.api.v1.problems import Problem, Wrong
from config.api.v1.schemas import Id, NumberAsked, Page, Window
from config.constraints import beside_its_field
from config.team.models import TeamMember
from config.team.roles import Role
from contacts.api.queries import contacts_of
from contacts.api.v1.schemas import ContactSaid, ContactShown, FieldsSaid, PatchSaid, is_of_type
from contacts.attributes.forms import NO, YES, attribute_field, from_form
from contacts.attributes.queries import attributes
from contacts.causes import Cause
from contacts.labels.queries import label_named, labels_by_name
from contacts.models import Attribute, Contact
from contacts.queries import contact_keyed
from journeys.api.v1.statuses import named_stage
from journeys.book.actions import ATTRIBUTE
from journeys.book.queries import Anywhere, ContactQuery, newest_ids
from journeys.segments.queries import Matching, segments_for
from journeys.wire.actions import AS_IT_IS, NothingTellsApart, Said, add_contact_as_said, change_contact_as_said

router = Router(tags=["Contacts"])

Words = Annotated[str, StringConstraints(min_length=1, max_length=254, pattern="^[^\\x00]*$")]

_ANYWHERE = {"any": Anywhere.ANY_STAGE, "none": Anywhere.NO_STAGE}
_LOST = {"true": True, "false": False}


class ContactsAsked(Window):
    """Every condition has to hold."""

    q: Words | None = Field(default=None, description="Words: names, company, e-mail, external id, digits of a phone.")
    email: Words | None = Field(default=None, description="The one contact with this e-mail.")
    external_id: Words | None = Field(default=None, description="The one contact with this external id.")
    stage: Words | None = Field(
        default=None, description="In this stage, by id or name; `any`, or `none`. Not lost, unless `lost` says so."
    )
    lost: Literal["true", "false"] | None = Field(default=None, description="Lost: from `stage`, if it is given.")
    label: Words | None = Field(default=None, description="Carrying the label of this name.")
    account_state: Contact.AccountState | None = None
    segment: NumberAsked | None = Field(default=None, description="Matching the segment of this id.")


@operation(router, "GET", "/contacts", name="contacts", role=Role.VIEWER, shows=Page[ContactShown])
def list_contacts(request: CalledRequest, asked: Query[ContactsAsked]) -> Page[ContactShown]:
    """Contacts, the newest in the book first"""
    older_than = key_asked(asked)
    if asked.email or asked.external_id:
        ids = _keyed(asked)
    else:
        ids = newest_ids(_query(asked, request.caller.member), older_than=older_than, limit=asked.limit + 1)
    return page_of(
        Page[ContactShown],
        ids,
        asked,
        lambda shown: [ContactShown.of(contact) for contact in contacts_of(shown)],
        key=lambda pk: pk,
    )


@operation(router, "POST", "/contacts", name="contacts", role=Role.OPERATOR, shows=ContactShown, status=201)
def add_contact(request: CalledRequest, said: ContactSaid) -> Answer:
    """Add a contact"""
    _refuse_unknown_labels(said)
    stage = AS_IT_IS if "stage" not in said.model_fields_set else said.stage and named_stage("stage", said.stage)
    what = Said(_fields(said), put_on=tuple(said.labels), stage=stage)  # type: ignore[arg-type]
    added = _kept(add_contact_as_said, said=what, **_who(request))
    return Answer(_shown(added.pk), location=reverse("api:v1:contact", args=[added.pk]), contact=added.pk)


@operation(
    router, "GET", "/contacts/{int:contact}", name="contact", role=Role.VIEWER, shows=ContactShown, may_refuse=(404,)
)
def get_contact(request: CalledRequest, contact: Id) -> ContactShown:
    """One contact"""
    return _shown(contact)


@operation(
    router,
    "PATCH",
    "/contacts/{int:contact}",
    name="contact",
    role=Role.OPERATOR,
    shows=ContactShown,
    may_refuse=(404, 409),
)
def change_contact(request: CalledRequest, contact: Id, said: PatchSaid) -> ContactShown:
    """Change fields of a contact; what is not said stays

    Opens, clicks, replies and unsubscribes never move anyone: they are data to filter by.
    """
    _kept(change_contact_as_said, contact=contact, said=Said(_fields(said)), **_who(request))
    return _shown(contact)


def _who(request: CalledRequest) -> dict[str, Any]:
    return {"by": request.caller.member, "cause": Cause.API, "via": request.caller.token}


def _query(asked: ContactsAsked, member: TeamMember) -> ContactQuery:
    label = label_named(asked.label) if asked.label else None
    if asked.label and label is None:
        raise Problem.of_field("label", "There is no such label.")
    return ContactQuery(
        search=asked.q or "",
        stage=_place(asked.stage) if asked.stage else None,
        lost=_LOST[asked.lost] if asked.lost else None,
        labels=(label.pk,) if label else (),
        account_state=asked.account_state or "",
        segment=_matching(asked.segment, member) if asked.segment else None,
    )


def _matching(segment: int, member: TeamMember) -> Matching:
    """Whoever matches a segment that the caller sees."""
    found = segments_for(member).filter(pk=segment).first()
    if found is None:
        raise Problem.of_field("segment", "There is no such segment.")
    return Matching.of(found)


def _place(said: str) -> int | Anywhere:
    is_number = said.isascii() and said.isdecimal() and len(said) < 19
    return _ANYWHERE.get(said) or named_stage("stage", int(said) if is_number else said).pk


def _keyed(asked: ContactsAsked) -> list[int]:
    """The one contact with a key; keys go with no other condition."""
    beside = asked.model_fields_set - {"email", "external_id", "limit", "cursor"}
    if beside or (asked.email and asked.external_id):
        raise Problem(problems.INVALID, "Give email, or external_id, alone.")
    contact = contact_keyed(email=asked.email, external_id=asked.external_id)
    return [contact] if contact else []


def _shown(pk: int) -> ContactShown:
    found = contacts_of([pk])
    if not found:
        raise Problem(problems.NOT_FOUND, "There is no such contact in the book.")
    return ContactShown.of(found[0])


def _refuse_unknown_labels(said: ContactSaid) -> None:
    known = labels_by_name(said.labels)
    wrong = [
        Wrong(f"labels.{number}", "There is no such label.")
        for number, name in enumerate(said.labels)
        if name.lower() not in known
    ]
    if wrong:
        raise Problem(problems.INVALID, "There is no such label.", wrong=wrong)


def _fields(said: FieldsSaid) -> dict[str, Any]:
    """The fields that were said, as the model keeps them. Raises Problem with all that are wrong."""
    wrong: list[Wrong] = []
    fields: dict[str, Any] = {}
    for name in sorted(said.model_fields_set & FieldsSaid.model_fields.keys() - {"attributes"}):
        try:
            fields[name] = _clean(name, getattr(said, name))
        except ValidationError as error:
            wrong.append(Wrong(name, " ".join(error.messages)))
    by_key = {attribute.key: attribute for attribute in attributes()} if said.attributes else {}
    for key, value in said.attributes.items():
        try:
            fields[f"{ATTRIBUTE}{key}"] = _clean_attribute(by_key.get(key), value)
        except ValidationError as error:
            wrong.append(Wrong(f"attributes.{key[:100]}", " ".join(error.messages)))
    if wrong:
        raise Problem(problems.INVALID, wrong=wrong)
    return fields


def _clean(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    field = Contact._meta.get_field(name)
    assert isinstance(field, ModelField)
    return field.clean(value.strip(), None) or (None if field.null else "")


def _clean_attribute(attribute: Attribute | None, value: Any) -> Any:
    if attribute is None:
        raise ValidationError("There is no such attribute.")
    if not is_of_type(attribute, value):
        raise ValidationError(f"Give a value of the type {attribute.get_type_display().lower()}.")
    said = {True: YES, False: NO}[value] if isinstance(value, bool) else value
    return from_form(attribute, attribute_field(attribute, None).clean("" if said is None else str(said)))


def _kept(action: Any, **arguments: Any) -> Contact:
    """Do it; what the book refuses is a problem."""
    try:
        return action(**arguments)
    except NothingTellsApart as nothing:
        raise Problem(problems.INVALID, str(nothing)) from None
    except IntegrityError as error:
        found = beside_its_field(Contact, error)
        if found is None:
            raise
        raise Problem(problems.TAKEN, found[1], wrong=[Wrong(*found)]) from None
