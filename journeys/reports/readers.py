"""Who is behind a number of any report, read from data."""

from collections.abc import Mapping
from typing import Any

from journeys.reports.behind import Behind
from journeys.reports.conversion import Entered
from journeys.reports.losses import WasLost
from journeys.reports.numbers import Number, unsigned
from journeys.reports.stays import Stayed
from journeys.stuck.late import Late

_NUMBERS: dict[str, type[Number]] = {number.of: number for number in (Behind, Entered, Late, Stayed, WasLost)}


def read_behind(data: Mapping[str, Any]) -> Number:
    """What `as_json` wrote."""
    return _NUMBERS[data["of"]].read(data)


def read_signed(text: str) -> Number | None:
    """What `signed` wrote, or None for anything else."""
    data = unsigned(text)
    return read_behind(data) if data is not None else None
