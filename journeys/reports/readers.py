"""Who is behind a number of any report, read from data."""

from collections.abc import Mapping
from typing import Any

from journeys.reports.behind import Behind, unsigned
from journeys.reports.conversion import Entered
from journeys.reports.losses import WasLost
from journeys.reports.numbers import Number
from journeys.reports.stays import Stayed
from journeys.stuck.late import Late

_NUMBERS: dict[str, type[Number]] = {number.of: number for number in (Entered, Late, Stayed, WasLost)}


def read_behind(data: Mapping[str, Any]) -> Behind | Number:
    """What `as_json` wrote."""
    return _NUMBERS[data["of"]].read(data) if "of" in data else Behind.read(data)


def read_signed(text: str) -> Behind | Number | None:
    """What `signed` wrote, or None for anything else."""
    data = unsigned(text)
    return read_behind(data) if data is not None else None
