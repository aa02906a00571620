"""`/api/v1/labels`, and the labels that a contact carries."""

from django.core.exceptions import ValidationError
from ninja import Router
from pydantic import Field

from config.api.v1 import problems
from config.api.v1.operations import CalledRequest, operation
from config.api.v1.problems import Problem, Wrong
from config.api.v1.schemas import Id, Name, Page, Said, Shown
from config.team.roles import Role
from contacts.actions import put_on_label, take_off_label
from contacts.causes import Cause
from contacts.labels.actions import create_label
from contacts.labels.queries import label_named, labels_on, labels_with_counts
from contacts.models import Contact, Label

router = Router(tags=["Labels"])


class LabelShown(Shown):
    id: int
    name: str
    colour: str


class CountedLabel(LabelShown):
    """`contacts`: how many carry it."""

    contacts: int


class CarriedShown(Shown):
    """What a contact carries now."""

    labels: list[str]
    changed: bool


class LabelSaid(Said):
    model_config = {"json_schema_extra": {"examples": [{"name": "vip"}]}}

    name: Name
    colour: str = Field(default=Label._meta.get_field("colour").default, pattern="^#[0-9a-fA-F]{6}$")


@operation(router, "GET", "/labels", name="labels", role=Role.VIEWER, shows=Page[CountedLabel])
def list_labels(request: CalledRequest) -> Page[CountedLabel]:
    """Every label by name, with how many contacts carry it"""
    shown = [
        CountedLabel(id=label.pk, name=label.name, colour=label.colour, contacts=label.contacts)  # type: ignore[attr-defined]
        for label in labels_with_counts()
    ]
    return Page[CountedLabel](items=shown, next=None)


@operation(router, "POST", "/labels", name="labels", role=Role.MARKETER, shows=LabelShown, status=201)
def add_label(request: CalledRequest, said: LabelSaid) -> LabelShown:
    """Add a label"""
    if label_named(said.name.strip()):
        message = "There is a label of this name already."
        raise Problem(problems.TAKEN, message, wrong=[Wrong("name", message)])
    try:
        label = create_label(name=said.name.strip(), colour=said.colour, by=request.caller.member)
    except ValidationError as error:
        raise Problem.of_field("name", " ".join(error.messages)) from None
    return LabelShown(id=label.pk, name=label.name, colour=label.colour)


@operation(
    router,
    "PUT",
    "/contacts/{int:contact}/labels/{path:label}",
    name="label_of_contact",
    role=Role.OPERATOR,
    shows=CarriedShown,
    may_refuse=(404,),
)
def put_on(request: CalledRequest, contact: Id, label: str) -> CarriedShown:
    """Put a label on a contact"""
    found, named = _found(contact, label)
    count = put_on_label(contacts=[found.pk], label=named, by=request.caller.member, cause=Cause.API)
    return _carried(found, count)


@operation(
    router,
    "DELETE",
    "/contacts/{int:contact}/labels/{path:label}",
    name="label_of_contact",
    role=Role.OPERATOR,
    shows=CarriedShown,
    may_refuse=(404,),
)
def take_off(request: CalledRequest, contact: Id, label: str) -> CarriedShown:
    """Take a label off a contact"""
    found, named = _found(contact, label)
    count = take_off_label(contacts=[found.pk], label=named, by=request.caller.member, cause=Cause.API)
    return _carried(found, count)


def _found(contact: int, label: str) -> tuple[Contact, Label]:
    named = None if "\0" in label else label_named(label)
    if named is None:
        raise Problem(problems.NOT_FOUND, "There is no such label.")
    return Contact.objects.only("pk").get(pk=contact), named


def _carried(contact: Contact, count: int) -> CarriedShown:
    return CarriedShown(labels=[carried.label.name for carried in labels_on(contact)], changed=count > 0)
