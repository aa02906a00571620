"""Runs in lists and in sentences."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.templatetags.funnelbook import address, time_element
from journeys.runs.listing import RunInWords

register = template.Library()


@register.filter
def when(row: RunInWords) -> SafeString:
    """When a run was started, as people say it, with the exact time in the title."""
    return time_element(row.run.started_at, row.when[0].upper() + row.when[1:])


@register.filter
def links_run(sentence: str, run: int | None) -> SafeString | str:
    """The sentence with the run that it names in brackets as a link: "Customer since 3 May by label rule (run 41)."."""
    before, named, after = sentence.partition(f"(run {run}")
    if run is None or not named:
        return sentence
    return format_html('{}(<a href="{}">run {}</a>{}', before, address("journeys:run", run), str(run), after)
