"""The moments that a trend is drawn of. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from journeys.reports.periods import ONE_DAY, Period

MOST = 16
"""About so many moments are drawn at most, if days or weeks lie between them; the ends of three years of months."""
_MOST_MONTHS = 36
_STEPS = (1, 2, 3, 7, 14)


@dataclass(frozen=True, slots=True)
class Moment:
    """The midnight that ended a day; now for None."""

    day: date
    at: datetime | None


def moments(period: Period) -> Sequence[Moment]:
    """When the period began, and the ends of equally many days each, of months, quarters or years; and its end."""
    before = period.first - ONE_DAY
    inner = [day for day in _days(period) if before < day < period.last]
    return [
        Moment(before, period.start),
        *(Moment(day, period.midnight(day + ONE_DAY)) for day in inner),
        Moment(period.last, period.end),
    ]


def _days(period: Period) -> list[date]:
    days = period.span.days
    for step in _STEPS:
        if days / step <= MOST:
            return [period.last - timedelta(days=step * number) for number in range(days // step, 0, -1)]
    return _ends_of_months(period)


def _ends_of_months(period: Period) -> list[date]:
    months = (period.last.year - period.first.year) * 12 + period.last.month - period.first.month + 1
    step = next((step for step in (1, 3) if months / step <= _MOST_MONTHS), 12)
    numbers = range(period.first.year * 12, period.last.year * 12 + 13, step)
    return [date(number // 12, number % 12 + 1, 1) - ONE_DAY for number in numbers]
