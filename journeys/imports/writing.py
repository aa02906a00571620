"""Writing what a plan says. It was decided without locks, so whatever changed meanwhile sends it back.

Contacts are written first and statuses second, as the database's own triggers do, so that nobody waits in a circle.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from config.team.models import TeamMember
from contacts import actions as contact_actions
from contacts.causes import Cause
from contacts.models import Contact, Label
from journeys.book.actions import ATTRIBUTE
from journeys.imports.fields import DATE_FIELDS, FieldMap
from journeys.imports.options import ImportOptions, OnEarlier
from journeys.imports.plan import Birth, Known, Plan
from journeys.imports.queries import labels_by_name
from journeys.runs.models import Run
from journeys.status import actions as status
from stages.models import Stage

MAY_BE_NULL = frozenset({"email", "external_id", *DATE_FIELDS})


class BookChanged(Exception):
    """The book is not any more as the plan found it: the rows have to be decided anew."""

    def __init__(self) -> None:
        super().__init__("Contacts of the file were changed again and again meanwhile.")


@dataclass(frozen=True)
class Writer:
    """Writes plans of one import, each row signed with its run and the person who started it."""

    fields: FieldMap
    options: ImportOptions
    by: TeamMember
    run: Run

    def write(self, plan: Plan, stages: Mapping[int, Stage]) -> None:
        """Write births, fields, moves and labels.

        Raises:
            BookChanged: somebody changed a contact after it was read.
        """
        if plan.births:
            self._write_births(plan.births, stages)
            self._copy_contacts([birth.contact for birth in plan.births])
        if plan.changed:
            self._write_fields(list(plan.changed))
        self._write_steps([contact for contact in plan.touched if contact.steps], stages)
        _deactivate([_id(contact) for contact in plan.touched if contact.inactive and not contact.moves_inactive])
        if plan.labels:
            self._write_labels(plan)

    def _write_births(self, births: Sequence[Birth], stages: Mapping[int, Stage]) -> None:
        """Statuses come first, contacts second, so that each new contact has one row of history."""
        alike: dict[tuple[int | None, Cause], list[Birth]] = defaultdict(list)
        for birth, pk in zip(births, contact_actions.new_contact_ids(len(births)), strict=True):
            birth.contact.id = pk
            alike[birth.stage, birth.cause].append(birth)
        for (stage, cause), members in alike.items():
            status.enter_book(
                contacts=[_id(birth.contact) for birth in members],
                to=stages[stage] if stage else None,
                cause=cause,
                by=self.by,
                run=self.run,
                dates={_id(birth.contact): birth.date for birth in members if birth.date},
                inactive=frozenset(_id(birth.contact) for birth in members if birth.contact.began_inactive),
            )

    def _copy_contacts(self, contacts: Sequence[Known]) -> None:
        columns = [self._column(name, contacts) for name in self._written]
        names = ", ".join(("id", *self._written))
        statement = f"COPY contacts_contact ({names}) FROM STDIN"
        with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in zip([_id(contact) for contact in contacts], *columns, strict=True):
                copy.write_row(row)

    def _write_fields(self, contacts: Sequence[Known]) -> None:
        now = timezone.now()
        written = contact_actions.write_fields(
            contacts=[_id(contact) for contact in contacts],
            versions=[contact.version for contact in contacts],
            columns={name: self._column(name, contacts) for name in self._written},
            at=now,
            by=self.by,
        )
        if written != len(contacts):
            raise BookChanged
        self._remember_fields(contacts, now)

    def _remember_fields(self, contacts: Sequence[Known], at: datetime) -> None:
        """Keep what fields were and what they became, for an undo. Of a contact changed again, what it was at first."""
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO journeys_importedfields AS kept (run_id, contact_id, before, after, written_at)
                SELECT %s, said.*, %s FROM unnest(%s::bigint[], %s::jsonb[], %s::jsonb[]) AS said
                ON CONFLICT (run_id, contact_id) DO UPDATE SET
                    before = excluded.before || kept.before, after = kept.after || excluded.after,
                    written_at = excluded.written_at
                """,
                [
                    self.run.pk,
                    at,
                    [_id(contact) for contact in contacts],
                    *map(list, zip(*(self._before_and_after(contact) for contact in contacts), strict=True)),
                ],
            )

    def _before_and_after(self, contact: Known) -> tuple[str, str]:
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        for name, was, is_now in zip(self.fields.columns, contact.values_before, contact.values, strict=True):
            if was != is_now:
                before[name], after[name] = _plain(was), _plain(is_now)
        for key, is_now in contact.attributes.items():
            if (was := contact.attributes_before.get(key)) != is_now:
                before[ATTRIBUTE + key], after[ATTRIBUTE + key] = was, is_now
        return json.dumps(before), json.dumps(after)

    @property
    def _written(self) -> tuple[str, ...]:
        attributes = ("attributes",) if self.fields.has_attributes else ()
        return (*(self.fields.columns[index] for index in self.fields.written), *attributes)

    def _column(self, name: str, contacts: Sequence[Known]) -> list[Any]:
        """What a column is to hold for each of the contacts while their steps are taken."""
        if name == "attributes":
            return [json.dumps(contact.attributes) for contact in contacts]
        if name == "account_state":
            states = Contact.AccountState
            return [(states.INACTIVE if contact.moves_inactive else states.ACTIVE).value for contact in contacts]
        index = self.fields.columns.index(name)
        if name in MAY_BE_NULL:
            return [contact.values[index] for contact in contacts]
        return [contact.values[index] or "" for contact in contacts]

    def _write_steps(self, moving: list[Known], stages: Mapping[int, Stage]) -> None:
        """Through the one door: the first step of each contact, then the second of those that have one, and so on."""
        turn = 0
        while moving:
            alike: dict[tuple[int | None, bool], list[Known]] = defaultdict(list)
            for contact in moving:
                alike[contact.steps[turn].stage, contact.steps[turn].keep_lost].append(contact)
            for (stage, keep_lost), contacts in alike.items():
                outcome = self._through_the_door(
                    contacts=[_id(contact) for contact in contacts],
                    to=stages[stage] if stage else None,
                    keep_lost=keep_lost,
                    dates={_id(contact): date for contact in contacts if (date := contact.steps[turn].date)},
                    signatures={_id(contact): contact.signature + turn for contact in contacts},
                )
                if len(outcome.changed) != len(contacts):
                    raise BookChanged
            turn += 1
            moving = [contact for contact in moving if len(contact.steps) > turn]

    def _through_the_door(
        self,
        *,
        contacts: Sequence[int],
        to: Stage | None,
        keep_lost: bool,
        dates: Mapping[int, datetime],
        signatures: Mapping[int, int],
    ) -> status.Outcome:
        earlier_is_now = self.options.on_earlier is OnEarlier.NOW
        if to is None:
            return status.mark_lost(
                contacts=contacts,
                reason=None,
                cause=Cause.ACCOUNT_INACTIVE,
                by=self.by,
                run=self.run,
                dates=dates,
                earlier_is_now=earlier_is_now,
                signatures=signatures,
            )
        return status.change_status(
            contacts=contacts,
            to=to,
            cause=Cause.IMPORT,
            by=self.by,
            run=self.run,
            dates=dates,
            earlier_is_now=earlier_is_now,
            signatures=signatures,
            back_allowed=self.options.backward,
            keep_lost=keep_lost,
        )

    def _write_labels(self, plan: Plan) -> None:
        made = self._make_labels([plan.spellings[key] for key in plan.labels if isinstance(key, str)])
        # Letters may be alike for the database that are not for us, so that two keys turn out to be one label.
        carriers: dict[int, dict[int, None]] = defaultdict(dict)
        for key, contacts in plan.labels.items():
            label = made[plan.spellings[key]] if isinstance(key, str) else key
            carriers[label].update(dict.fromkeys(_id(contact) for contact in contacts))
        for label, members in carriers.items():
            put_on = contact_actions.put_on_label(
                contacts=list(members), label=Label(pk=label), by=self.by, cause=Cause.IMPORT, run_id=self.run.pk
            )
            if put_on != len(members):
                raise BookChanged

    def _make_labels(self, names: Sequence[str]) -> dict[str, int]:
        """Make labels that were asked for and are not there; whoever made one meanwhile made it for us too."""
        if not names:
            return {}
        Label.objects.bulk_create([Label(name=name, created_by=self.by) for name in names], ignore_conflicts=True)
        return labels_by_name(names)


def commit_without_waiting() -> None:
    """Have this transaction's commit not wait for the disk. A later commit that waits has waited for all before it."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def _deactivate(contacts: Sequence[int]) -> None:
    """Make accounts inactive whose contacts are lost by now, so that nobody else is said to have lost them."""
    Contact.objects.filter(pk__in=contacts).update(account_state=Contact.AccountState.INACTIVE)


def _plain(value: Any) -> Any:
    """A value of a field as JSON keeps it."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _id(contact: Known) -> int:
    """The number of a contact that is in the book, or is about to be."""
    assert contact.id is not None
    return contact.id
