"""Segments as pages show them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse

from journeys.segments.models import Segment

MOST_TABS = 8
"""So many segments are tabs of the list of contacts; the others are a click away."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A segment as a tab over the list of contacts, or the whole book."""

    label: str
    address: str
    is_current: bool
    count: int | None = None


def contacts_address(segment: Segment) -> str:
    """The list of the contacts that match."""
    return f"{reverse('contacts:contacts')}?segment={segment.pk}"


def tabs_of(segments: Iterable[Segment], *, current: str | None, counts: Mapping[int, int] | None = None) -> list[Tab]:
    """Everybody, the first segments and the one that is looked at; none where there are no segments.

    Args:
        current: the id of the segment that is looked at, as an address says it.
        counts: how many match, as far as it is known.
    """
    every = list(segments)
    shown = [one for place, one in enumerate(every) if place < MOST_TABS or str(one.pk) == current]
    if not shown:
        return []
    tabs = [Tab("All contacts", reverse("contacts:contacts"), current is None)]
    for one in shown:
        count = (counts or {}).get(one.pk)
        tabs.append(Tab(one.name, contacts_address(one), str(one.pk) == current, count))
    return tabs
