"""Who is behind a number of any report, read from data."""

from collections.abc import Mapping
from typing import Any

from journeys.reports.behind import Behind
from journeys.reports.conversion import Entered
from journeys.reports.losses import WasLost
from journeys.reports.numbers import Number
from journeys.reports.stays import Stayed
from journeys.stuck.late import Late

_NUMBERS: dict[str, type[Number]] = {number.of: number for number in (Entered, Late, Stayed, WasLost)}


def read_behind(data: Mapping[str, Any]) -> Behind | Number:
    """What `as_json` wrote. Raises ValueError for anything else."""
    try:
        number = _NUMBERS.get(data.get("of", ""))
    except (AttributeError, TypeError) as wrong:
        raise ValueError(data) from wrong
    return number.read(data) if number else Behind.read(data)
