"""What a report leaves out, and what it counts though it was recorded later."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from config.htmx import render_page
from config.team.access import role_required
from config.team.roles import Role
from journeys.book.queries import Count
from journeys.reports.filters import ReportFilter
from journeys.reports.left_out import LeftOut, left_out_at, left_out_of, recorded_later
from journeys.reports.periods import Period
from journeys.reports.shown import ALSO, OF_MOMENTS, REPORT, report_address


@dataclass(frozen=True, slots=True)
class RecordedLater:
    """How many changes dated before the end of some days were recorded after it."""

    period: Period
    count: Count

    @property
    def day(self) -> str:
        return date_format(self.period.last, "j F Y")


@role_required(Role.VIEWER)
@require_safe
def report_notes(request: HttpRequest) -> HttpResponse:
    """It may take a second, so every report asks for it when it is there itself."""
    asked = ReportFilter(request)
    asked.also = {name: request.GET.get(name, "") for name in ALSO}
    report = request.GET.get(REPORT, "")
    is_of_moments = report in OF_MOMENTS
    periods = [asked.period, asked.beside] if is_of_moments else [asked.period]
    address = report_address(report) or reverse("journeys:reports")
    context = {
        "asked": asked,
        "left_out": _left_out_at(asked, periods) if is_of_moments else _left_out_of(asked),
        "recorded_later": [note for period in periods if (note := _recorded_later(asked, period))],
        "back": address + asked.query(),
        "recorded_address": address + asked.query(changes="recorded"),
    }
    return render_page(request, "journeys/report_notes.html", context, parts=["report-notes-list"])


def _left_out_of(asked: ReportFilter) -> Sequence[LeftOut]:
    return left_out_of(asked.members, asked.period.start, asked.period.end, zone=asked.zone)


def _left_out_at(asked: ReportFilter, periods: Sequence[Period]) -> Sequence[LeftOut]:
    found = [one for period in periods if period.end for one in left_out_at(asked.members, period.end, zone=asked.zone)]
    return sorted(set(found), key=lambda one: -one.count)


def _recorded_later(asked: ReportFilter, period: Period) -> RecordedLater | None:
    count = recorded_later(asked.members, period.end) if period.end else Count(0)
    return RecordedLater(period, count) if count.number else None
