"""What can be exported of a contact: each column with its heading and the SQL that gives it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contacts.models import Attribute, Contact

OF_CONTACTS = ("email", "external_id", "first_name", "last_name", "phone", "company", "city", "country")
MOMENTS = ("subscribed_at", "unsubscribed_at", "last_open_at", "last_click_at", "last_reply_at", "last_active_at")

LABELS = "labels"
_LABELS = "ARRAY(SELECT label_id FROM contacts_carriedlabel carried WHERE carried.contact_id = contact.id)"
"""Their names are put in afterwards: joined to them here, a million contacts take half as long again."""

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
        sql: gives text, or a number where that is one, with `values` in place of `%s`; of labels their numbers.
        is_typed: whether people typed what stands in it.
    """

    code: str
    heading: str
    group: str
    sql: str
    values: tuple[Any, ...] = ()
    is_typed: bool = True


def _of_contacts(zone: str) -> list[Column]:
    headings = {name: _heading(name) for name in (*OF_CONTACTS, *MOMENTS, "account_state", "created_at")}
    return [
        Column("number", "Number", "Contact", "contact.id", is_typed=False),
        *(Column(name, headings[name], "Contact", f"contact.{name}") for name in OF_CONTACTS),
        Column("stage", "Stage", "Funnel status", "stage.name"),
        _moment("since", "Since", "Funnel status", "status.since", zone),
        _moment("stage_since", "In stage since", "Funnel status", "status.stage_since", zone),
        Column("lost", "Lost", "Funnel status", "CASE WHEN status.lost_at IS NULL THEN 'no' ELSE 'yes' END"),
        Column("lost_reason", "Lost reason", "Funnel status", "reason.name"),
        Column("account_state", headings["account_state"], "Funnel status", "contact.account_state"),
        Column(LABELS, "Labels", "Labels", _LABELS),
        *(_moment(name, headings[name], "Dates", f"contact.{name}", zone) for name in (*MOMENTS, "created_at")),
    ]


def _moment(code: str, heading: str, group: str, sql: str, zone: str) -> Column:
    """To the second, as people and spreadsheets read it, in a time zone."""
    sql = f"date_trunc('second', {sql} AT TIME ZONE %s)::text"
    return Column(code, heading, group, sql, (zone,), is_typed=False)


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
        return Column(code, heading, "Attributes", _NUMBER, (attribute.key, attribute.key), is_typed=False)
    return Column(code, heading, "Attributes", "contact.attributes ->> %s", (attribute.key,))
