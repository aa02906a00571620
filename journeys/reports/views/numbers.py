"""Numbers of conversion, time in stage and lost in addresses: who is behind them, and what they are called."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse

from journeys.reports.conversion import WITHIN_DAYS, Entered
from journeys.reports.filters import ReportFilter, day_field
from journeys.reports.losses import WasLost
from journeys.reports.numbers import Number
from journeys.reports.periods import FIRST_DAY, ONE_DAY, Period, Span
from journeys.reports.shown import REPORT
from journeys.reports.stays import EDGES, Stayed
from journeys.status.models import LostReason
from stages.models import Stage

OF = "of"
"""In an address, the kind of number: `Number.of`."""

NO_DAYS = dict.fromkeys(("since", "until", "beside_since", "beside_until"))
"""For the address of what is about now."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A number that opens who is behind it at an address."""

    count: int
    address: str


def number_address(asked: ReportFilter, report: str, number: type[Number], **said: object) -> str:
    """The address of who is behind a number: what `NumberForm` reads, beside what the report's address says."""
    shared = {"beside_since": None, "beside_until": None, OF: number.of, REPORT: report}
    return reverse("journeys:report_contacts") + asked.query(**shared, **said)


class NumberForm(forms.Form):
    """What an address says of a number: `first` and `last` are its days, `class_of` is one of `EDGES`."""

    stage = forms.ModelChoiceField(Stage.objects.all(), required=False)
    reached = forms.ModelChoiceField(Stage.objects.all(), required=False)
    reason = forms.ModelChoiceField(LostReason.objects.all(), required=False)
    without_stage = forms.BooleanField(required=False)
    without_reason = forms.BooleanField(required=False)
    came_back = forms.BooleanField(required=False)
    days = forms.TypedChoiceField(choices=[(days, days) for days in WITHIN_DAYS], coerce=int, required=False)
    class_of = forms.TypedChoiceField(
        choices=[(days, days) for days in EDGES], coerce=int, required=False, empty_value=None
    )
    first = day_field("First day")
    last = day_field("Last day")


NUMBER_FIELDS = (OF, *NumberForm.base_fields)


def asked_period(request: HttpRequest, asked: ReportFilter) -> Period:
    """The days that the address says a number is of; those of the report if it says nothing else."""
    form = NumberForm(request.GET)
    form.is_valid()
    first, last = (form.cleaned_data.get(name) for name in ("first", "last"))
    if first and last and FIRST_DAY - ONE_DAY <= first <= last <= asked.today:
        return _period(asked, Span(first, last))
    return asked.period


@dataclass(frozen=True, slots=True)
class Named:
    """A number, and what it is called."""

    number: Number
    title: str


def asked_number(request: HttpRequest, asked: ReportFilter) -> Named | None:
    """The number that an address names, or None for anything else. `asked` keeps what the report has to be told."""
    form = NumberForm(request.GET)
    reader = _READERS.get(request.GET.get(OF, ""))
    if not reader or not form.is_valid():
        return None
    return reader(asked, form.cleaned_data)


def _entered(asked: ReportFilter, said: dict[str, Any]) -> Named | None:
    stage, reached, days = said["stage"], said["reached"], said["days"]
    if not stage or not days:
        return None
    asked.also = {"stage": stage.pk, "days": days}
    span = _span(asked, said)
    number = Entered(
        **_shared(asked, span),
        since=asked.period.start,
        stage=stage.pk,
        days=days,
        reached=reached and reached.pk,
    )
    title = f"Entered {stage} {_period(asked, span).when}"
    return Named(number, f"{title} and reached {reached} within {days} days" if reached else title)


def _stayed(asked: ReportFilter, said: dict[str, Any]) -> Named | None:
    stage, days = said["stage"], said["class_of"]
    if not stage:
        return None
    asked.also = {"stage": stage.pk}
    number = Stayed(**_shared(asked, asked.period.span), stage=stage.pk, days=days)
    lasted = "" if days is None else f" after {class_words(days)}"
    return Named(number, f"Moved on from {stage}{lasted} {asked.period.when}")


def _was_lost(asked: ReportFilter, said: dict[str, Any]) -> Named:
    span = _span(asked, said)
    number = WasLost(
        **_shared(asked, span),
        stage=0 if said["without_stage"] else said["stage"] and said["stage"].pk,
        reason=0 if said["without_reason"] else said["reason"] and said["reason"].pk,
        came_back=said["came_back"],
    )
    place = ", without a stage," if said["without_stage"] else f" from {said['stage']}" if said["stage"] else ""
    why = " without a reason" if said["without_reason"] else f" for “{said['reason']}”" if said["reason"] else ""
    back = " and came back" if said["came_back"] else ""
    return Named(number, f"Lost{place}{why} {_period(asked, span).when}{back}")


_READERS: dict[str, Callable[[ReportFilter, dict[str, Any]], Named | None]] = {
    Entered.of: _entered,
    Stayed.of: _stayed,
    WasLost.of: _was_lost,
}


def _shared(asked: ReportFilter, span: Span) -> dict[str, Any]:
    end: datetime | None = asked.period.midnight(span.last + ONE_DAY)
    return {
        "start": asked.period.midnight(span.first),
        "end": asked.period.end if span.last >= asked.period.last else end,
        "members": asked.members,
        "as_corrected": asked.as_corrected,
    }


def _span(asked: ReportFilter, said: dict[str, Any]) -> Span:
    """The days that are asked for, within those of the report."""
    period = asked.period
    first = min(max(said["first"] or period.first, period.first), period.last)
    return Span(first, min(max(said["last"] or period.last, first), period.last))


def _period(asked: ReportFilter, span: Span) -> Period:
    return Period(span, asked.zone, asked.today)


def class_words(days: int) -> str:
    """A class of stays: "less than a day", "3 to 7 days", "365 days or more"."""
    following = EDGES[EDGES.index(days) + 1 :]
    if not following:
        return f"{days} days or more"
    return f"{days} to {following[0]} days" if days else "less than a day"
