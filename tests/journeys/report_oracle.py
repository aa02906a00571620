"""Reports recounted in plain Python from the status history alone, and books with a random past to recount.

`Recount` knows nothing of flows, totals or SQL: it reads every change once and counts on its fingers.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st

from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact, Label
from journeys.book.actions import erase_contacts
from journeys.reports.queries import Place
from journeys.retiring.actions import merge_stages, retire_stage
from journeys.runs import actions as run_actions
from journeys.status import actions as status
from journeys.status.models import LostReason, StatusChange
from stages import actions as stages
from stages.models import Stage
from tests.factories import contact_in
from tests.heart import last_change, left_standing
from tests.journeys.running import done

OUTSIDE = Place(outside=True)
ZONES = [ZoneInfo(name) for name in ("UTC", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York")]


@dataclass(frozen=True)
class Change:
    """A row of history, as much of it as reports may count."""

    id: int
    contact: int
    start: Place
    end: Place
    at: datetime
    recorded_at: datetime
    direction: int | None
    cause: Cause
    lost_reason: int | None
    run: int | None
    undoes: int | None
    in_stage_since: datetime | None
    """When the stay began that this change ended, or that went on through it."""


class Recount:
    """Everybody's changes, in order.

    Args:
        as_corrected: without changes that were undone, and their undos.
        contacts: these alone, whatever others did.
    """

    def __init__(self, *, as_corrected: bool, contacts: Collection[int] | None = None) -> None:
        rows = [
            row
            for row in StatusChange.objects.order_by("id").values()
            if contacts is None or row["contact_id"] in contacts
        ]
        self._rows = [_change(row) for row in rows]
        self._standing = left_standing(rows)
        self.histories: dict[int, list[Change]] = defaultdict(list)
        for change in self._rows:
            if change.id in self._standing or not as_corrected:
                self.histories[change.contact].append(change)

    def changes(self, start: datetime | None, end: datetime | None) -> list[Change]:
        """Changes dated from `start` to before `end`; None is open."""
        every = [change for history in self.histories.values() for change in history]
        return [one for one in every if (not start or start <= one.at) and (not end or one.at < end)]

    @property
    def undone(self) -> list[tuple[Change, Change]]:
        """Each change that was undone, with its last undo."""
        undo_of = {change.undoes: change for change in self._rows if change.undoes}

        def last(change: Change) -> Change:
            return last(undo_of[change.id]) if change.id in undo_of else change

        return [(one, last(one)) for one in self._rows if not one.undoes and one.id not in self._standing]

    def place(self, contact: int, at: datetime | None) -> Place:
        """Where a contact stood before a moment; now for None."""
        before = [change for change in self.histories[contact] if not at or change.at < at]
        return before[-1].end if before else OUTSIDE

    def funnel(self, at: datetime | None) -> Counter[Place]:
        """How many stood where, in the book."""
        places = Counter(self.place(contact, at) for contact in self.histories)
        return Counter({place: count for place, count in places.items() if place != OUTSIDE})

    def standing_in(self, place: Place, at: datetime | None) -> set[int]:
        return {contact for contact in self.histories if self.place(contact, at) == place}

    def term(self, here: Place, term: str, start: datetime | None, end: datetime | None) -> list[Change]:
        """The changes of a period by which contacts came into a place that nobody is lost in, or left it so."""
        return [
            change
            for change in self.changes(start, end)
            if change.start != change.end
            and (change.end if term in ("came", "recovered") else change.start) == here
            and _is_of(term, change)
        ]

    def flows(self, start: datetime | None, end: datetime | None) -> Counter[tuple[Place, Place]]:
        """How many stood in one place at the first moment and in another, or the same, at the second."""
        pairs = Counter((self.place(contact, start), self.place(contact, end)) for contact in self.histories)
        return Counter({pair: count for pair, count in pairs.items() if pair != (OUTSIDE, OUTSIDE)})


def _is_of(term: str, change: Change) -> bool:
    goes_to_a_stage = change.end.stage is not None and not change.end.lost
    forward = goes_to_a_stage and (change.direction == 1 or change.start.stage is None)
    return {
        "came": not change.start.lost,
        "recovered": change.start.lost,
        "forward": forward,
        "back": goes_to_a_stage and change.direction == -1,
        "level": goes_to_a_stage and change.direction == 0,
        "to-none": change.end == Place(),
        "lost": change.end.lost,
        "erased": change.end.outside,
    }[term]


def _change(row: dict) -> Change:
    return Change(
        id=row["id"],
        contact=row["contact_id"],
        start=Place(row["from_stage_id"], row["from_lost"], row["from_outside"]),
        end=Place(row["to_stage_id"], row["to_lost"], row["to_outside"]),
        at=row["changed_at"],
        recorded_at=row["recorded_at"],
        direction=row["direction"],
        cause=Cause(row["cause"]),
        lost_reason=row["to_lost_reason_id"],
        run=row["run_id"],
        undoes=row["undoes_id"],
        in_stage_since=row["from_stage_since"],
    )


# A random past


FIRST = datetime(2024, 3, 1, 3, 40, tzinfo=UTC)
"""When the first contacts come: daylight saving begins in New York on the 10th, and ends on 3 November."""

ACTS = [
    *("enter", "enter", "enter", "move", "move", "move", "move", "lose", "lose", "recover", "undo", "undo"),
    *("erase", "label", "rename", "weigh", "retire", "merge", "deactivate"),
]
SHIFTS = [
    None,  # now
    *(timedelta(minutes=minutes) for minutes in (0, 5, 45)),
    *(timedelta(hours=hours) for hours in (11, 18.25, 23)),
    *(timedelta(days=days) for days in (2, 9, 30, 31, 110, 245)),
]
"""How long after the last change of a contact the next one is dated."""

steps = st.tuples(st.sampled_from(ACTS), st.integers(0, 11), st.integers(0, 7), st.sampled_from(SHIFTS))
pasts = st.lists(steps, min_size=4, max_size=28)

moments = st.builds(
    lambda zone, days: datetime(2024, 3, 1, tzinfo=zone) + timedelta(days=days),
    st.sampled_from(ZONES),
    st.sampled_from([-1, 0, 1, 2, 9, 10, 11, 31, 33, 61, 140, 246, 247, 248, 306, 400]),
)
"""Midnights of the zones, before, between and after what happens."""


def live_through(past: Iterable[tuple[str, int, int, timedelta | None]], label: Label) -> None:
    """Have a book live through a past, by the actions that people use. Some of what is asked for is refused.

    A run limits the time of its transaction, and here that would be the test's own.
    """
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(run_actions, "limit_time", lambda: None)
    try:
        _Life(label).live([("enter", 0, 1, timedelta()), *past])
    finally:
        monkeypatch.undo()


class _Life:
    def __init__(self, label: Label) -> None:
        self._label = label
        self._contacts: list[int] = []

    def live(self, past: Iterable[tuple[str, int, int, timedelta | None]]) -> None:
        for act, who, what, shift in past:
            present = [contact for contact in self._contacts if Contact.objects.filter(pk=contact).exists()]
            if act == "enter" or not present:
                self._enter(what, shift)
            elif act in ("rename", "weigh", "retire", "merge"):
                self._change_stage(act, who, what)
            else:
                self._change_contact(act, present[who % len(present)], what, shift)

    def _enter(self, what: int, shift: timedelta | None) -> None:
        since = None if shift is None else FIRST + shift
        self._contacts.append(contact_in(self._stage_or_none(what), since=since).pk)

    def _stage_or_none(self, number: int) -> Stage | None:
        in_use = [*Stage.objects.in_use(), None]
        return in_use[number % len(in_use)]

    def _change_stage(self, act: str, who: int, what: int) -> None:
        in_use = list(Stage.objects.in_use())
        stage, other = in_use[who % len(in_use)], in_use[what % len(in_use)]
        if act == "rename":
            stages.change_stage(stage=stage, fields={"name": f"{stage.name[:50]} {who}{what}"}, by=None)
        elif act == "weigh":
            stages.change_stage(stage=stage, fields={"weight": 7 * what}, by=None)
        elif stage != other and len(in_use) > 2:
            done(
                merge_stages(stage=stage, into=other, by=None)
                if act == "merge"
                else retire_stage(stage=stage, to=other if what % 2 else None, by=None)
            )

    def _change_contact(self, act: str, contact: int, what: int, shift: timedelta | None) -> None:
        last = last_change(contact)
        given = {} if shift is None else {"dates": {contact: last.changed_at + shift}}
        signed = {"contacts": [contact], "cause": Cause.MANUAL, "by": None}
        if act == "move":
            status.change_status(to=self._stage_or_none(what), back_allowed=True, **signed, **given)
        elif act == "lose":
            reason = [None, *LostReason.objects.all()][what % 3]
            status.mark_lost(reason=reason, **signed, **given)
        elif act == "recover":
            status.recover(**signed, **given)
        elif act == "undo":
            status.put_back(changes=[last.pk], cause=Cause.UNDO, by=None)
        elif act == "erase":
            erase_contacts(contacts=[contact], by=None)
        elif act == "label":
            CarriedLabel.objects.get_or_create(contact_id=contact, label=self._label)
        else:
            Contact.objects.filter(pk=contact).update(account_state="inactive")
