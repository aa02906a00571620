"""A preview in words and as a table: pure."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from contacts.causes import Cause
from journeys.runs import fates as outcomes
from journeys.runs.fates import CHANGES, UNCHANGED, Fate, changed, count, refused
from journeys.runs.operations import Act, Operation
from journeys.runs.words import how_many
from journeys.status.transitions import Refusal

TYPED_FROM = 1000
"""From so many contacts on, the number has to be typed; and whenever some go back."""

_WILL = {
    Act.CHANGE_STATUS: "will move",
    Act.GIVE_DEFAULT: "will get it",
    Act.MARK_LOST: "will be lost",
    Act.RECOVER: "will recover",
    Act.MOVE_OUT: "will move",
    Act.PUT_ON_LABEL: "will carry the label",
    Act.TAKE_OFF_LABEL: "will carry the label no longer",
    Act.ACTIVATE: "will have an active account",
    Act.DEACTIVATE: "will have an inactive account",
    Act.PUT_BACK: "will go back to what they were",
    Act.ERASE: "will be erased",
}

_BUTTONS = {
    Act.CHANGE_STATUS: "Move {contacts}",
    Act.GIVE_DEFAULT: "Give it to {contacts}",
    Act.MARK_LOST: "Mark {contacts} lost",
    Act.RECOVER: "Recover {contacts}",
    Act.MOVE_OUT: "Move {contacts} out",
    Act.PUT_ON_LABEL: "Put the label on {contacts}",
    Act.TAKE_OFF_LABEL: "Take the label off {contacts}",
    Act.ACTIVATE: "Make the accounts of {contacts} active",
    Act.DEACTIVATE: "Make the accounts of {contacts} inactive",
    Act.PUT_BACK: "Put {contacts} back",
    Act.ERASE: "Erase {contacts} for good",
}

_HOW = {
    outcomes.FORWARD: "forward",
    outcomes.BACK: "back",
    outcomes.LEVEL: "to a stage of the same weight",
    outcomes.ENTERS: "from no status yet",
    outcomes.RECOVERS: "into the same stage, recovered",
    outcomes.LEAVES: "out of every stage",
}

_ALREADY = {
    Act.CHANGE_STATUS: ("is there already", "are there already"),
    Act.GIVE_DEFAULT: ("has it already", "have it already"),
    Act.MARK_LOST: ("is lost already", "are lost already"),
    Act.RECOVER: ("is not lost", "are not lost"),
    Act.MOVE_OUT: ("is there already", "are there already"),
    Act.PUT_ON_LABEL: ("carries it already", "carry it already"),
    Act.TAKE_OFF_LABEL: ("does not carry it", "do not carry it"),
    Act.ACTIVATE: ("is active already", "are active already"),
    Act.DEACTIVATE: ("is inactive already", "are inactive already"),
    Act.PUT_BACK: ("is there already", "are there already"),
    Act.ERASE: ("is erased already", "are erased already"),
}

_STAY = {
    Refusal.LIGHTER_STAGE: ("stays where it is", "stay where they are", ", the movement rules refuse a lower weight"),
    Refusal.CLOSED_STAGE: ("stays where it is", "stay where they are", ", the stage is closed"),
    Refusal.RETIRED_STAGE: ("stays where it is", "stay where they are", ", the stage was retired"),
    Refusal.LOST_CONTACT: ("stays lost", "stay lost", ", the movement rules refuse to recover anybody"),
    Refusal.ACCOUNT_INACTIVE: ("stays lost, the account is inactive", "stay lost, their account is inactive", ""),
    Refusal.WOULD_GO_BACK: ("stays where it is, it would go back", "stay where they are, they would go back", ""),
    Refusal.LEFT_LOST: ("stays lost", "stay lost", ""),
    Refusal.NOT_LOST: ("is not lost", "are not lost", ""),
    Refusal.HAS_A_STATUS: ("has a status already", "have a status already", ""),
    Refusal.NOTHING_BEFORE: ("had no status before", "had no status before", ""),
    Refusal.MOVED_SINCE: ("was moved since", "were moved since", ""),
    Refusal.CHANGED_SINCE: ("was changed since", "were changed since", ""),
    Refusal.NOT_IN_THE_BOOK: ("is no longer in the book", "are no longer in the book", ""),
}
"""What is said of one who is refused, of many, and after either."""

_BY = {
    Cause.MANUAL: "by hand",
    Cause.BULK: "by bulk change",
    Cause.LABEL_RULE: "by label rule",
    Cause.DEFAULT: "by default status",
    Cause.CAMPAIGN: "by campaign",
    Cause.WEB_FORM: "by web form",
    Cause.API: "by API",
    Cause.IMPORT: "by import",
    Cause.ACCOUNT_INACTIVE: "because the account became inactive",
    Cause.STAGE_RETIRED: "because a stage was retired",
    Cause.STAGE_MERGED: "because stages were merged",
    Cause.REVIEW: "in review",
    Cause.UNDO: "by undo",
    Cause.DATA_FIX: "by an administrator's correction",
}


def sentence(fates: Sequence[Fate], operation: Operation) -> str:
    """What would happen, in one sentence: "9,204 will move: 8,100 forward, 1,104 back; 740 are there already; …"."""
    parts = [_will(fates, operation)]
    if operation.act is Act.DEACTIVATE:
        parts += _also_lost(fates)
    if operation.act is Act.CHANGE_STATUS:
        parts += _recovered(fates)
    if corrected := count(fates, outcomes.REASON):
        parts.append(f"{corrected:,} of them are lost already and get this reason")
    if there := count(fates, UNCHANGED):
        one, many = _ALREADY[operation.act]
        parts.append(f"{there:,} {one if there == 1 else many}")
    parts += [f"{stay:,} {_stay(refusal, stay, fates)}" for refusal, stay in refused(fates).items()]
    return "; ".join(parts) + "."


def _will(fates: Sequence[Fate], operation: Operation) -> str:
    """How many, and of those who move, which way."""
    number = changed(fates)
    act = _WILL[operation.act].replace("they were", "it was") if number == 1 else _WILL[operation.act]
    will = f"{number:,} {act}" if number else f"Nobody {act}"
    ways = {way: in_way for way in _HOW if (in_way := count(fates, way))}
    if operation.act is not Act.CHANGE_STATUS or not ways:
        return will
    if len(ways) == 1:
        return f"{will} {_HOW[next(iter(ways))]}"
    return f"{will}: {', '.join(f'{in_way:,} {_HOW[way]}' for way, in_way in ways.items())}"


def _also_lost(fates: Sequence[Fate]) -> list[str]:
    lost = sum(fate.count for fate in fates if fate.is_change and not fate.lost)
    return [f"{lost:,} of them become{'s' if lost == 1 else ''} lost with it"] if lost else []


def _recovered(fates: Sequence[Fate]) -> list[str]:
    lost = sum(fate.count for fate in fates if fate.is_change and fate.lost and fate.outcome != outcomes.ENTERS)
    recover = "is lost now and recovers" if lost == 1 else "are lost now and recover"
    return [f"{lost:,} of them {recover}"] if lost else []


def _stay(refusal: Refusal, number: int, fates: Sequence[Fate]) -> str:
    """Why some stay; of those moved since, by what."""
    otherwise = f": {refusal.sentence[0].lower()}{refusal.sentence[1:].rstrip('.')}"
    one, many, why = _STAY.get(refusal, ("stays", "stay", otherwise))
    words = (one if number == 1 else many) + why
    since: Counter[str] = Counter()
    for fate in fates:
        if fate.outcome == refusal and fate.since:
            since[fate.since] += fate.count
    causes = ", ".join(f"{by:,} {_BY[Cause(cause)]}" for cause, by in since.most_common())
    return f"{words}: {causes}" if causes else words


def button(fates: Sequence[Fate], operation: Operation) -> str:
    """What the button that does it says: "Move 9,204 contacts"."""
    return _BUTTONS[operation.act].format(contacts=how_many(changed(fates)))


def has_to_be_typed(fates: Sequence[Fate], operation: Operation) -> bool:
    """Whether the number has to be typed before it runs: it is large, some go back, or it cannot be undone."""
    return operation.act is Act.ERASE or changed(fates) >= TYPED_FROM or count(fates, outcomes.BACK) > 0


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the matrix: several outcomes under one heading. `key` is how addresses name it."""

    key: str
    heading: str
    includes: Callable[[str], bool]


