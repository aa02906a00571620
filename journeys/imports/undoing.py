"""Undoing an import, a slice of its contacts within one transaction.

Who was created goes, if nobody touched them since. Of the others, fields, labels, account state and status are as they
were before; what was changed since stays, and the contact is named with that reason.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models.functions import Lower
from django.utils import timezone

from contacts.actions import take_off_label, write_fields
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact
from journeys.book import actions as book
from journeys.book.actions import ATTRIBUTE
from journeys.book.queries import in_the_book
from journeys.imports.models import ImportedFields
from journeys.runs.models import Run
from journeys.status import actions as status
from journeys.status.models import FunnelStatus, LostReason, StatusChange
from journeys.status.requests import Outcome
from journeys.status.transitions import Refusal
from stages.models import Stage

_KEYS = ("email", "external_id")

UNTOUCHED = """
    SELECT contact.id FROM contacts_contact contact
    JOIN journeys_funnelstatus status ON contact_id = contact.id
    LEFT JOIN journeys_importedfields fields ON fields.run_id = %(undone)s AND fields.contact_id = contact.id
    WHERE contact.id IN ({contacts}) AND status.run_id = %(undone)s
      AND contact.updated_at = coalesce(fields.written_at, contact.created_at)
      AND NOT EXISTS (SELECT FROM contacts_note note WHERE note.contact_id = contact.id)
      AND NOT EXISTS (SELECT FROM journeys_submission sent WHERE sent.contact_id = contact.id)
      AND NOT EXISTS (SELECT FROM contacts_labelchange change
                      WHERE change.contact_id = contact.id AND change.run_id IS DISTINCT FROM %(undone)s)
