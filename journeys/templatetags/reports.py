"""The numbers of reports. In Python, because there are a hundred on a page."""

from datetime import date

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from config.templatetags.funnelbook import icon
from journeys.reports.filters import ReportFilter
from journeys.reports.periods import ONE_DAY, Span
from journeys.reports.shown import names_address

register = template.Library()


@register.simple_tag(takes_context=True)
def report_number(
    context: Context,
    number: int,
    place: str,
    term: str = "",
    was: str = "",
    beside: bool = False,
    start: bool = False,
    between: bool = False,
    day: date | None = None,
    words: str = "",
    sign: str = "",
) -> SafeString:
    """A number that opens who is behind it; 0 opens nothing.

    Args:
        place, term, was: what `journeys.reports.behind.Behind` calls so.
        beside: it is of the days that the report compares with.
        start: who stood there when the days began, not when they ended.
        between: it is of the time between the end of the days beside and the end of the days.
        day: it is of the end of this day.
        words: what is counted, after the number.
        sign: before a number that is not 0.
    """
    lost = place.endswith("lost") or term == "lost"
    shown = format_html("{}{}{}", icon("no-symbol") if lost and words else "", sign if number else "", f"{number:,}")
    if number <= 0:
        return format_html('<span class="muted">{}{}</span>', f"{number:,}", words and f" {words}")
    asked: ReportFilter = context["asked"]
    span = (asked.beside if beside else asked.period).span
    if start:
        span = Span(span.first - ONE_DAY, span.first - ONE_DAY)
    elif day:
        span = Span(day, day)
    elif between:
        span = Span(asked.beside.last + ONE_DAY, span.last)
    report = context["request"].resolver_match.url_name
    return format_html(
        '<a{} href="{}">{}{}</a>',
        mark_safe(' class="lost"') if lost else "",
        names_address(asked, report, span, place=place, term=term, was=was),
        shown,
        words and f" {words}",
    )
