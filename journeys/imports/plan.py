"""What each row of a file does to the book, decided in the order of the file: without database, clock or request.

A row finds the book as the rows before it left it, so the second row about a contact works on what the first
one made. What a row does is done whole, or it is refused and does nothing.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from contacts.causes import Cause
from journeys.imports.fields import ACCOUNT_STATE, EMAIL, EXTERNAL_ID, Row
from journeys.imports.options import Counts, Does, Key, Whom
from journeys.imports.reading import Record
from journeys.status.transitions import (
    Lost,
    Move,
    Policy,
    Refusal,
    StageFacts,
    Standing,
    Verdict,
    heading,
    judge,
    judge_date,
)

LabelKey = int | str
"""A label by its id, or by its name in small letters where it is not made yet."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing the one door is asked for: a move, or with no stage, to mark the contact lost."""

    stage: int | None
    keep_lost: bool
    date: datetime | None

    @property
    def loses(self) -> bool:
        return self.stage is None


@dataclass(slots=True, eq=False)
class Known:
    """A contact as the rows so far left it.

    Attributes:
        id: None for a contact that these rows add.
        values: in the order of `FieldMap.columns`; replaced when they change, never changed in place.
        version, signature: of the contact and its status as they were read: what is written must find the same.
        began_inactive: whether the account was inactive when it was read, or added.
        activated: whether a row made the account active, whatever a later one did.
        line: the line of the row that added it.
        steps: what the one door is asked for, in this order.
        values_before, attributes_before: as they were read.
    """

    id: int | None
    values: list[Any]
    attributes: dict[str, Any]
    began_inactive: bool
    stage: int | None
    lost: bool
    lost_reason: int | None
    since: datetime
    version: str = ""
    signature: int = 1
    labels: set[LabelKey] = field(default_factory=set)
    line: int | None = None
    activated: bool = False
    steps: list[Step] = field(default_factory=list)
    values_before: list[Any] = field(default_factory=list)
    attributes_before: dict[str, Any] = field(default_factory=dict)

    @property
    def inactive(self) -> bool:
        return self.values[ACCOUNT_STATE] == "inactive"

    @property
    def moves_inactive(self) -> bool:
        """Whether the account is inactive while its steps are taken: it is made active before, inactive after them."""
        return self.began_inactive and not self.activated

    @property
    def email_key(self) -> str | None:
        email = self.values[EMAIL]
        return email.lower() if email else None

    @property
    def external_id(self) -> str | None:
        return self.values[EXTERNAL_ID]

    def __str__(self) -> str:
        name = f"contact {self.id}" if self.line is None else f"the contact of line {self.line}"
        keys = ", ".join(key for key in (self.values[EMAIL], self.external_id) if key)
        return f"{name} ({keys})" if keys else name


