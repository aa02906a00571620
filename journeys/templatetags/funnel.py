"""The numbers of the funnel. In Python, because there are some forty on a page."""

from django import template
from django.template import Context
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from config.templatetags.funnelbook import days, icon
from journeys.funnel.rows import FunnelRow
from journeys.stuck.models import StageMeasure

register = template.Library()


@register.simple_tag(takes_context=True)
def funnel_number(
    context: Context, show: str, key: str, number: int, words: str = "", sign: str = "", id: str = ""
) -> SafeString:
    """A number that opens its contacts under the funnel.

    Args:
        show, key: what the address of the page says of them, such as `lost=3`.
        words: what is counted, after the number.
        sign: before a number that is not 0.
        id: where a number stands on the page twice.
    """
    name = f"{show}-{key}"
    opens = f"{context['query']}{show}={key}"
    return format_html(
        '<a class="funnel-number{}" id="{}" href="{}#contacts-title" hx-get="{}" hx-target="#customer-journey-board" '
        'hx-swap="outerHTML" hx-push-url="true"{}>{}{}{}{}</a>',
        mark_safe(" lost") if show == "lost" else "",
        id or f"number-{name}",
        opens,
        opens,
        mark_safe(' aria-current="true"') if name == str(context["chosen"]) else "",
        icon("no-symbol") if show == "lost" else "",
        sign if number else "",
        f"{number:,}",
        format_html(" <span>{}</span>", words) if words else "",
    )


@register.simple_tag(takes_context=True)
def over_target(context: Context, row: FunnelRow) -> SafeString | str:
    """How many of a stage were over its target when that was measured last, as a link to them; nothing for none."""
    measure: StageMeasure | None = context["measures"].get(row.stage.pk) if row.stage else None
    if not measure or not measure.over:
        return ""
    return format_html(
        '<a class="funnel-over" href="{}?stage={}" title="For more than {}, counted at {}">{} over target</a>',
        reverse("journeys:stuck"),
        str(measure.stage_id),
        days(measure.limit_days),
        formats.date_format(timezone.localtime(measure.measured_at), "TIME_FORMAT"),
        f"{measure.over:,}",
    )
