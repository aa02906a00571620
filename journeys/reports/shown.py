"""The page of a report, and its table as a file."""

import csv
import io
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse

from config.htmx import render_page
from config.public_address import absolute_address
from journeys.reports.filters import ReportFilter
from journeys.reports.listing import REPORTS, Report
from journeys.reports.periods import Span
from journeys.runs.csv_file import defused

CSV = "csv"
"""`format=csv` in the address of a report asks for its table as a file."""

REPORT = "report"
"""In the address of names, the report that they were opened from."""

OF_MOMENTS = frozenset({"compare", "trend"})
"""Reports of where contacts stood at moments; the others are of what happened in a period."""

ALSO = ("stage", "days", "by")
"""What the addresses of some reports say beside their days and whose changes they count."""


@dataclass(frozen=True, slots=True)
class Table:
    """Figures as a file has them: numbers stay numbers."""

    columns: Sequence[str]
    rows: Iterable[Sequence[object]]


def render_report(
    request: HttpRequest,
    template: str,
    asked: ReportFilter,
    *,
    title: str,
    table: Table,
    context: dict[str, Any],
    parts: Collection[str] = (),
) -> HttpResponse:
    """A report as a page or one part of it; with `format=csv`, its table.

    Args:
        template: extends `report.html`.
        title: the report in one sentence, without its full stop: "Ins and outs in October 2026".
        table: read for a file only.
    """
    if request.GET.get("format") == CSV:
        return csv_file(f"{_screen(template)}-{asked.period.first}-{asked.period.last}", table)
    return render_page(request, template, _shared(request, asked, title) | context, parts=parts)


def waits(request: HttpRequest, *, is_slow: bool) -> bool:
    """Whether the page is shown without its figures at first, because they take their time: they ask for themselves.

    Who has no JavaScript asks for them with `counted=1`.
    """
    return is_slow and not request.htmx and not {"counted", "format"} & request.GET.keys()  # type: ignore[attr-defined]


def render_waiting(
    request: HttpRequest, template: str, asked: ReportFilter, *, title: str, context: dict[str, Any] | None = None
) -> HttpResponse:
    """A report that waits for its figures."""
    return render_page(request, template, _shared(request, asked, title) | {"waits": True} | (context or {}))


def _shared(request: HttpRequest, asked: ReportFilter, title: str) -> dict[str, Any]:
    return {
        "asked": asked,
        "title": title + asked.whose,
        "here": request.get_full_path(),
        "counted_address": asked.query(counted=1),
        "csv_address": asked.query(format=CSV),
        "notes_address": reverse("journeys:report_notes") + asked.query(report=_view(request)),
        "exact_address": absolute_address(request.path + asked.query(), request),
        "recorded_address": asked.query(changes="recorded"),
        "corrected_address": asked.query(changes=None),
        "everybody_address": asked.query(label=None, segment=None),
    }


def csv_file(name: str, table: Table) -> HttpResponse:
    """A table as a CSV file of this name."""
    response = HttpResponse(
        content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}.csv"'}
    )
    response.write(csv_lines([table.columns, *table.rows]))
    return response


def csv_lines(rows: Iterable[Sequence[object]]) -> str:
    """Rows of a CSV file. A spreadsheet takes none of the words for a formula."""
    file = io.StringIO()
    csv.writer(file).writerows([defused(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return file.getvalue()


def report_address(view: str) -> str:
    """The address of the report that has this view; empty for anything else."""
    return reverse(f"journeys:{view}") if view in {link.report.view for link in reports_there_are()} else ""


def _view(request: HttpRequest) -> str:
    return request.resolver_match.url_name or "" if request.resolver_match else ""


def _screen(template: str) -> str:
    return template.rpartition("/")[2].removesuffix(".html").replace("_", "-")


def names_address(asked: ReportFilter, report: str, span: Span, *, place: str, term: str = "", was: str = "") -> str:
    """The address of who is behind a number of a report. It keeps the days of the report, for the way back.

    Args:
        report: its view.
        span: the days that the number is of.
        place, term, was: see `journeys.reports.behind.Behind`.
    """
    days = {} if span == asked.period.span else {"first": span.first, "last": span.last}
    return reverse("journeys:report_contacts") + asked.query(**days, place=place, term=term, was=was, report=report)


@dataclass(frozen=True, slots=True)
class ReportLink:
    """A report that there is, and its address."""

    report: Report
    address: str


def reports_there_are() -> list[ReportLink]:
    """Every report that has an address."""
    links = []
    for report in REPORTS:
        try:
            links.append(ReportLink(report, reverse(f"journeys:{report.view}")))
        except NoReverseMatch:
            continue
    return links