@dataclass(frozen=True, slots=True)
class Birth:
    """How a contact comes into the book: where it stands at first."""

    contact: Known
    stage: int | None
    cause: Cause
    date: datetime | None


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for every row of a batch.

    Attributes:
        stage_names: names of the stages in use.
        default_stage: given to contacts that are added without a stage; None while it is closed.
        now: the clock of the database.
        filling, filling_attributes: as in `FieldMap`.

    The others are those of `ImportOptions`.
    """

    does: Does
    key: Key | None
    earlier_is_now: bool
    backward: bool
    labels_for: Whom
    makes_labels: bool
    stage_for: Whom
    filling: tuple[int, ...]
    filling_attributes: frozenset[str]
    stages: Mapping[int, StageFacts]
    stage_names: Mapping[int, str]
    policy: Policy
    default_stage: int | None
    now: datetime


class _Fate(enum.Enum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class _RowRefused(Exception):
    """The row does nothing; the message is the reason."""


class KeyHandedOver(Exception):
    """A row takes a key that an earlier one of the same batch gave up: it has to wait for the next batch."""


class Plan:
    """What a batch of rows does to the book.

    Attributes:
        counts: what becomes of the rows.
        refused: each refused row with the reason.
        births: contacts to add, in the order of the file.
        changed: contacts of the book of which fields change.
        touched: all that are added, or of which anything changes.
        unchanged: contacts of which a row changes nothing; another row may.
        labels: who gets which label.
        spellings: how labels that are not made yet are spelled, by their key: as in the first row that is not refused.
    """

    def __init__(self, rules: Rules, contacts: Iterable[Known], labels: Mapping[str, LabelKey]) -> None:
        """Begin with the contacts that the rows may match, and the labels by the names that the rows give."""
        self.counts = Counts()
        self.refused: list[tuple[Record, str]] = []
        self.births: list[Birth] = []
        self.changed: dict[Known, None] = {}
        self.labels: dict[LabelKey, list[Known]] = {}
        self.spellings: dict[LabelKey, str] = {}
        self.touched: dict[Known, None] = {}
        self.unchanged: dict[Known, None] = {}
        self._rules = rules
        self._label_keys = labels
        self._by_email: dict[str, Known] = {}
        self._by_external_id: dict[str, Known] = {}
        self._given_up: set[str] = set()
        self._verdicts: dict[tuple, Verdict] = {}
        for contact in contacts:
            self._remember(contact)

    def add(self, row: Row) -> None:
        """Decide what a row does.

        Raises:
            KeyHandedOver: it has to wait; nothing was decided.
        """
        try:
            if row.refusal:
                raise _RowRefused(row.refusal)
            fate = self._decide(row)
        except _RowRefused as refusal:
            self.counts.refused += 1
            self.refused.append((row.record, str(refusal)))
            return
        setattr(self.counts, fate.value, getattr(self.counts, fate.value) + 1)

    def _decide(self, row: Row) -> _Fate:
        if self._given_up and not self._given_up.isdisjoint(
            (f"email {row.email_key}", f"external id {row.external_id}")
        ):
            raise KeyHandedOver
        contact = self._match(row)
        if contact is None and self._rules.does is Does.UPDATE:
            raise _RowRefused("Nobody in the book is known by this, and this import adds nobody.")
        if contact and self._rules.does is Does.CREATE:
            raise _RowRefused(f"This is {contact} already, and this import changes nobody.")
        names = row.labels if contact is None or self._rules.labels_for is Whom.ALL else ()
        if not self._rules.makes_labels:
            self._refuse_unknown_labels(names)
        if contact is None:
            self._put_on_labels(self._give_birth(row), names)
            return _Fate.CREATED
        row = self._where_empty(contact, row)
        steps = self._foresee(contact, row)
        changes = [self._change_fields(contact, row), self._put_on_labels(contact, names), self._take(contact, steps)]
        if not any(changes):
            self.unchanged[contact] = None
            return _Fate.UNCHANGED
        self.touched[contact] = None
        return _Fate.UPDATED

    # Which contact a row is about

    def _match(self, row: Row) -> Known | None:
        by_email = self._by_email.get(row.email_key) if row.email_key else None
        by_external_id = self._by_external_id.get(row.external_id) if row.external_id else None
        if by_email and by_external_id and by_email is not by_external_id:
            raise _RowRefused(
                f"The row matches two contacts: {by_email} by its e-mail, {by_external_id} by its external id."
            )
        key = self._rules.key
        if key is Key.EMAIL and by_external_id and not by_email:
            raise _RowRefused(f"The external id belongs to {by_external_id}, who is not known by this e-mail.")
        is_another = key is Key.EXTERNAL_ID or (key is None and row.external_id and by_email and by_email.external_id)
        if by_email and not by_external_id and is_another:
            raise _RowRefused(f"The e-mail belongs to {by_email}, who is not known by this external id.")
        return by_external_id or by_email

    def _remember(self, contact: Known) -> None:
        if contact.email_key:
            self._by_email[contact.email_key] = contact
        if contact.external_id:
            self._by_external_id[contact.external_id] = contact

    def _forget_keys(self, contact: Known, new_values: Sequence[Any]) -> None:
        """Keys that the contact gives up are free, but not before what this batch does is written."""
        email, external_id = new_values[EMAIL], new_values[EXTERNAL_ID]
        if contact.email_key and contact.email_key != email.lower():
            del self._by_email[contact.email_key]
            self._given_up.add(f"email {contact.email_key}")
        if contact.external_id and contact.external_id != external_id:
            del self._by_external_id[contact.external_id]
            self._given_up.add(f"external id {contact.external_id}")

    # What it does to the contact's fields and labels

    def _where_empty(self, contact: Known, row: Row) -> Row:
        """The row without what only fills, where the book knows it already."""
        if not (self._rules.filling or self._rules.filling_attributes):
            return row
        values = list(row.values)
        for index in self._rules.filling:
            if contact.values[index] not in (None, ""):
                values[index] = None
        known = {key for key in self._rules.filling_attributes if contact.attributes.get(key) not in (None, "")}
        attributes = {key: value for key, value in (row.attributes or {}).items() if key not in known}
        return replace(row, values=values, attributes=attributes)

    def _change_fields(self, contact: Known, row: Row) -> bool:
        before = contact.values
        said = [
            before[index] if value is None or _is_same(index, before[index], value) else value
            for index, value in enumerate(row.values)
        ]
        new_attributes = {
            key: value for key, value in (row.attributes or {}).items() if contact.attributes.get(key) != value
        }
        if said == before and not new_attributes:
            return False
        if contact.inactive and said[ACCOUNT_STATE] == "active":
            contact.activated = True
        self._forget_keys(contact, said)
        contact.values = said
        contact.attributes = {**contact.attributes, **new_attributes}
        self._remember(contact)
        if contact.id is not None:
            self.changed[contact] = None
        return True

    def _refuse_unknown_labels(self, names: Iterable[str]) -> None:
        for name in names:
            if isinstance(self._label_keys[name], str):
                raise _RowRefused(f"There is no label “{name}”.")

    def _put_on_labels(self, contact: Known, names: Iterable[str]) -> bool:
        is_new = False
        for name in names:
            key = self._label_keys[name]
            if key not in contact.labels:
                is_new = True
                contact.labels.add(key)
                self.labels.setdefault(key, []).append(contact)
                self.spellings.setdefault(key, name)
        return is_new

    # What it does to where the contact stands

    def _foresee(self, contact: Known, row: Row) -> list[Step]:
        """The steps through the one door that a row asks for, refused as the door would refuse them."""
        goes_inactive = row.values[ACCOUNT_STATE] == "inactive"
        steps: list[Step] = []
        lost = contact.lost
        if row.stage is not None and self._rules.stage_for is Whom.ALL:
            self._refuse_date(contact, row)
            verdict = self._judge(contact, row)
            if verdict.refusal:
                raise _RowRefused(verdict.refusal.sentence)
            if verdict.changed:
                steps.append(Step(row.stage, goes_inactive, row.since))
            lost = lost and goes_inactive
        if goes_inactive and not lost:
            self._refuse_date(contact, row)
            steps.append(Step(None, True, row.since))
        return steps

    def _judge(self, contact: Known, row: Row) -> Verdict:
        """What the movement rules say to the stage of a row: judged once for all that stand and go alike."""
        if self._goes_back(contact, row):
            self.counts.back += 1
        state = row.values[ACCOUNT_STATE]
        inactive = contact.inactive and state != "active"
        alike = (contact.stage, contact.lost, contact.lost_reason, inactive, row.stage, state == "inactive")
        if alike not in self._verdicts:
            standing = Standing(
                stage=self._rules.stages[contact.stage] if contact.stage else None,
                lost=contact.lost,
                lost_reason=contact.lost_reason,
                account_inactive=inactive,
            )
            move = Move(
                cause=Cause.IMPORT,
                to=self._rules.stages[row.stage] if row.stage else None,
                lost=Lost.KEEP if state == "inactive" else Lost.RECOVER,
                back_allowed=self._rules.backward,
            )
            self._verdicts[alike] = judge(standing, move, self._rules.policy)
        return self._verdicts[alike]

    def _goes_back(self, contact: Known, row: Row) -> bool:
        if contact.stage is None or row.stage is None:
            return False
        return heading(self._rules.stages[contact.stage], self._rules.stages[row.stage]) == -1

    def _refuse_date(self, contact: Known, row: Row) -> None:
        refusal = judge_date(
            row.since, since=contact.since, now=self._rules.now, earlier_is_now=self._rules.earlier_is_now
        )
        if refusal is Refusal.BEFORE_PRESENT_STATUS:
            raise _RowRefused(
                f"{refusal.sentence} The date is {_moment(row.since)}; the contact is {self._place(contact)} "
                f"since {_moment(contact.since)}."
            )
        if refusal:
            raise _RowRefused(refusal.sentence)

    def _place(self, contact: Known) -> str:
        stage = self._rules.stage_names[contact.stage] if contact.stage else "no stage"
        return f"lost from {stage}" if contact.lost else f"in {stage}"

    def _take(self, contact: Known, steps: list[Step]) -> bool:
        for step in steps:
            usable = step.date if step.date and step.date >= contact.since else self._rules.now
            contact.since = max(usable, contact.since)
            if step.loses:
                contact.lost, contact.lost_reason = True, None
            else:
                contact.stage = step.stage
                contact.lost = contact.lost and step.keep_lost
                contact.lost_reason = contact.lost_reason if contact.lost else None
        contact.steps += steps
        return bool(steps)

    # Contacts that are new

    def _give_birth(self, row: Row) -> Known:
        stage = self._rules.default_stage if row.stage is None else row.stage
        if stage is not None and not self._rules.stages[stage].is_open:
            raise _RowRefused(Refusal.CLOSED_STAGE.sentence)
        if row.since and row.since > self._rules.now:
            raise _RowRefused(Refusal.IN_THE_FUTURE.sentence)
        inactive = row.values[ACCOUNT_STATE] == "inactive"
        values = list(row.values)
        values[ACCOUNT_STATE] = values[ACCOUNT_STATE] or "active"
        contact = Known(
            id=None,
            values=values,
            attributes=row.attributes or {},
            began_inactive=inactive,
            stage=stage,
            lost=inactive,
            lost_reason=None,
            since=row.since or self._rules.now,
            line=row.record.line,
        )
        cause = Cause.DEFAULT if row.stage is None else Cause.IMPORT
        self.births.append(Birth(contact, stage, cause, row.since))
        self._remember(contact)
        self.touched[contact] = None
        return contact


def _is_same(index: int, before: Any, said: Any) -> bool:
    """Whether a field holds already what is said; an e-mail whatever its case."""
    return before == said or (index == EMAIL and before is not None and before.lower() == said.lower())


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
