"""What touches a contact and its funnel status in one go: adding, changing the account state, one move, erasing.

Locks are taken on contacts first and statuses second, as the database's own triggers do.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from config.team.models import TeamMember
from contacts import actions as contact_actions
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact
from journeys.erasing import register
from journeys.erasing.forgetting import NAMED_BY, People, forget
from journeys.rules.queries import funnel_settings
from journeys.runs.models import Run
from journeys.status import actions as status
from journeys.status.models import StatusChange
from stages.models import Stage


class _Default:
    """Stands for "the default status, whatever it is"."""


DEFAULT_STATUS = _Default()


def add_contact(
    *,
    fields: Mapping[str, Any],
    stage: Stage | _Default | None = DEFAULT_STATUS,
    since: datetime | None = None,
    by: TeamMember | None,
    cause: Cause,
    via: int | None = None,
) -> Contact:
    """Add a contact to the book, with one row of history for where it stands.

    Args:
        fields: values by name of the model's field.
        stage: an explicit one, None for none, or the default status.
        since: when it began to stand there; now if left out.
        by, cause: who added it and why. The default status is recorded with cause default.
        via: the web form or token behind the cause.

    Raises:
        MoveRefused: the stage is closed, or the date lies in the future.
        IntegrityError: the e-mail or external id is taken.
    """
    with transaction.atomic():
        to, recorded_cause = (default_stage(), Cause.DEFAULT) if isinstance(stage, _Default) else (stage, cause)
        (pk,) = contact_actions.new_contact_ids(1)
        contact = Contact(pk=pk, **fields)
        status.enter_book(
            contacts=[pk],
            to=to,
            cause=recorded_cause,
            by=by,
            via=via,
            dates={pk: since} if since else None,
            inactive=frozenset([pk] if contact.account_state == Contact.AccountState.INACTIVE else []),
        )
        contact.save(force_insert=True)
    return contact


def default_stage() -> Stage | None:
    """The default status for a contact that comes now: none while the default stage is closed."""
    stage = funnel_settings().default_stage
    return stage if stage and stage.is_open(timezone.now()) else None


def change_contact(*, contact: Contact, fields: Mapping[str, Any], by: TeamMember | None) -> list[str]:
    """Change fields of a contact. An account made inactive is lost, by the same person; active does not recover.

    Returns: the names of the fields that changed.
    """
    with transaction.atomic():
        Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
        if fields.get("account_state") == Contact.AccountState.INACTIVE:
            status.mark_lost(contacts=[contact.pk], reason=None, cause=Cause.ACCOUNT_INACTIVE, by=by)
        return contact_actions.change_fields(contact=contact, fields=fields, by=by)


class ChangedMeanwhile(Exception):
    """Somebody changed fields of the contact after they were read; `fields` holds the values of now, by name."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        super().__init__(f"Somebody changed {', '.join(fields)} meanwhile.")
        self.fields = fields


ATTRIBUTE = "attributes."
"""How `change_contact_as_seen` names an attribute: this and its key. None takes its value away."""


def change_contact_as_seen(
    *, contact: int, seen: Mapping[str, Any], fields: Mapping[str, Any], by: TeamMember | None
) -> list[str]:
    """Change fields of a contact as `change_contact` does, unless somebody else changed one of them meanwhile.

    Args:
        contact: its id.
        seen: what the person saw in these fields.
        fields: the new values, single attributes among them (`ATTRIBUTE`); the others stay as they are.

    Returns: the names of the model's fields that changed.

    Raises:
        ChangedMeanwhile: a field holds neither what the person saw nor what it is to become.
        Contact.DoesNotExist: the contact was erased.
        IntegrityError: the e-mail or external id is taken.
    """
    with transaction.atomic():
        stored = Contact.objects.select_for_update(no_key=True).get(pk=contact)
        present = {name: _value(stored, name) for name in fields}
        changed = {name: value for name, value in present.items() if value != seen[name] and value != fields[name]}
        if changed:
            raise ChangedMeanwhile(changed)
        return change_contact(contact=stored, fields=_with_attributes(stored, fields), by=by)


def _value(contact: Contact, name: str) -> Any:
    if name.startswith(ATTRIBUTE):
        return contact.attributes.get(name.removeprefix(ATTRIBUTE))
    return getattr(contact, name)


