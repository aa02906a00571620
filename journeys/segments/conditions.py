"""What a segment asks of contacts: groups of conditions, read from what was posted or stored. Pure.

Within a group every condition has to hold; of the groups, one. Stages, labels and attributes are named by their ids.
"""

import enum
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Self

MOST_GROUPS = 10
MOST_CONDITIONS = 40
MOST_DAYS = 36_500
LONGEST_TEXT = 200
FIRST_YEAR, LAST_YEAR = 1900, 2199


class Kind(enum.StrEnum):
    """What a field holds, which decides how it can be compared."""

    PLACE = "place"
    MOMENT = "moment"
    HISTORY = "history"
    TARGET = "target"
    LABEL = "label"
    CHOICE = "choice"
    YES_NO = "yes_no"
    TEXT = "text"
    NUMBER = "number"
    DAY = "date"


class Operator(enum.StrEnum):
    """How a field is compared."""

    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    BEGINS_WITH = "begins_with"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    BEFORE = "before"
    SINCE = "since"
    AFTER = "after"
    ON = "on"
    BETWEEN = "between"
    MORE_THAN_AGO = "more_than_ago"
    WITHIN_LAST = "within_last"
    EVER = "ever"
    NEVER = "never"
    CARRIED = "carried"
    NOT_CARRIED = "not_carried"
    LONGER_THAN_TARGET = "longer_than_target"
    IS_EMPTY = "is_empty"
    IS_NOT_EMPTY = "is_not_empty"


_DATES = (
    Operator.BEFORE,
    Operator.SINCE,
    Operator.AFTER,
    Operator.ON,
    Operator.BETWEEN,
    Operator.MORE_THAN_AGO,
    Operator.WITHIN_LAST,
)
_EMPTY = (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY)

OPERATORS: Mapping[Kind, tuple[Operator, ...]] = {
    Kind.PLACE: (Operator.IS, Operator.IS_NOT),
    Kind.MOMENT: (*_DATES, *_EMPTY),
    Kind.HISTORY: (*_DATES, Operator.EVER, Operator.NEVER),
    Kind.TARGET: (Operator.LONGER_THAN_TARGET,),
    Kind.LABEL: (Operator.CARRIED, Operator.NOT_CARRIED),
    Kind.CHOICE: (Operator.IS, Operator.IS_NOT, *_EMPTY),
    Kind.YES_NO: (Operator.IS, *_EMPTY),
    Kind.TEXT: (Operator.IS, Operator.IS_NOT, Operator.CONTAINS, Operator.BEGINS_WITH, *_EMPTY),
    Kind.NUMBER: (Operator.IS, Operator.IS_NOT, Operator.AT_LEAST, Operator.AT_MOST, Operator.BETWEEN, *_EMPTY),
    Kind.DAY: (*_DATES, *_EMPTY),
}

_INPUT_OF_KIND = {
    Kind.PLACE: "place",
    Kind.LABEL: "label",
    Kind.CHOICE: "choice",
    Kind.YES_NO: "choice",
    Kind.TEXT: "text",
    Kind.NUMBER: "number",
}
_INPUTS_OF_DATES = {
    Operator.BEFORE: ("day", "or_never"),
    Operator.SINCE: ("day",),
    Operator.AFTER: ("day",),
    Operator.ON: ("day",),
    Operator.BETWEEN: ("day", "until"),
    Operator.MORE_THAN_AGO: ("days", "or_never"),
    Operator.WITHIN_LAST: ("days",),
}


@dataclass(frozen=True, slots=True)
class Field:
    """Something of a contact that a condition can be about.

    Attributes:
        label: its name on screen.
        heading: what it is listed under.
        may_be_empty: some contacts have no value.
        choices: what it can be, by key.
    """

    key: str
    label: str
    kind: Kind
    heading: str
    may_be_empty: bool = True
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def operators(self) -> tuple[Operator, ...]:
        return tuple(one for one in OPERATORS[self.kind] if self.may_be_empty or one not in _EMPTY)

    def inputs(self, operator: Operator) -> tuple[str, ...]:
        """What has to be said besides the operator, by the names of `Condition`."""
        if operator in _EMPTY:
            return ()
        if self.kind is Kind.HISTORY:
            return ("stage", *(name for name in _INPUTS_OF_DATES.get(operator, ()) if name != "or_never"))
        if self.kind in (Kind.MOMENT, Kind.DAY):
            return tuple(name for name in _INPUTS_OF_DATES[operator] if self.may_be_empty or name != "or_never")
        if self.kind is Kind.NUMBER and operator is Operator.BETWEEN:
            return ("number", "most")
        return (_INPUT_OF_KIND[self.kind],) if self.kind in _INPUT_OF_KIND else ()


