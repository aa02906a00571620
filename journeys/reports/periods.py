"""Periods that reports are about: whole days in the organisation's time zone. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format

ONE_DAY = timedelta(days=1)
FIRST_DAY = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Span:
    """Days from the first to the last, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Span":
        """As many days, right before it; a whole month, quarter or year before a whole one."""
        if _first_of_month(self.first) == self.first and _first_of_month(self.last + ONE_DAY) == self.last + ONE_DAY:
            return Span(_months_before(self.first, _months(self.first, self.last)), self.first - ONE_DAY)
        return Span(max(self.first - timedelta(days=self.days), FIRST_DAY), max(self.first - ONE_DAY, FIRST_DAY))

    def __str__(self) -> str:
        """As people call it: "October 2026", "the third quarter of 2026", "2026", "3 May 2026", "3 to 9 May 2026"."""
        return _called(self) or _from_to(self)

    @property
    def when(self) -> str:
        """The same in a sentence: "in October 2026", "on 3 May 2026", "during 3 to 9 May 2026"."""
        word = "in" if _called(self) else "on" if self.first == self.last else "during"
        return f"{word} {self}"


def _called(span: Span) -> str:
    """The name of a whole month, quarter or year; empty for any other days."""
    first, after = span.first, span.last + ONE_DAY
    if (first.day, after.day) != (1, 1):
        return ""
    months = _months(first, span.last)
    if months == 1:
        return date_format(first, "F Y")
    if months == 3 and first.month % 3 == 1:
        return f"the {('first', 'second', 'third', 'fourth')[first.month // 3]} quarter of {first.year}"
    return str(first.year) if months == 12 and first.month == 1 else ""


def _from_to(span: Span) -> str:
    last = date_format(span.last, "j F Y")
    if span.first == span.last:
        return last
    same_year = span.first.year == span.last.year
    same_month = same_year and span.first.month == span.last.month
    return f"{date_format(span.first, 'j' if same_month else 'j F' if same_year else 'j F Y')} to {last}"


def _months(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _first_of_month(day: date) -> date:
    return day.replace(day=1)


def _months_before(first: date, number: int) -> date:
    """The first day of the month so many months before."""
    year, month = divmod(first.year * 12 + first.month - 1 - number, 12)
    return max(date(year, month + 1, 1), FIRST_DAY)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from midnight to midnight in a zone. Days of today are counted up to now, and no further."""

    span: Span
    zone: ZoneInfo
    today: date

    @property
    def first(self) -> date:
        return self.span.first

    @property
    def last(self) -> date:
        return self.span.last

    @property
    def start(self) -> datetime:
        """The midnight when it began."""
        return self.midnight(self.first)

    @property
    def end(self) -> datetime | None:
        """The midnight that ended it; None for now."""
        return None if self.is_going_on else self.midnight(self.last + ONE_DAY)

    @property
    def is_going_on(self) -> bool:
        return self.last >= self.today

    @property
    def is_long(self) -> bool:
        """Longer than a quarter: what is counted contact by contact may take more than a second."""
        return self.span.days > 92

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, tzinfo=self.zone)

    def __str__(self) -> str:
        return f"{self.span}{self._so_far}"

    @property
    def when(self) -> str:
        """See `Span.when`."""
        return f"{self.span.when}{self._so_far}"

    @property
    def _so_far(self) -> str:
        return " so far" if self.is_going_on else ""


@dataclass(frozen=True, slots=True)
class Preset:
    """Days that people often ask for, beside those they compare them with."""

    code: str
    label: str
    spans: Callable[[date], tuple[Span, Span]]


def _last_months(number: int) -> Callable[[date], tuple[Span, Span]]:
    """The last whole month, quarter or year before today, and the one before it."""

    def spans(today: date) -> tuple[Span, Span]:
        begun = date(today.year, (today.month - 1) // number * number + 1, 1)
        last = Span(_months_before(begun, number), begun - ONE_DAY)
        return last, last.before

    return spans


def _this_so_far(number: int) -> Callable[[date], tuple[Span, Span]]:
    """The month, quarter or year of today up to now, and the same days of the one before."""

    def spans(today: date) -> tuple[Span, Span]:
        begun = date(today.year, (today.month - 1) // number * number + 1, 1)
        before = _months_before(begun, number)
        return Span(begun, today), Span(before, _same_day(today, before, _months(begun, today) - 1, begun))

    return spans


def _same_day(today: date, before: date, months: int, begun: date) -> date:
    """The same day of the same month of an earlier period, or the last day that month has."""
    first = _months_before(before, -months)
    return min(first + timedelta(days=today.day - 1), _months_before(first, -1) - ONE_DAY, begun - ONE_DAY)


def _last_days(number: int) -> Callable[[date], tuple[Span, Span]]:
    def spans(today: date) -> tuple[Span, Span]:
        last = Span(today - timedelta(days=number), today - ONE_DAY)
        return last, last.before

    return spans


PRESETS = [
    Preset("last-month", "Last month against the month before", _last_months(1)),
    Preset("this-month", "This month so far against the same days", _this_so_far(1)),
    Preset("last-30-days", "Last 30 days against the 30 before", _last_days(30)),
    Preset("this-quarter", "This quarter so far against the same days", _this_so_far(3)),
    Preset("last-quarter", "Last quarter against the one before", _last_months(3)),
    Preset("this-year", "This year so far against the same days", _this_so_far(12)),
    Preset("last-year", "Last year against the year before", _last_months(12)),
]


def preset(code: str) -> Preset:
    """The preset of this code, or the first one."""
    return next((one for one in PRESETS if one.code == code), PRESETS[0])


def months_of(period: Period) -> list[date]:
    """The first day of the period, and of every month that begins in it."""
    day, firsts = _months_before(period.first, -1), [period.first]
    while day <= period.last:
        firsts.append(day)
        day = _months_before(day, -1)
    return firsts


def weeks_of(period: Period, *, first_day: int) -> list[date]:
    """The first day of the period, and of every week that begins in it; `first_day` is 1 for Monday to 7 for Sunday."""
    ahead = (first_day - period.first.isoweekday() - 1) % 7 + 1
    return [period.first, *(period.first + days * ONE_DAY for days in range(ahead, period.span.days, 7))]
