"""Lists as Mautic's clients ask for them: `start`, `limit`, `orderBy`, `order[i][col]` and `where[i][col|expr|val]`."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import F, OrderBy, Q

from config.api import values
from config.api.answers import ApiError
from config.api.bodies import Data

LIMIT = 30
MOST_CONDITIONS = 100
LONGEST_PATTERN = 300

Columns = Mapping[str, "Column"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column that may be asked for: where the value is, and how one to compare it with is read."""

    path: str
    read: Callable[[Any], Any] = values.text


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a list that is answered. Without a limit, all of it from `start` on."""

    start: int
    limit: int | None

    @classmethod
    def of(cls, query: Data, *, most: int | None = None) -> "Window":
        """What `start` and `limit` say; with `most`, no more than that."""
        limit = values.count(query.get("limit"), LIMIT) or None
        if most is not None:
            limit = min(limit or most, most)
        return cls(values.count(query.get("start"), 0), limit)

    @property
    def rows(self) -> slice:
        return slice(self.start, self.start + self.limit if self.limit else None)

    def total(self, shown: int, count: Callable[[], int]) -> int:
        """How many there are in all: counted only where the part that is shown does not tell."""
        reaches_the_end = self.limit is None or shown < self.limit
        return self.start + shown if reaches_the_end and (shown or not self.start) else count()


def is_said(query: Data, *names: str) -> bool:
    """Whether one of these parameters says yes."""
    return any(values.yes_or_no(query.get(name)) for name in names)


def text_said(query: Data, *names: str) -> str:
    """The first of these parameters that says something."""
    found = (query.get(name) for name in names)
    return next((text for text in found if isinstance(text, str) and text.strip()), "").strip()


# Order


def order_of(query: Data, columns: Columns) -> list[OrderBy]:
    """What `orderBy` with `orderByDir`, and `order[i][col]` with `order[i][dir]`, say.

    Raises:
        ApiError: a column is not known.
    """
    asked = [(name, query.get("orderByDir")) for name in text_said(query, "orderBy").split(",") if name.strip()]
    asked += [(_text(item.get("col"), "order"), item.get("dir")) for item in _items(query.get("order"), "order")]
    return [_ordered(_column(name, columns, "orderBy"), direction) for name, direction in asked[:MOST_CONDITIONS]]


def _ordered(column: Column, direction: Any) -> OrderBy:
    is_descending = isinstance(direction, str) and direction.strip().lower() == "desc"
    if is_descending:
        return F(column.path).desc(nulls_last=True)
    return F(column.path).asc(nulls_first=True)


# Conditions


def conditions_of(query: Data, columns: Columns) -> list[Q]:
    """What `where` says; all of it has to hold.

    Raises:
        ApiError: a column or an expression is not known, or a value does not fit.
    """
    conditions = list(_conditions(query.get("where"), columns))
    if len(conditions) > MOST_CONDITIONS:
        raise ApiError(400, f"where: Give at most {MOST_CONDITIONS} conditions.")
    return conditions


def _conditions(where: Any, columns: Columns) -> Iterator[Q]:
    for item in _items(where, "where"):
        expression, value = _text(item.get("expr"), "where"), item.get("val")
        if expression in _TOGETHER:
            inner = list(_conditions(value, columns))
            yield reduce(_TOGETHER[expression], inner) if inner else Q()
        else:
            yield _condition(_column(_text(item.get("col"), "where"), columns, "where"), expression, value)


_TOGETHER: dict[str, Callable[[Q, Q], Q]] = {"andX": and_, "orX": or_}


def _condition(column: Column, expression: str, value: Any) -> Q:
    is_null = Q(**{f"{column.path}__isnull": True})
    is_empty = is_null | Q(**{column.path: ""}) if column.read is values.text else is_null
    if expression in ("isNull", "isEmpty"):
        return is_empty
    if expression in ("isNotNull", "isNotEmpty"):
        return ~is_empty
    if expression in _COMPARISONS:
        return Q(**{f"{column.path}__{_COMPARISONS[expression]}": _read(column, value)})
    if expression == "between":
        least, most = _several(column, value, exactly=2)
        return Q(**{f"{column.path}__gte": least, f"{column.path}__lte": most})
    if expression == "in":
        return Q(**{f"{column.path}__in": _several(column, value)})
    if expression == "like":
        return _like(column, value)
    if expression in _OPPOSITES:
        return ~_condition(column, _OPPOSITES[expression], value) & ~is_null
    raise ApiError(400, f"where: There is no expression {expression[:40]!r}.")


_COMPARISONS = {"eq": "exact", "lt": "lt", "lte": "lte", "gt": "gt", "gte": "gte"}
_OPPOSITES = {"neq": "eq", "notIn": "in", "notLike": "like"}


def _like(column: Column, value: Any) -> Q:
    """As SQL's LIKE, whatever the case: % stands for any text, _ for one character."""
    if column.read is not values.text:
        raise ApiError(400, "where: like needs a column of text.")
    said = _read(column, value)
    if len(said) > LONGEST_PATTERN:
        raise ApiError(400, f"where: Give at most {LONGEST_PATTERN} characters.")
    parts = re.split("([%_])", said)
    pattern = "".join({"%": ".*", "_": "."}.get(part, re.escape(part)) for part in parts)
    return Q(**{f"{column.path}__iregex": f"^{pattern}$"})


def _several(column: Column, value: Any, exactly: int | None = None) -> list[Any]:
    """Values as an array, or as text with commas between them."""
    given = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else None
    if given is None:
        given = _text(value, "where").split(",")
    if exactly is not None and len(given) != exactly:
        raise ApiError(400, f"where: Give {exactly} values.")
    return [_read(column, one) for one in given]


def _read(column: Column, value: Any) -> Any:
    try:
        found = column.read(value)
    except ValueError as error:
        raise ApiError(400, f"where: {error}") from None
    if found is None:
        raise ApiError(400, f"where: {values.INVALID}")
    return found


def _column(name: str, columns: Columns, where: str) -> Column:
    """A column by its name in camelCase or snake_case, with or without a table before it."""
    plain = name.strip().rpartition(".")[2]
    words = re.sub(r"(?<=[a-z])([A-Z])", r"_\1", plain).lower()
    if words not in columns:
        raise ApiError(400, f"{where}: There is no column {plain[:40]!r}.")
    return columns[words]


def _items(said: Any, what: str) -> Iterable[Data]:
    items = said if isinstance(said, list) else list(said.values()) if isinstance(said, dict) else []
    if (said and not items) or not all(isinstance(item, dict) for item in items):
        raise ApiError(400, f"{what}: {values.INVALID}")
    return items


def _text(value: Any, what: str) -> str:
    try:
        return values.text(value)
    except ValueError as error:
        raise ApiError(400, f"{what}: {error}") from None
