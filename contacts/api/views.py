"""`/api/contacts`, as far as clients of Mautic's stages need it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.urls import reverse

from config.api import values
from config.api.answers import NOT_FOUND, ApiError, answer
from config.api.bodies import Data
from config.api.endpoints import Call, endpoint, needs
from config.api.listing import text_said
from config.constraints import beside_its_field
from config.team.roles import Role
from contacts.api.queries import contacts_asked_for, contacts_of
from contacts.api.wire import EVENT_TYPES, STAGE_CHANGED, contact_data, event_data, said_of
from contacts.attributes.queries import attributes
from contacts.causes import Cause
from contacts.labels.queries import labels_by_name
from contacts.models import Contact
from journeys.book.actions import erase_contacts
from journeys.history.queries import in_words
from journeys.status.actions import MoveRefused
from journeys.status.models import StatusChange
from journeys.wire.actions import NothingTellsApart, Said, add_contact_as_said, change_contact_as_said
from stages.models import Stage

EVENTS = 25
"""So many events are on a page of an activity unless a limit is given."""

MOST_EVENTS = 500


@needs(Role.VIEWER)
def list_contacts(call: Call) -> HttpResponse:
    total, found = contacts_asked_for(call.query)
    fields = attributes()
    return answer({"total": total, "contacts": {str(one.pk): contact_data(one, fields) for one in found}})


@needs(Role.VIEWER)
def get_contact(call: Call, pk: int) -> HttpResponse:
    return _answer(pk)


@needs(Role.OPERATOR)
def create_contact(call: Call) -> HttpResponse:
    """With an e-mail that is in the book, what is said of that contact; what is not said stays."""
    said = _said(call)
    for _ in range(2):  # whoever comes with the same e-mail at this moment is found the second time
        if known := _id_by_email(said.fields.get("email")):
            return _changed(call, known, said)
        try:
            contact = _kept(add_contact_as_said, said=said, by=call.by, cause=Cause.API, via=call.via)
        except ApiError:
            if not _id_by_email(said.fields.get("email")):
                raise
        else:
            return _answer(contact.pk, status=201, headers={"Location": reverse("api:contact", args=[contact.pk])})
    raise ApiError(409, "Somebody saved a contact like this at the same moment.")


@needs(Role.OPERATOR)
def replace_contact(call: Call, pk: int) -> HttpResponse:
    """Who is not in the book is added, under a number of their own."""
    if not Contact.objects.filter(pk=pk).exists():
        return create_contact(call)
    return _changed(call, pk, _said(call, replaces=True))


@needs(Role.OPERATOR)
def edit_contact(call: Call, pk: int) -> HttpResponse:
    if not Contact.objects.filter(pk=pk).exists():
        raise ApiError(404, NOT_FOUND)
    return _changed(call, pk, _said(call))


@needs(Role.ADMINISTRATOR)
def delete_contact(call: Call, pk: int) -> HttpResponse:
    """The person is erased: history keeps a number."""
    data = contact_data(_contact_or_404(pk), attributes())
    try:
        erased = erase_contacts(contacts=[pk], by=call.by)
    except OSError as error:
        raise ApiError(503, f"Nobody was erased: the register cannot be written ({error.strerror}).") from None
    if not erased:
        raise ApiError(404, NOT_FOUND)
    return answer({"contact": data})


@needs(Role.VIEWER)
def list_activity(call: Call, pk: int) -> HttpResponse:
    """The status changes of a contact, the newest first."""
    _contact_or_404(pk)
    page = max(values.count(call.query.get("page"), 1), 1)
    limit = min(values.count(call.query.get("limit"), EVENTS) or MOST_EVENTS, MOST_EVENTS)
    filters = call.query.get("filters")
    asked = filters if isinstance(filters, dict) else call.query
    included, excluded = _names(asked.get("includeEvents")), _names(asked.get("excludeEvents"))
    is_asked_for = STAGE_CHANGED not in excluded and (not included or STAGE_CHANGED in included)
    changes = StatusChange.objects.filter(contact=pk).order_by("-pk") if is_asked_for else StatusChange.objects.none()
    total = changes.count()
    start = (page - 1) * limit
    shown = list(changes[start : start + limit]) if start < total else []
    return answer(
        {
            "events": [event_data(change) for change in in_words(shown)],
            "filters": {
                "search": text_said(asked, "search"),
                "includeEvents": included,
                "excludeEvents": excluded,
            },
            "order": ["timestamp", "DESC"],
            "types": EVENT_TYPES,
            "total": total,
            "page": page,
            "limit": limit,
            "maxPages": -(-total // limit),
        }
    )


def _names(said: Any) -> list[str]:
    given = said if isinstance(said, list) else said.split(",") if isinstance(said, str) else []
    return [name for name in given if isinstance(name, str) and name]


def _said(call: Call, *, replaces: bool = False) -> Said:
    """Raises ApiError also for labels that there are not, unless the caller may make them."""
    stages = Stage.objects.in_use().in_bulk() if "stage" in call.fields else {}
    said = said_of(call.fields, attributes(), stages, replaces=replaces)
    if call.caller.role < Role.MARKETER:
        known = labels_by_name(said.put_on)
        if missing := [name for name in said.put_on if name.lower() not in known]:
            raise ApiError.of_fields({"tags": [f"There is no label “{missing[0]}”."]})
    return said


def _changed(call: Call, pk: int, said: Said) -> HttpResponse:
    _kept(change_contact_as_said, contact=pk, said=said, by=call.by, cause=Cause.API, via=call.via)
    return _answer(pk)


def _kept(action: Any, **arguments: Any) -> Contact:
    """Do it; what the book refuses is an error of the wire."""
    try:
        return action(**arguments)
    except Contact.DoesNotExist:
        raise ApiError(404, NOT_FOUND) from None
    except MoveRefused as refused:
        raise ApiError(409, str(refused)) from None
    except NothingTellsApart as nothing:
        raise ApiError(400, str(nothing)) from None
    except ValidationError as error:
        raise ApiError.of_fields({"tags": error.messages}) from None
    except IntegrityError as error:
        raise ApiError.of_fields(_taken(error)) from None


def _taken(error: IntegrityError) -> dict[str, list[str]]:
    """Which field another contact has already."""
    found = beside_its_field(Contact, error)
    if found is None:
        raise error
    field, sentence = found
    return {field: [sentence]}


def _id_by_email(email: str | None) -> int | None:
    if not email:
        return None
    same = Contact.objects.annotate(lower_email=Lower("email")).filter(lower_email=email.lower())
    return same.values_list("pk", flat=True).first()


def _contact_or_404(pk: int) -> Contact:
    found = contacts_of([pk])
    if not found:
        raise ApiError(404, NOT_FOUND)
    return found[0]


def _answer(pk: int, *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    data: Data = {"contact": contact_data(_contact_or_404(pk), attributes())}
    return answer(data, status=status, headers=headers)


contacts = endpoint(GET=list_contacts)
contact = endpoint(GET=get_contact)
new = endpoint(POST=create_contact)
edit = endpoint(PUT=replace_contact, PATCH=edit_contact)
delete = endpoint(DELETE=delete_contact)
activity = endpoint(GET=list_activity)
