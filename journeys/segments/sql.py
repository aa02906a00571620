"""Conditions as one SQL query. Pure: the statement is made of constants of this module, what people give are values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Protocol

from journeys.history.undone import is_undone
from journeys.segments.conditions import AttributeFacts, Condition, Conditions, Group, Kind, Operator, Vocabulary


@dataclass(frozen=True, slots=True)
class Moment:
    """When conditions are looked at, and in which time zone days begin and end."""

    now: datetime
    zone: tzinfo

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def start_of(self, day: date) -> datetime:
        return datetime.combine(day, time.min, tzinfo=self.zone)


class Window(Protocol):
    """The part of all matches that is read, and its order: `journeys.book.queries` reads pages by it."""

    @property
    def order(self) -> str: ...
    @property
    def limit(self) -> int: ...
    def bounds(self, key: str) -> list[str]: ...


Statement = tuple[str, list[Any]]
"""SQL and its values in order."""


def select(conditions: Conditions, vocabulary: Vocabulary, at: Moment, window: Window | None = None) -> Statement:
    """The statement that gives the id of every contact that matches once, as `contact_id`.

    Args:
        vocabulary: its attributes are looked at; one that is gone is a condition that nobody meets.
        window: read a part of them alone, in order; else all of them, in none.
    """
    found = [_Tables(vocabulary, at, group).select(window) for group in conditions.groups]
    if not found:
        return "SELECT NULL::bigint AS contact_id WHERE false", []
    sql = " UNION ".join(f"({one})" for one, _ in found) if len(found) > 1 else found[0][0]
    values = [value for _, some in found for value in some]
    if window and len(found) > 1:
        sql = f"SELECT contact_id FROM ({sql}) AS found ORDER BY contact_id {window.order} LIMIT {window.limit:d}"
    return sql, values


_TABLES = {
    "status": ("journeys_funnelstatus status", "status.contact_id"),
    "contact": ("contacts_contact contact", "contact.id"),
}


@dataclass(slots=True)
class _Tables:
    """What one group reads: tables that are joined by the contact, and what has to hold in them."""

    vocabulary: Vocabulary
    at: Moment
    group: Group
    tables: dict[str, str] = field(default_factory=dict)
    clauses: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def select(self, window: Window | None) -> Statement:
        later = []
        for number, condition in enumerate(self.group):
            if condition.operator is Operator.CARRIED:
                self.join(f"contacts_carriedlabel label{number}", f"label{number}.contact_id")
                self.add(f"label{number}.label_id = %s", [condition.label])
            elif condition.operator is Operator.NOT_CARRIED or condition.field in _SIDES:
                later.append(condition)
            else:
                self.add(*self.clause(condition))
        if not self.tables:
            self.join(*_TABLES["status"])
        for condition in later:
            self.add(*(_history if condition.field in _SIDES else _not_carried)(condition, self.key, self.at))
        return self.statement(window)

    @property
    def key(self) -> str:
        """The column that holds the contact."""
        return next(iter(self.tables.values()))

    def join(self, table: str, key: str) -> None:
        self.tables[table] = key

    def add(self, clause: str, values: list[Any]) -> None:
        self.clauses.append(clause)
        self.values += values

    def clause(self, condition: Condition) -> Statement:
        """A condition on the contact or on its status."""
        attribute = self.vocabulary.attribute(condition.field)
        if attribute:
            self.join(*_TABLES["contact"])
            return _OF_ATTRIBUTE[attribute.kind](condition, attribute, self.at)
        if condition.field not in _OF_FIELD:
            return "false", []
        table, make = _OF_FIELD[condition.field]
        self.join(*_TABLES[table])
        return make(condition, self.at)

    def statement(self, window: Window | None) -> Statement:
        tables = [*self.tables.items()]
        joined = tables[0][0] + "".join(f" JOIN {table} ON {key} = {self.key}" for table, key in tables[1:])
        bounds = [bound for _, key in tables for bound in window.bounds(key)] if window else []
        where = " AND ".join([*self.clauses, *bounds]) or "true"
        order = f" ORDER BY {self.key} {window.order} LIMIT {window.limit:d}" if window else ""
        return f"SELECT {self.key} AS contact_id FROM {joined} WHERE {where}{order}", self.values


# The funnel

_PLACES = {
    ("none", False): "status.stage_id IS NULL AND status.lost_at IS NULL",
    ("none", True): "status.stage_id IS NULL AND status.lost_at IS NOT NULL",
    ("any", False): "status.stage_id IS NOT NULL AND status.lost_at IS NULL",
    ("any", True): "status.lost_at IS NOT NULL",
}


def _place(condition: Condition, at: Moment) -> Statement:
    place = condition.place
    assert place
    if place.stage is None:
        sql, values = _PLACES[place.where, place.lost], []
    else:
        sql = f"status.stage_id = %s AND status.lost_at IS {'NOT ' if place.lost else ''}NULL"
        values = [place.stage]
    return (f"({sql}) IS NOT TRUE" if condition.operator is Operator.IS_NOT else sql), values


_LONGER_THAN_TARGET = """
    status.lost_at IS NULL AND EXISTS (
        SELECT FROM stages_stage target
        WHERE target.id = status.stage_id AND status.stage_since < %s - make_interval(days => target.target_days))
