"""Writes to the Contact Book. Where a contact stands is written by `journeys`; see `journeys/book/actions.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact, Label


def new_contact_ids(count: int) -> list[int]:
    """So many ids from the sequence of contacts, for statuses that are written before their contacts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('contacts_contact', 'id')) FROM generate_series(1, %s)", [count]
        )
        return [row[0] for row in cursor.fetchall()]


def change_fields(*, contact: Contact, fields: Mapping[str, Any], by: TeamMember | None) -> list[str]:
    """Save those of the fields that differ from what the book holds now.

    Args:
        contact: as it was read; brought up to date.
        fields: values by name of the model's field.

    Returns: the names of the fields that changed.
    """
    with transaction.atomic():
        stored = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
        changed = [name for name, value in fields.items() if getattr(stored, name) != value]
        for name, value in fields.items():
            setattr(contact, name, value)
        if changed:
            contact.updated_at = timezone.now()
            contact.save(update_fields=[*changed, "updated_at"])
    return changed


def write_fields(
    *,
    contacts: Sequence[int],
    columns: Mapping[str, Sequence[Any]],
    versions: Sequence[str] | None = None,
    at: datetime,
    by: TeamMember | None,
) -> int:
    """Give fields of many contacts new values, in one statement.

    Args:
        columns: a value for each contact, by the name of the column; attributes as JSON.
        versions: `xmin` of each contact as it was read; another one is left alone.
        at: when they were changed.

    Returns: how many were written.
    """
    sets = ", ".join(f"{name} = said.{name}" for name in columns)
    arrays = "".join(f", %s::{_type_of(name)}[]" for name in columns)
    names = "".join(f", {name}" for name in columns)
    given = ("", "", "") if versions is None else (", %s::xid[]", ", version", "AND contact.xmin = said.version")
    array, name, condition = given
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE contacts_contact contact SET {sets}, updated_at = %s
            FROM unnest(%s::bigint[]{array}{arrays}) AS said (id{name}{names})
            WHERE contact.id = said.id {condition}
            """,
            [at, list(contacts), *([] if versions is None else [list(versions)]), *map(list, columns.values())],
        )
        return cursor.rowcount


def _type_of(column: str) -> str:
    """The type in which values of a column of contacts are sent."""
    if column == "attributes":
        return "jsonb"
    return "timestamptz" if column.endswith("_at") else "text"


def put_on_label(
    *,
    contacts: Sequence[int],
    label: Label,
    by: TeamMember | None,
    cause: Cause,
    run_id: int | None = None,
    dates: Mapping[int, datetime] | None = None,
) -> int:
    """Put a label on contacts. Those that carry it already stay as they are.

    Args:
        dates: since when they carry it, by contact; now where none is given.

    Returns: how many got it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO contacts_carriedlabel (contact_id, label_id, since, by_id, cause, run_id)
            SELECT id, %s, coalesce(date, clock_timestamp()), %s, %s, %s
            FROM contacts_contact JOIN unnest(%s::bigint[], %s::timestamptz[]) AS asked (id, date) USING (id)
            ORDER BY id
            ON CONFLICT DO NOTHING
            """,
            [
                label.pk,
                by.pk if by else None,
                cause,
                run_id,
                list(contacts),
                [dates.get(contact) for contact in contacts] if dates else [],
            ],
        )
        return cursor.rowcount


def take_off_label(
    *, contacts: Sequence[int], label: Label, by: TeamMember | None, cause: Cause, run_id: int | None = None
) -> int:
    """Take a label off contacts. Returns how many carried it."""
    carried = CarriedLabel.objects.filter(label=label, contact__in=contacts)
    with transaction.atomic():
        carried.update(taken_off=True, by=by, cause=cause, run_id=run_id)
        return carried.filter(taken_off=True).delete()[0]