FUNNEL, CONTACT, ATTRIBUTES = "Funnel", "Contact", "Attributes"

FIELDS = [
    Field("status", "Funnel status", Kind.PLACE, FUNNEL),
    Field("stage_since", "In stage since", Kind.MOMENT, FUNNEL),
    Field("time_in_stage", "Time in stage", Kind.TARGET, FUNNEL),
    Field("lost_since", "Lost since", Kind.MOMENT, FUNNEL),
    Field("entered", "Entered", Kind.HISTORY, FUNNEL),
    Field("left", "Left", Kind.HISTORY, FUNNEL),
    Field("label", "Label", Kind.LABEL, CONTACT),
    Field(
        "account_state",
        "Account state",
        Kind.CHOICE,
        CONTACT,
        may_be_empty=False,
        choices={"active": "active", "inactive": "inactive"},
    ),
    Field("subscribed_at", "Subscribed at", Kind.MOMENT, CONTACT),
    Field("unsubscribed_at", "Unsubscribed at", Kind.MOMENT, CONTACT),
    Field("last_open_at", "Last open", Kind.MOMENT, CONTACT),
    Field("last_click_at", "Last click", Kind.MOMENT, CONTACT),
    Field("last_reply_at", "Last reply", Kind.MOMENT, CONTACT),
    Field("last_active_at", "Last active", Kind.MOMENT, CONTACT),
    Field("created_at", "Created", Kind.MOMENT, CONTACT, may_be_empty=False),
    Field("email", "E-mail", Kind.TEXT, CONTACT),
    Field("company", "Company", Kind.TEXT, CONTACT),
    Field("city", "City", Kind.TEXT, CONTACT),
    Field("country", "Country", Kind.TEXT, CONTACT),
]
"""Every field but attributes, by the columns they are read from."""

ATTRIBUTE = "attribute:"
"""How the key of an attribute's field begins; its id follows."""

YES_NO = {"yes": "yes", "no": "no"}


@dataclass(frozen=True, slots=True)
class AttributeFacts:
    """An attribute as conditions need it: `key` is where contacts hold the value, `kind` what it is."""

    pk: int
    name: str
    key: str
    kind: Kind
    choices: tuple[str, ...] = ()

    @property
    def field(self) -> Field:
        choices = YES_NO if self.kind is Kind.YES_NO else {choice: choice for choice in self.choices}
        return Field(f"{ATTRIBUTE}{self.pk}", self.name, self.kind, ATTRIBUTES, choices=choices)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What conditions may name: the stages in their order, the labels and the attributes of now."""

    stages: Mapping[int, str] = field(default_factory=dict)
    retired: frozenset[int] = frozenset()
    labels: Mapping[int, str] = field(default_factory=dict)
    attributes: Mapping[int, AttributeFacts] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, Field]:
        every = [*FIELDS, *(attribute.field for attribute in self.attributes.values())]
        return {one.key: one for one in every}

    def attribute(self, key: str) -> AttributeFacts | None:
        """The attribute that a field is made of, if it is still there."""
        return self.attributes.get(int(key.removeprefix(ATTRIBUTE))) if key.startswith(ATTRIBUTE) else None


_PLACE = re.compile(r"([0-9]{1,18}|none|any)(-lost)?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a contact stands: in a stage, in none or in any of them; and not lost, unless lost from there.

    `any` together with lost is whoever is lost, from a stage or from none.
    """

    where: str
    lost: bool = False

    @classmethod
    def read(cls, key: str) -> Self:
        """The place that `str` wrote. Raises ValueError for anything else."""
        found = _PLACE.fullmatch(key)
        if not found:
            raise ValueError(key)
        return cls(found[1], lost=bool(found[2]))

    @property
    def stage(self) -> int | None:
        return int(self.where) if self.where.isdecimal() else None

    def __str__(self) -> str:
        return f"{self.where}{'-lost' if self.lost else ''}"


