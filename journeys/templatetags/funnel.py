"""The numbers of the funnel. In Python, because there are some forty on a page."""

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from config.templatetags.funnelbook import icon

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