"""


def _longer_than_target(condition: Condition, at: Moment) -> Statement:
    return _LONGER_THAN_TARGET, [at.now]


_SIDES = {"entered": ("to", "from"), "left": ("from", "to")}

_HISTORY = f"""
    {{exists}} (
        SELECT FROM journeys_statuschange change
        WHERE change.contact_id = {{key}} AND change.{{here}}_stage_id = %s
          AND NOT change.{{here}}_lost AND NOT change.{{here}}_outside
          AND (change.{{there}}_stage_id = %s
               AND NOT change.{{there}}_lost AND NOT change.{{there}}_outside) IS NOT TRUE
          AND {{dates}} AND change.undoes_id IS NULL
          AND (NOT EXISTS (SELECT FROM journeys_statuschange undo WHERE undo.undoes_id = change.id)
               OR NOT {is_undone("change")}))
"""
"""As the Customer Journey counts who entered and left: lost is not in the stage, what was undone does not count."""


def _history(condition: Condition, key: str, at: Moment) -> Statement:
    here, there = _SIDES[condition.field]
    exists = "NOT EXISTS" if condition.operator is Operator.NEVER else "EXISTS"
    dates, values = _between("change.changed_at", condition, at)
    sql = _HISTORY.format(exists=exists, key=key, here=here, there=there, dates=dates)
    return sql, [condition.stage, condition.stage, *values]


# Contacts


def _not_carried(condition: Condition, key: str, at: Moment) -> Statement:
    return (
        "NOT EXISTS (SELECT FROM contacts_carriedlabel carried "
        f"WHERE carried.contact_id = {key} AND carried.label_id = %s)"
    ), [condition.label]


def _between(column: str, condition: Condition, at: Moment) -> Statement:
    """From the first moment of the first day to the last moment of the last one."""
    first, last = condition.span(at.today)
    clauses, values = [], []
    if first:
        clauses.append(f"{column} >= %s")
        values.append(at.start_of(first))
    if last:
        clauses.append(f"{column} < %s")
        values.append(at.start_of(last + timedelta(days=1)))
    return " AND ".join(clauses) or "true", values


_IS_NULL = {Operator.IS_EMPTY: "{} IS NULL", Operator.IS_NOT_EMPTY: "{} IS NOT NULL"}


def _moment(column: str) -> "Make":
    def make(condition: Condition, at: Moment) -> Statement:
        if condition.operator in _IS_NULL:
            return _IS_NULL[condition.operator].format(column), []
        sql, values = _between(column, condition, at)
        return (f"({sql} OR {column} IS NULL)" if condition.or_never else sql), values

    return make


_TEXTS = {
    Operator.IS: "lower({}) = lower(%s)",
    Operator.IS_NOT: "lower({}) <> lower(%s)",
    Operator.CONTAINS: "strpos(lower({}), lower(%s)) > 0",
    Operator.BEGINS_WITH: "starts_with(lower({}), lower(%s))",
    Operator.IS_EMPTY: "{} = ''",
    Operator.IS_NOT_EMPTY: "{} <> ''",
}


def _text(column: str) -> "Make":
    def make(condition: Condition, at: Moment) -> Statement:
        sql = _TEXTS[condition.operator].format(f"coalesce({column}, '')")
        return sql, [] if condition.operator in _EMPTY else [condition.text]

    return make


def _account_state(condition: Condition, at: Moment) -> Statement:
    return f"contact.account_state {_IS[condition.operator]} %s", [condition.choice]


_IS = {Operator.IS: "=", Operator.IS_NOT: "IS DISTINCT FROM"}

Make = Callable[[Condition, Moment], Statement]

_IN_STAGE_SINCE = "CASE WHEN status.lost_at IS NULL AND status.stage_id IS NOT NULL THEN status.stage_since END"

_OF_FIELD: Mapping[str, tuple[str, Make]] = {
    "status": ("status", _place),
    "stage_since": ("status", _moment(_IN_STAGE_SINCE)),
    "time_in_stage": ("status", _longer_than_target),
    "lost_since": ("status", _moment("status.lost_at")),
    "account_state": ("contact", _account_state),
    "subscribed_at": ("contact", _moment("contact.subscribed_at")),
    "unsubscribed_at": ("contact", _moment("contact.unsubscribed_at")),
    "last_open_at": ("contact", _moment("contact.last_open_at")),
    "last_click_at": ("contact", _moment("contact.last_click_at")),
    "last_reply_at": ("contact", _moment("contact.last_reply_at")),
    "last_active_at": ("contact", _moment("contact.last_active_at")),
    "created_at": ("contact", _moment("contact.created_at")),
    "email": ("contact", _text("contact.email")),
    "company": ("contact", _text("contact.company")),
    "city": ("contact", _text("contact.city")),
    "country": ("contact", _text("contact.country")),
}


# Attributes: a value of another type than the attribute's compares with nothing.

_VALUE = "contact.attributes ->> %s::text"
_EMPTY = {
    Operator.IS_EMPTY: f"coalesce({_VALUE}, '') = ''",
    Operator.IS_NOT_EMPTY: f"coalesce({_VALUE}, '') <> ''",
}
_NUMBER = f"CASE WHEN jsonb_typeof(contact.attributes -> %s::text) = 'number' THEN ({_VALUE})::numeric END"
_NUMBERS = {
    Operator.IS: "{} = %s",
    Operator.IS_NOT: "({} = %s) IS NOT TRUE",
    Operator.AT_LEAST: "{} >= %s",
    Operator.AT_MOST: "{} <= %s",
    Operator.BETWEEN: "{} BETWEEN %s AND %s",
}
_DAY = f"CASE WHEN {_VALUE} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$' THEN {_VALUE} END"


def _attribute_text(condition: Condition, attribute: AttributeFacts, at: Moment) -> Statement:
    sql = _TEXTS[condition.operator].format(f"coalesce({_VALUE}, '')")
    return sql, [attribute.key] if condition.operator in _EMPTY else [attribute.key, condition.text]


def _attribute_choice(condition: Condition, attribute: AttributeFacts, at: Moment) -> Statement:
    if condition.operator in _EMPTY:
        return _EMPTY[condition.operator], [attribute.key]
    return f"{_VALUE} {_IS[condition.operator]} %s", [attribute.key, condition.choice]


def _attribute_yes_no(condition: Condition, attribute: AttributeFacts, at: Moment) -> Statement:
    if condition.operator in _EMPTY:
        return _EMPTY[condition.operator], [attribute.key]
    yes = "true" if condition.choice == "yes" else "false"
    return "contact.attributes -> %s::text = %s::jsonb", [attribute.key, yes]


def _attribute_number(condition: Condition, attribute: AttributeFacts, at: Moment) -> Statement:
    if condition.operator in _EMPTY:
        return _EMPTY[condition.operator], [attribute.key]
    numbers = [number for number in (condition.number, condition.most) if number is not None]
    return _NUMBERS[condition.operator].format(_NUMBER), [attribute.key, attribute.key, *numbers]


def _attribute_day(condition: Condition, attribute: AttributeFacts, at: Moment) -> Statement:
    if condition.operator in _EMPTY:
        return _EMPTY[condition.operator], [attribute.key]
    first, last = condition.span(at.today)
    sql = f'({_DAY}) COLLATE "C" BETWEEN %s AND %s'
    values = [attribute.key, attribute.key, str(first or date.min), str(last or date.max)]
    if condition.or_never:
        return f"({sql} OR {_EMPTY[Operator.IS_EMPTY]})", [*values, attribute.key]
    return sql, values


_OF_ATTRIBUTE: Mapping[Kind, Callable[[Condition, AttributeFacts, Moment], Statement]] = {
    Kind.TEXT: _attribute_text,
    Kind.NUMBER: _attribute_number,
    Kind.DAY: _attribute_day,
    Kind.YES_NO: _attribute_yes_no,
    Kind.CHOICE: _attribute_choice,
}