_OTHER_MOVES = frozenset({*CHANGES} - {outcomes.FORWARD, outcomes.BACK})

COLUMNS = [
    Column("forward", "Forward", lambda outcome: outcome == outcomes.FORWARD),
    Column("back", "Back", lambda outcome: outcome == outcomes.BACK),
    Column("changed", "Changed", lambda outcome: outcome in _OTHER_MOVES),
    Column("unchanged", "Already there", lambda outcome: outcome == UNCHANGED),
    Column("refused", "Stay", lambda outcome: outcome not in CHANGES and outcome != UNCHANGED),
]


@dataclass(frozen=True, slots=True)
class Row:
    """Contacts of one place, and how many of them fall into each of the columns."""

    stage: int | None
    lost: bool
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def key(self) -> str:
        """How addresses name the place, such as `3`, `3-lost` or `none`."""
        return f"{self.stage or 'none'}{'-lost' if self.lost else ''}"


def columns_of(fates: Sequence[Fate]) -> list[Column]:
    """The columns in which anybody falls."""
    return [column for column in COLUMNS if any(column.includes(fate.outcome) for fate in fates)]


def rows_of(fates: Sequence[Fate], stages: Sequence[int | None]) -> list[Row]:
    """From which place how many would have which outcome; places in the order of `stages`, lost after not lost."""
    columns = columns_of(fates)
    rows = []
    for stage in stages:
        for lost in (False, True):
            here = [fate for fate in fates if (fate.stage, fate.lost) == (stage, lost)]
            if here:
                counts = {
                    column.key: sum(fate.count for fate in here if column.includes(fate.outcome)) for column in columns
                }
                rows.append(Row(stage, lost, counts))
    return rows
