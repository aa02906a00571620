"""A contact in the words of Mautic's API: as it is sent, and as it is understood. Labels are its tags."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from config.api import values
from config.api.answers import ApiError
from config.api.bodies import Data
from contacts.attributes.forms import NO, YES, attribute_field, from_form
from contacts.models import Attribute, Contact
from journeys.book.actions import ATTRIBUTE
from journeys.history.queries import ChangeInWords
from journeys.status.models import FunnelStatus
from journeys.wire.actions import AS_IT_IS, Said
from stages.models import Stage

FIELDS = {
    "firstname": "first_name",
    "lastname": "last_name",
    "email": "email",
    "phone": "phone",
    "company": "company",
    "city": "city",
    "country": "country",
}
"""Mautic's names of fields. A PUT clears those that it does not name."""

OUR_FIELDS = {"external_id": "external_id"}

MOMENTS = {
    "lastActive": "last_active_at",
    "last_open_at": "last_open_at",
    "last_click_at": "last_click_at",
    "last_reply_at": "last_reply_at",
    "subscribed_at": "subscribed_at",
    "unsubscribed_at": "unsubscribed_at",
}

LONGEST_LABEL = 100
MOST_LABELS = 100

_TYPES = {
    Attribute.Type.TEXT: "text",
    Attribute.Type.NUMBER: "number",
    Attribute.Type.DATE: "date",
    Attribute.Type.YES_NO: "boolean",
    Attribute.Type.CHOICE: "select",
}


# As it is sent


def contact_data(contact: Contact, attributes: Sequence[Attribute]) -> Data:
    """A contact read with its status, stage and labels."""
    added, modified = values.written(contact.created_at), values.written(contact.updated_at)
    return {
        "isPublished": True,
        "dateAdded": added,
        "dateModified": modified if modified != added else None,
        "createdBy": None,
        "createdByUser": None,
        "modifiedBy": None,
        "modifiedByUser": None,
        "id": contact.pk,
        "points": 0,
        "color": None,
        "fields": _fields_data(contact, attributes),
        "lastActive": values.written(_last_active(contact)),
        "owner": None,
        "ipAddresses": [],
        "tags": [{"id": carried.label_id, "tag": carried.label.name} for carried in contact.carried_labels.all()],
        "utmtags": [],
        "stage": _stage_data(contact.status),
        "dateIdentified": added,
        "preferredProfileImage": "gravatar",
        "doNotContact": [],
        "frequencyRules": [],
        "account_state": contact.account_state,
        "lost": contact.status.is_lost,
        "review_needed": contact.status.review_needed,
        **{name: values.written(getattr(contact, name)) for name in MOMENTS.values() if name != MOMENTS["lastActive"]},
    }


def _fields_data(contact: Contact, attributes: Sequence[Attribute]) -> Data:
    core = {}
    for number, (alias, label, kind, value) in enumerate(_all_fields(contact, attributes), start=1):
        core[alias] = {
            "id": number,
            "label": label,
            "alias": alias,
            "type": kind,
            "group": "core",
            "object": "lead",
            "value": value,
            "normalizedValue": value,
        }
    every = {"id": contact.pk, **{alias: entry["value"] for alias, entry in core.items()}}
    return {"core": core, "social": [], "personal": [], "professional": [], "all": every}


def _all_fields(contact: Contact, attributes: Sequence[Attribute]) -> Iterator[tuple[str, str, str, Any]]:
    """Alias, label, type and value of each field."""
    for alias, name in {**FIELDS, **OUR_FIELDS}.items():
        label = str(_field(name).verbose_name).capitalize()
        yield alias, label, "email" if name == "email" else "text", getattr(contact, name) or None
    for attribute in attributes:
        alias = alias_of(attribute)
        if alias not in FIELDS and alias not in OUR_FIELDS:
            kind = _TYPES[Attribute.Type(attribute.type)]
            yield alias, attribute.name, kind, contact.attributes.get(attribute.key)


def _field(name: str) -> models.Field:
    field = Contact._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field


def alias_of(attribute: Attribute) -> str:
    """The name of an attribute on the wire, where names have no dashes."""
    return attribute.key.replace("-", "_")


def _last_active(contact: Contact) -> datetime | None:
    """As it was said, else the latest of what is known."""
    known = (contact.last_open_at, contact.last_click_at, contact.last_reply_at)
    return contact.last_active_at or max(filter(None, known), default=None)


def _stage_data(status: FunnelStatus) -> Data | None:
    """Where the contact is, or was lost from."""
    stage = status.stage
    if not stage:
        return None
    return {"id": stage.pk, "name": stage.name, "weight": stage.weight, "description": stage.description or None}