Span = tuple[date | None, date | None]


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that has to hold. Which of the others are given depends on the field and the operator.

    Attributes:
        field: the key of a `Field`.
        place: where the contact stands.
        stage, label: ids.
        choice, text: what a field is compared with.
        number, most: numbers; `most` ends a range.
        day, until: days of the organisation's time zone; `until` ends a range, and is part of it.
        days: a number of days before today.
        or_never: it holds too for whoever has no date at all.
    """

    field: str
    operator: Operator
    place: Place | None = None
    stage: int | None = None
    label: int | None = None
    choice: str = ""
    text: str = ""
    number: Decimal | None = None
    most: Decimal | None = None
    day: date | None = None
    until: date | None = None
    days: int = 0
    or_never: bool = False

    def as_json(self) -> dict[str, Any]:
        given = {one.name: getattr(self, one.name) for one in fields(self) if getattr(self, one.name) != one.default}
        return {name: value if isinstance(value, bool | int) else str(value) for name, value in given.items()}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """The condition that `as_json` wrote."""
        return cls(**{name: _READ[name](value) if name in _READ else value for name, value in data.items()})

    @property
    def named_stage(self) -> int | None:
        return self.place.stage if self.place else self.stage

    def span(self, today: date) -> "Span":
        """The days that a comparison of dates leaves, both ends included; None where it has no end.

        Days ago are whole days: "more than 14 days ago" ends with the day before the one 14 days ago.
        """
        one = timedelta(days=1)
        match self.operator, self.day, self.until:
            case Operator.BEFORE, date() as day, _:
                return None, day - one
            case Operator.SINCE, date() as day, _:
                return day, None
            case Operator.AFTER, date() as day, _:
                return day + one, None
            case Operator.ON, date() as day, _:
                return day, day
            case Operator.BETWEEN, date() as day, date() as until:
                return day, until
            case Operator.MORE_THAN_AGO, _, _:
                return None, today - timedelta(days=self.days) - one
            case Operator.WITHIN_LAST, _, _:
                return today - timedelta(days=self.days), today
        return None, None

    def naming(self, stage: int, instead_of: int) -> "Condition":
        """The same of another stage, if it names one."""
        if self.named_stage != instead_of:
            return self
        if self.place:
            return replace(self, place=replace(self.place, where=str(stage)))
        return replace(self, stage=stage)


_READ: Mapping[str, Callable[[str], Any]] = {
    "operator": Operator,
    "place": Place.read,
    "number": Decimal,
    "most": Decimal,
    "day": date.fromisoformat,
    "until": date.fromisoformat,
}

Group = tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Conditions:
    """All that a segment asks: one of the groups has to hold, with every condition in it."""

    groups: tuple[Group, ...]

    def as_json(self) -> list[list[dict[str, Any]]]:
        return [[condition.as_json() for condition in group] for group in self.groups]

    @classmethod
    def read(cls, data: Sequence[Sequence[Mapping[str, Any]]]) -> Self:
        """The conditions that `as_json` wrote."""
        return cls(tuple(tuple(Condition.read(condition) for condition in group) for group in data))

    def __iter__(self) -> Iterator[Condition]:
        for group in self.groups:
            yield from group

    @property
    def stages(self) -> set[int]:
        """Ids of the stages that are named."""
        return {condition.named_stage for condition in self if condition.named_stage is not None}

    @property
    def labels(self) -> set[int]:
        """Ids of the labels that are named."""
        return {condition.label for condition in self if condition.label is not None}

    @property
    def attributes(self) -> set[int]:
        """Ids of the attributes that are named."""
        keys = [condition.field for condition in self if condition.field.startswith(ATTRIBUTE)]
        return {int(key.removeprefix(ATTRIBUTE)) for key in keys}

    def naming(self, stage: int, *, instead_of: int) -> "Conditions":
        """The same of another stage, wherever one of them is named."""
        return Conditions(
            tuple(tuple(condition.naming(stage, instead_of) for condition in group) for group in self.groups)
        )

    def naming_label(self, label: int, *, instead_of: int) -> "Conditions":
        """The same of another label, wherever one of them is named."""
        return Conditions(
            tuple(
                tuple(
                    replace(condition, label=label) if condition.label == instead_of else condition
                    for condition in group
                )
                for group in self.groups
            )
        )


# Checking what somebody typed


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a condition: which one, by its group and its place there, and in which of its inputs."""

    message: str
    group: int = 0
    condition: int = 0
    input: str = ""


