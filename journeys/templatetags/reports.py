"""The numbers of reports. In Python, because there are a hundred on a page."""

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from config.templatetags.funnelbook import icon
from journeys.reports.filters import ReportFilter
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
    words: str = "",
    sign: str = "",
) -> SafeString:
    """A number that opens who is behind it; 0 opens nothing.

    Args:
        place, term, was: what `journeys.reports.behind.Behind` calls so.
        beside: it is of the days that the report compares with.
        start: who stood there when the days began, not when they ended.
        words: what is counted, after the number.
        sign: before a number that is not 0.
    """
    lost = place.endswith("lost") or term == "lost"
    shown = format_html("{}{}{}", icon("no-symbol") if lost and words else "", sign if number else "", f"{number:,}")
    if number <= 0:
        return format_html('<span class="muted">{}{}</span>', f"{number:,}", words and f" {words}")
    asked: ReportFilter = context["asked"]
    return format_html(
        '<a{} href="{}">{}{}</a>',
        mark_safe(' class="lost"') if lost else "",
        names_address(
            asked,
            context["request"].resolver_match.url_name,
            place=place,
            term=term,
            was=was,
            beside=beside,
            start=start,
        ),
        shown,
        words and f" {words}",
    )