def event_data(change: ChangeInWords) -> Data:
    """A status change as an event of the contact's activity."""
    row = change.change
    return {
        "event": STAGE_CHANGED,
        "eventId": f"{STAGE_CHANGED}{row.pk}",
        "eventLabel": str(change.end),
        "eventType": EVENT_TYPES[STAGE_CHANGED],
        "eventPriority": None,
        "timestamp": values.written(row.changed_at),
        "featured": False,
        "contactId": row.contact_id,
        "details": {
            "stage": row.to_stage_id,
            "stageName": str(change.end.stage) if change.end.stage else None,
            "lost": row.to_lost,
            "lostReason": change.end.lost_reason or None,
            "previousStage": row.from_stage_id,
            "previousStageName": str(change.start.stage) if change.start.stage else None,
            "cause": row.cause,
            "changedBy": str(change.by) if change.by else None,
            "note": change.note.text if change.note else None,
            "review_needed": row.review_needed,
        },
    }


STAGE_CHANGED = "stage.changed"
EVENT_TYPES = {STAGE_CHANGED: "Stage changed"}


# As it is understood


def said_of(
    data: Data, attributes: Sequence[Attribute], stages: Mapping[int, Stage], *, replaces: bool = False
) -> Said:
    """What a body says of a contact.

    Args:
        stages: those in use.
        replaces: fields that it does not name are emptied, as PUT does. Labels, stage and what is our own stay.

    Raises:
        ApiError: 400, by field, what cannot be understood.
    """
    fields = _emptied(attributes) if replaces else {}
    put_on: tuple[str, ...] = ()
    take_off: tuple[str, ...] = ()
    stage: Any = AS_IT_IS
    wrong: dict[str, list[str]] = {}
    for name, reader in _readers(attributes).items():
        if name in data:
            try:
                fields[reader.target] = reader.read(data[name])
            except (ValueError, ValidationError) as error:
                wrong[name] = error.messages if isinstance(error, ValidationError) else [str(error)]
    try:
        put_on, take_off = labels_said(data.get("tags"))
    except ValueError as error:
        wrong["tags"] = [str(error)]
    try:
        if "stage" in data:
            stage = _stage(data["stage"], stages)
    except ValueError as error:
        wrong["stage"] = [str(error)]
    if wrong:
        raise ApiError.of_fields(wrong)
    return Said(fields, put_on, take_off, stage, values.yes_or_no(data.get("review_needed")))


def _emptied(attributes: Sequence[Attribute]) -> dict[str, Any]:
    fields: dict[str, Any] = {name: None if name == "email" else "" for name in FIELDS.values()}
    return {**fields, **{f"{ATTRIBUTE}{attribute.key}": None for attribute in attributes}}


@dataclass(frozen=True, slots=True)
class _Reader:
    """Where a value goes, as `Said.fields` names it, and how it is understood: ValueError or ValidationError if not."""

    target: str
    read: Callable[[Any], Any]


def _readers(attributes: Sequence[Attribute]) -> dict[str, _Reader]:
    """By name on the wire. Names of Mautic go before those of attributes."""
    own = {
        name: _Reader(f"{ATTRIBUTE}{one.key}", partial(_attribute, one)) for one in attributes for name in _names(one)
    }
    text = {alias: _Reader(name, partial(_text, name)) for alias, name in {**FIELDS, **OUR_FIELDS}.items()}
    moments = {alias: _Reader(name, values.moment) for alias, name in MOMENTS.items()}
    return {**own, **text, **moments, "account_state": _Reader("account_state", _account_state)}


def _names(attribute: Attribute) -> tuple[str, str]:
    return attribute.key, alias_of(attribute)


def _text(name: str, value: Any) -> str | None:
    field = _field(name)
    return field.clean(values.text(value), None) or (None if field.null else "")


def _account_state(value: Any) -> str:
    said = values.text(value).lower()
    if said not in Contact.AccountState.values:
        raise ValueError("Say active or inactive.")
    return said


def _attribute(attribute: Attribute, value: Any) -> Any:
    if attribute.type == Attribute.Type.YES_NO and value not in (None, ""):
        said: str = YES if values.yes_or_no(value) else NO
    else:
        said = values.text(value)
    return from_form(attribute, attribute_field(attribute, None).clean(said))


def labels_said(value: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of labels to put on and, after a minus, to take off: an array, or text with commas.

    Raises:
        ValueError: it is something else, or a name is too long.
    """
    given = value if isinstance(value, list) else values.text(value).split(",")
    names = [values.text(one.get("tag") if isinstance(one, dict) else one) for one in given]
    if len(names) > MOST_LABELS:
        raise ValueError(f"Give at most {MOST_LABELS} tags.")
    if any(len(name.removeprefix("-")) > LONGEST_LABEL for name in names):
        raise ValueError(f"A tag has at most {LONGEST_LABEL} characters.")
    take_off = {name[1:].strip().lower(): name[1:].strip() for name in names if name.startswith("-")}
    put_on = {name.lower(): name for name in names if not name.startswith("-")}
    return tuple(filter(None, put_on.values())), tuple(filter(None, take_off.values()))


def _stage(value: Any, stages: Mapping[int, Stage]) -> Stage | None:
    """A stage by its number, or the whole of it as it was sent; None for no stage."""
    number = values.identifier(value.get("id") if isinstance(value, dict) else value)
    if number and number not in stages:
        raise ValueError("There is no such stage.")
    return stages[number] if number else None