class InvalidConditions(Exception):
    """What was typed cannot be kept; `problems` says why, one by one."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = list(problems)


Typed = Sequence[Sequence[Mapping[str, str]]]
"""Groups of conditions as people type them: text under the names of `Condition`."""


def checked(typed: Typed, vocabulary: Vocabulary) -> Conditions:
    """The conditions that somebody typed.

    Raises:
        InvalidConditions: with every problem there is.
    """
    problems = list(_too_many(typed))
    groups: list[Group] = []
    for number, group in enumerate(typed if not problems else []):
        conditions: list[Condition] = []
        for place, said in enumerate(group):
            try:
                conditions.append(_checked(said, vocabulary))
            except _Wrong as wrong:
                problems += [Problem(message, number, place, name) for name, message in wrong.messages.items()]
        groups.append(tuple(conditions))
    if problems:
        raise InvalidConditions(problems)
    return Conditions(tuple(group for group in groups if group))


def _too_many(typed: Typed) -> Iterator[Problem]:
    count = sum(len(group) for group in typed)
    if not count:
        yield Problem("Add a condition: without one nobody would match.")
    if count > MOST_CONDITIONS:
        yield Problem(f"A segment has up to {MOST_CONDITIONS} conditions, and these are {count}.")
    if len(typed) > MOST_GROUPS:
        yield Problem(f"A segment has up to {MOST_GROUPS} groups, and these are {len(typed)}.")


class _Wrong(Exception):
    """What is wrong with one condition, by input."""

    def __init__(self, **messages: str) -> None:
        super().__init__()
        self.messages = messages


def _checked(said: Mapping[str, str], vocabulary: Vocabulary) -> Condition:
    about = vocabulary.fields.get(said.get("field", ""))
    if about is None:
        raise _Wrong(field="Choose what the condition is about.")
    operator = next((one for one in about.operators if one == said.get("operator")), None)
    if operator is None:
        raise _Wrong(operator="Choose how to compare.")
    given, wrong = {}, {}
    for name in about.inputs(operator):
        try:
            given[name] = _CHECKS[name](said.get(name, "").strip(), about, vocabulary)
        except _Wrong as one:
            wrong[name] = one.messages["it"]
    if not wrong:
        wrong = _out_of_order(given)
    if wrong:
        raise _Wrong(**wrong)
    return Condition(about.key, operator, **given)


def _out_of_order(given: Mapping[str, Any]) -> dict[str, str]:
    if "until" in given and given["until"] < given["day"]:
        return {"until": "This day is before the first one."}
    if "most" in given and given["most"] < given["number"]:
        return {"most": "This number is less than the first one."}
    return {}


def _place(text: str, about: Field, vocabulary: Vocabulary) -> Place:
    try:
        place = Place.read(text)
    except ValueError:
        raise _Wrong(it="Choose where the contact stands.") from None
    if place.stage is not None and place.stage not in vocabulary.stages:
        raise _Wrong(it="There is no such stage. Choose another one.")
    return place


def _one_of(known: Mapping[int, str], text: str, what: str) -> int:
    if not text:
        raise _Wrong(it=f"Choose a {what}.")
    number = int(text) if re.fullmatch("[0-9]{1,18}", text) else 0
    if number not in known:
        raise _Wrong(it=f"There is no such {what} any more. Choose another one.")
    return number


def _stage(text: str, about: Field, vocabulary: Vocabulary) -> int:
    return _one_of(vocabulary.stages, text, "stage")


def _label(text: str, about: Field, vocabulary: Vocabulary) -> int:
    return _one_of(vocabulary.labels, text, "label")


def _choice(text: str, about: Field, vocabulary: Vocabulary) -> str:
    if text not in about.choices:
        raise _Wrong(it="Choose one of these.")
    return text


def _text(text: str, about: Field, vocabulary: Vocabulary) -> str:
    if not text:
        raise _Wrong(it="Say what to compare with.")
    if len(text) > LONGEST_TEXT:
        raise _Wrong(it=f"Give at most {LONGEST_TEXT} characters.")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise _Wrong(it="Leave out characters that cannot be seen.")
    return text


def _number(text: str, about: Field, vocabulary: Vocabulary) -> Decimal:
    if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,6})?", text):
        raise _Wrong(it="Give a number, such as 12 or 4.5.")
    return Decimal(text)


def _day(text: str, about: Field, vocabulary: Vocabulary) -> date:
    try:
        if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(text)
        day = date.fromisoformat(text)
    except ValueError:
        raise _Wrong(it="Give a date such as 2026-05-03.") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise _Wrong(it=f"Give a year between {FIRST_YEAR} and {LAST_YEAR}.")
    return day


def _days(text: str, about: Field, vocabulary: Vocabulary) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= MOST_DAYS:
        raise _Wrong(it=f"Give a number of days, from 1 to {MOST_DAYS:,}.")
    return int(text)


def _or_never(text: str, about: Field, vocabulary: Vocabulary) -> bool:
    return bool(text)


_CHECKS: Mapping[str, Callable[[str, Field, Vocabulary], Any]] = {
    "place": _place,
    "stage": _stage,
    "label": _label,
    "choice": _choice,
    "text": _text,
    "number": _number,
    "most": _number,
    "day": _day,
    "until": _day,
    "days": _days,
    "or_never": _or_never,
}