def _with_attributes(contact: Contact, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Single attributes put together with those that stay."""
    values = {name: value for name, value in fields.items() if not name.startswith(ATTRIBUTE)}
    given = {name.removeprefix(ATTRIBUTE): value for name, value in fields.items() if name.startswith(ATTRIBUTE)}
    if given:
        attributes = {**contact.attributes, **given}
        values["attributes"] = {key: value for key, value in attributes.items() if value is not None}
    return values


def activate_accounts(*, contacts: Sequence[int], by: TeamMember | None) -> list[int]:
    """Make accounts active. Lost contacts stay lost until somebody recovers them. Returns those that were inactive."""
    with transaction.atomic():
        inactive = _lock_accounts(contacts, Contact.AccountState.INACTIVE)
        _set_account_state(inactive, Contact.AccountState.ACTIVE)
    return inactive


def deactivate_accounts(*, contacts: Sequence[int], by: TeamMember | None, run: Run | None = None) -> list[int]:
    """Make accounts inactive, which makes the contacts lost, by the same person. Returns those that were active."""
    with transaction.atomic():
        active = _lock_accounts(contacts, Contact.AccountState.ACTIVE)
        status.mark_lost(contacts=active, reason=None, cause=Cause.ACCOUNT_INACTIVE, by=by, run=run)
        _set_account_state(active, Contact.AccountState.INACTIVE)
    return active


def _lock_accounts(contacts: Sequence[int], state: Contact.AccountState) -> list[int]:
    """Lock those of the contacts whose account is in this state, in the order of the key."""
    found = Contact.objects.filter(pk__in=contacts, account_state=state).order_by("pk")
    return list(found.select_for_update(no_key=True).values_list("pk", flat=True))


def _set_account_state(contacts: Sequence[int], state: Contact.AccountState) -> None:
    Contact.objects.filter(pk__in=contacts).update(account_state=state, updated_at=timezone.now())


def erase_contacts(*, contacts: Sequence[int], by: TeamMember | None, run: Run | None = None) -> list[int]:
    """Erase people: the contact, what was noted, what they carried, and their names wherever else they stand.

    History keeps their number and no word, and so does the register beside the database.

    Returns: those that were in the book.

    Raises:
        OSError: the register cannot be written. Nobody is erased.
    """
    with transaction.atomic():
        people = People.of(_locked_to_leave(contacts).only(*NAMED_BY))
        if people.numbers:
            forget(people)
        _leave(people.numbers, by, run)
        register.write(people.numbers, timezone.now())
    return people.numbers


def remove_contacts(*, contacts: Sequence[int], by: TeamMember | None, run: Run) -> None:
    """Take contacts out of the book that an import added by mistake. What imports keep of them stays."""
    with transaction.atomic():
        _leave(list(_locked_to_leave(contacts).values_list("pk", flat=True)), by, run)


def _locked_to_leave(contacts: Sequence[int]) -> QuerySet[Contact]:
    return Contact.objects.select_for_update().filter(pk__in=contacts).order_by("pk")


def _leave(contacts: Sequence[int], by: TeamMember | None, run: Run | None) -> None:
    carried = CarriedLabel.objects.filter(contact__in=contacts)
    carried.update(taken_off=True, by=by, cause=Cause.ERASED, run_id=run.pk if run else None)
    status.leave_book(contacts=contacts, by=by, run=run)
    Contact.objects.filter(pk__in=contacts).delete()


@dataclass(frozen=True, slots=True)
class OneMove:
    """What became of a move of one contact; `change` is the row of history that it made, to undo it."""

    outcome: status.Outcome
    change: int | None = None


def one_move(
    *, contact: int, move: Callable[[], status.Outcome], activate: bool = False, by: TeamMember | None
) -> OneMove:
    """Do one move of one contact and say which row of history it made. One transaction.

    Args:
        contact: who is moved.
        move: the action of `journeys.status.actions`, ready to be called.
        activate: make the account active first; if the move is refused, it stays as it was.
        by: who makes it active.
    """
    with transaction.atomic():
        if activate:
            activate_accounts(contacts=[contact], by=by)
        outcome = move()
        if outcome.refusal:
            transaction.set_rollback(True)
            return OneMove(outcome)
        change = StatusChange.objects.filter(contact=contact).latest("id").pk if outcome.changed else None
    return OneMove(outcome, change)
