"""The orders that the list of contacts offers, and its tabs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from contacts.columns.shown import COLUMNS, Column
from journeys.book.ordering import ADDED, KEYS, NEWEST_FIRST, SINCE, Order
from journeys.book.queries import ContactQuery, Count, may_be_put_in
from journeys.reports.queries import Funnel
from journeys.segments.models import Segment
from stages.models import Stage

NAME = "name"

MOST_SEGMENTS = 8
"""So many segments are tabs of the list; the others are a click away."""

_LABELS = {NAME: "Name", **{column.order: column.label for column in COLUMNS if column.order}}
_LATEST_FIRST = {column.order for column in COLUMNS if column.newest}


def order_in(address: QueryDict) -> Order | None:
    """The order that an address asks for: `name`, or `-name` for its reverse. None for one that there is not."""
    said = address.get("sort", "")
    column = said.removeprefix("-")
    if not said:
        return NEWEST_FIRST
    return Order(column, descending=said.startswith("-")) if column in KEYS else None


def as_said(order: Order) -> str:
    """An order as an address says it; nothing for the usual one."""
    if order == NEWEST_FIRST:
        return ""
    return f"-{order.column}" if order.descending else order.column


def order_in_words(order: Order) -> str:
    """The order of a list, as its caption says it: "newest first", "by company, Z to A"."""
    if order.column == ADDED:
        return "newest first" if order.descending else "oldest first"
    if order.column in _LATEST_FIRST:
        way = "latest first" if order.descending else "earliest first"
    else:
        way = "Z to A" if order.descending else "A to Z"
    return f"by {_LABELS[order.column].lower()}, {way}"


def why_not(order: Order | None) -> str:
    """Why the list is not in the order that was asked for."""
    if order is None:
        return "Order: the address asks for something unknown, and the newest are first."
    label = _LABELS[order.column].lower()
    return f"Order: so many contacts are not put in order by {label}. Narrow the list down first; the newest are first."


def orders_for(query: ContactQuery, count: Count, shown: Order) -> list[tuple[str, str]]:
    """The orders that may be chosen, as an address says them and in words; the present one is among them."""
    usual = [
        NEWEST_FIRST,
        NEWEST_FIRST.reversed,
        Order(NAME, descending=False),
        Order(NAME),
        Order(SINCE),
        Order(SINCE, descending=False),
    ]
    orders = [order for order in usual if may_be_put_in(order, query, count)]
    return [(as_said(order), _capital(order_in_words(order))) for order in dict.fromkeys([*orders, shown])]


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a column.

    Attributes:
        sort: the order that it leads to, as an address says it; None if it leads nowhere.
        state: for `aria-sort`: which way the list is in the order of this column.
    """

    label: str
    css: str
    sort: str | None = None
    state: str = ""


def headings_of(columns: Iterable[Column], query: ContactQuery, count: Count, shown: Order) -> list[Heading]:
    """The headings of the contact and of these columns, for a list of so many that is shown in an order."""
    return [
        _heading("Contact", "card-title", Order(NAME, descending=False), query, count, shown),
        *(
            _heading(
                column.label,
                column.css,
                Order(column.order, descending=column.newest) if column.order else None,
                query,
                count,
                shown,
            )
            for column in columns
        ),
    ]


def _heading(label: str, css: str, first: Order | None, query: ContactQuery, count: Count, shown: Order) -> Heading:
    if first is None or not may_be_put_in(first, query, count):
        return Heading(label, css)
    if first.column != shown.column:
        return Heading(label, css, as_said(first))
    return Heading(label, css, as_said(shown.reversed), "descending" if shown.descending else "ascending")


@dataclass(frozen=True, slots=True)
class Tab:
    """A part of the book with a name, as `_components/tabs.html` shows it.

    Attributes:
        segment: the segment that it is; its count is found out later.
        is_apart: whether another kind of parts begins with it.
    """

    label: str
    address: str
    is_current: bool
    count: int | None = None
    segment: int | None = None
    is_apart: bool = False


def tabs_of(
    stages: Iterable[Stage],
    funnel: Funnel,
    segments: Iterable[Segment],
    said: Mapping[str, Any],
    along: Mapping[str, Any],
) -> list[Tab]:
    """All contacts, those in each stage in use, those without a status and those that are lost; then the first
    segments and the one that is looked at.

    Args:
        said: what the list is narrowed by.
        along: what its address says besides.
    """
    parts: list[tuple[str, dict[str, str], int]] = [
        ("All", {}, funnel.total),
        *(
            (stage.name, {"stage": str(stage.pk)}, funnel.in_stage(stage.pk))
            for stage in stages
            if not stage.retired_at
        ),
        ("No status yet", {"stage": "none"}, funnel.without_status),
        ("Lost", {"lost": "yes"}, funnel.lost),
    ]
    return [
        *(Tab(label, _address({**query, **along}), said == query, count) for label, query, count in parts),
        *_segment_tabs(segments, said, along),
    ]


def _segment_tabs(segments: Iterable[Segment], said: Mapping[str, Any], along: Mapping[str, Any]) -> Iterator[Tab]:
    for place, segment in enumerate(segments):
        query = {"segment": str(segment.pk)}
        if place < MOST_SEGMENTS or said == query:
            address = _address({**query, **along})
            yield Tab(segment.name, address, said == query, segment=segment.pk, is_apart=place == 0)


def _address(query: Mapping[str, Any]) -> str:
    here = reverse("contacts:contacts")
    return f"{here}?{urlencode(query, doseq=True)}" if query else here
