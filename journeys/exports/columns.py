"""What can be exported of a contact: each column with its heading and the SQL that gives it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contacts.models import Attribute, Contact

OF_CONTACTS = ("email", "external_id", "first_name", "last_name", "phone", "company", "city", "country")
MOMENTS = ("subscribed_at", "unsubscribed_at", "last_open_at", "last_click_at", "last_reply_at", "last_active_at")

_LABELS = """
    (SELECT string_agg(label.name, '; ' ORDER BY lower(label.name))
     FROM contacts_carriedlabel carried JOIN contacts_label label ON label.id = carried.label_id
     WHERE carried.contact_id = contact.id)
"""
_MOMENT = "date_trunc('second', {} AT TIME ZONE %s)::text"
_NUMBER = """
    CASE WHEN jsonb_typeof(contact.attributes -> %s) = 'number' THEN (contact.attributes ->> %s)::numeric END
"""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an export.

    Attributes:
        code: how it is chosen; `attributes.` and the key for an attribute.
        heading: the first line of the file.
        group: the words under which a form offers it.
        sql: gives text, or a number where that is one, with `values` in place of `%s`.
    """

    code: str
    heading: str
    group: str
    sql: str
    values: tuple[Any, ...] = ()


def _of_contacts(zone: str) -> list[Column]:
    headings = {name: _heading(name) for name in (*OF_CONTACTS, *MOMENTS, "account_state", "created_at")}
    return [
        Column("number", "Number", "Contact", "contact.id"),
        *(Column(name, headings[name], "Contact", f"contact.{name}") for name in OF_CONTACTS),
        Column("stage", "Stage", "Funnel status", "stage.name"),
        Column("since", "Since", "Funnel status", _MOMENT.format("status.since"), (zone,)),
        Column("stage_since", "In stage since", "Funnel status", _MOMENT.format("status.stage_since"), (zone,)),
        Column("lost", "Lost", "Funnel status", "CASE WHEN status.lost_at IS NULL THEN 'no' ELSE 'yes' END"),
        Column("lost_reason", "Lost reason", "Funnel status", "reason.name"),
        Column("account_state", headings["account_state"], "Funnel status", "contact.account_state"),
        Column("labels", "Labels", "Labels", _LABELS),
        *(
            Column(name, headings[name], "Dates", _MOMENT.format(f"contact.{name}"), (zone,))
            for name in (*MOMENTS, "created_at")
        ),
    ]


def _heading(name: str) -> str:
    words = str(Contact._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return words[0].upper() + words[1:]


def columns(attributes: Sequence[Attribute], *, zone: str) -> list[Column]:
    """Every column there is; an attribute named like another column goes by its key.

    Args:
        attributes: those that the organisation defined.
        zone: the name of the time zone in which moments are given, to the second.
    """
    own = _of_contacts(zone)
    taken = {column.heading.casefold() for column in own}
    return [*own, *(_of_attribute(attribute, taken) for attribute in attributes)]


def _of_attribute(attribute: Attribute, taken: set[str]) -> Column:
    code = f"attributes.{attribute.key}"
    heading = code if attribute.name.casefold() in taken else attribute.name
    if attribute.type == Attribute.Type.NUMBER:
        return Column(code, heading, "Attributes", _NUMBER, (attribute.key, attribute.key))
    return Column(code, heading, "Attributes", "contact.attributes ->> %s", (attribute.key,))