"""
"""Those of the contacts that an import created and nothing has touched since."""


def undo_slice(*, run: Run, undone: int, contacts: Sequence[int]) -> Outcome:
    """Put back what an import did to these contacts.

    Args:
        run: the undo; undone: the id of the run of the import.
    """
    outcome = Outcome()
    _lock(contacts)
    created = _created(undone, contacts)
    go = _untouched(undone, created)
    if go:
        book.remove_contacts(contacts=go, by=run.started_by, run=run)
    _refuse(outcome, [contact for contact in created if contact not in set(go)], Refusal.CHANGED_SINCE)
    updated = [contact for contact in contacts if contact not in set(created)]
    back, left = _put_back_all(run, undone, updated)
    outcome.changed = sorted({*go, *back} - left.keys())
    reasons: dict[Refusal, list[int]] = defaultdict(list)
    for contact, reason in left.items():
        reasons[reason].append(contact)
    for reason, members in reasons.items():
        _refuse(outcome, members, reason)
    settled = {*go, *created, *back, *left}
    rest = [contact for contact in updated if contact not in settled]
    still_here = in_the_book(rest)
    outcome.unchanged = [contact for contact in rest if contact in still_here]
    if gone := [contact for contact in rest if contact not in still_here]:
        outcome.refused[Refusal.NOT_IN_THE_BOOK] += gone
    return outcome


def _lock(contacts: Sequence[int]) -> None:
    list(Contact.objects.select_for_update().filter(pk__in=contacts).order_by("pk").values_list("pk"))
    list(FunnelStatus.objects.select_for_update().filter(pk__in=contacts).order_by("pk").values_list("pk"))


def _created(undone: int, contacts: Sequence[int]) -> list[int]:
    """Those that the import brought into the book."""
    births = StatusChange.objects.filter(contact__in=contacts, run=undone, from_outside=True)
    return list(births.order_by("contact_id").values_list("contact_id", flat=True))


def _untouched(undone: int, created: Sequence[int]) -> list[int]:
    if not created:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            UNTOUCHED.format(contacts="SELECT unnest(%(contacts)s::bigint[])"),
            {"undone": undone, "contacts": list(created)},
        )
        return [row[0] for row in cursor.fetchall()]


def _refuse(outcome: Outcome, contacts: Sequence[int], refusal: Refusal) -> None:
    """Contacts that keep what was changed since; those erased are not in the book any more."""
    here = in_the_book(contacts)
    for contact in contacts:
        outcome.refused[refusal if contact in here else Refusal.NOT_IN_THE_BOOK].append(contact)


def _put_back_all(run: Run, undone: int, contacts: Sequence[int]) -> tuple[set[int], dict[int, Refusal]]:
    """Returns whom something was put back of, and of whom something stays, with the reason."""
    back: set[int] = set()
    left: dict[int, Refusal] = {}
    kept = list(ImportedFields.objects.filter(run=undone, contact_id__in=contacts))
    stored = Contact.objects.defer("search").in_bulk([fields.contact_id for fields in kept])
    returning = {
        fields.contact_id: _returning(stored[fields.contact_id], fields, left)
        for fields in kept
        if fields.contact_id in stored
    }
    _leave_taken_keys(returning, left)
    _set_accounts(run, returning, Contact.AccountState.ACTIVE)
    back |= _put_back_moves(run, undone, contacts, left)
    _set_accounts(run, returning, Contact.AccountState.INACTIVE)
    _write({pk: values for pk, values in returning.items() if values}, stored, run)
    back |= {pk for pk, values in returning.items() if values}
    back |= _take_off_labels(run, undone, contacts)
    return back, left


# Fields


def _returning(contact: Contact, fields: ImportedFields, left: dict[int, Refusal]) -> dict[str, Any]:
    """What fields are to hold again: those that hold still what the import wrote."""
    values = {}
    for name, after in fields.after.items():
        if _value(contact, name) == after:
            values[name] = fields.before[name]
        elif _value(contact, name) != fields.before[name]:
            left[contact.pk] = Refusal.CHANGED_SINCE
    return values


def _value(contact: Contact, name: str) -> Any:
    """What a field holds, as `ImportedFields` writes it."""
    if name.startswith(ATTRIBUTE):
        return contact.attributes.get(name.removeprefix(ATTRIBUTE))
    value = getattr(contact, name)
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _leave_taken_keys(returning: Mapping[int, dict[str, Any]], left: dict[int, Refusal]) -> None:
    """A key that somebody else has by now does not return; whoever gives it up here does not have it."""
    for name in _KEYS:
        wanted = {values[name].lower(): pk for pk, values in returning.items() if values.get(name)}
        if not wanted:
            continue
        giving_up = [pk for pk, values in returning.items() if name in values]
        holders = Contact.objects.annotate(key=Lower(name)).filter(key__in=wanted).exclude(pk__in=giving_up)
        for key in holders.values_list("key", flat=True):
            del returning[wanted[key]][name]
            left[wanted[key]] = Refusal.CHANGED_SINCE


def _set_accounts(run: Run, returning: dict[int, dict[str, Any]], state: str) -> None:
    """Accounts are made active before the contacts are moved back, and inactive after that."""
    contacts = sorted(pk for pk, values in returning.items() if values.get("account_state") == state)
    if state == Contact.AccountState.ACTIVE:
        book.activate_accounts(contacts=contacts, by=run.started_by)
    else:
        book.deactivate_accounts(contacts=contacts, by=run.started_by, run=run)


def _write(returning: Mapping[int, dict[str, Any]], stored: Mapping[int, Contact], run: Run) -> None:
    """Write what returns, all contacts with the same fields at once; keys are free before they are taken again."""
    alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for pk, values in returning.items():
        for name, value in values.items():
            _set(stored[pk], name, value)
        alike[tuple(sorted({name.split(".")[0] for name in values}))].append(pk)
    now = timezone.now()
    for is_first in (True, False):
        for names, members in alike.items():
            columns = {
                name: [None if is_first else _column(stored[pk], name) for pk in members]
                for name in names
                if name in _KEYS or not is_first
            }
            if columns:
                write_fields(contacts=members, columns=columns, at=now, by=run.started_by)


def _set(contact: Contact, name: str, value: Any) -> None:
    if not name.startswith(ATTRIBUTE):
        setattr(contact, name, value)
    elif value is None:
        contact.attributes.pop(name.removeprefix(ATTRIBUTE), None)
    else:
        contact.attributes[name.removeprefix(ATTRIBUTE)] = value


def _column(contact: Contact, name: str) -> Any:
    value = getattr(contact, name)
    if name == "attributes":
        return json.dumps(value)
    return value if value is not None or name in _KEYS or name.endswith("_at") else ""


# Moves and labels


def _put_back_moves(run: Run, undone: int, contacts: Sequence[int], left: dict[int, Refusal]) -> set[int]:
    """Contacts that the import moved last go back to where they were before its first move."""
    moves: dict[int, list[StatusChange]] = defaultdict(list)
    related = StatusChange.objects.select_related("from_stage", "from_lost_reason")
    for change in related.filter(contact__in=contacts, run=undone).order_by("pk"):
        moves[change.contact_id].append(change)
    last_by_import = FunnelStatus.objects.filter(pk__in=moves, run=undone).values_list("pk", flat=True)
    still = set(last_by_import)
    left |= {contact: Refusal.MOVED_SINCE for contact in moves if contact not in still}
    outcome = status.put_back(
        changes=[changes[0].pk for contact, changes in moves.items() if contact in still and len(changes) == 1],
        cause=Cause.UNDO,
        by=run.started_by,
        run=run,
    )
    places: dict[tuple[Stage | None, bool, LostReason | None], list[int]] = defaultdict(list)
    for contact, changes in moves.items():
        if contact in still and len(changes) > 1:
            first = changes[0]
            places[first.from_stage, first.from_lost, first.from_lost_reason].append(contact)
    for (stage, lost, reason), members in places.items():
        outcome.add(
            status.return_to_status(
                contacts=members, to=stage, lost=lost, reason=reason, cause=Cause.UNDO, by=run.started_by, run=run
            )
        )
    left |= {contact: refusal for refusal, members in outcome.refused.items() for contact in members}
    return set(outcome.changed)


def _take_off_labels(run: Run, undone: int, contacts: Sequence[int]) -> set[int]:
    """Labels that the import put on and nobody else took off or put on since."""
    carrying: dict[Any, list[int]] = defaultdict(list)
    carried = CarriedLabel.objects.select_related("label").filter(contact__in=contacts, run_id=undone)
    for mark in carried.order_by("label_id", "contact_id"):
        carrying[mark.label].append(mark.contact_id)
    for label, members in carrying.items():
        take_off_label(contacts=members, label=label, by=run.started_by, cause=Cause.UNDO, run_id=run.pk)
    return {contact for members in carrying.values() for contact in members}
