"""Tags and filters that every template may use. `templates/_components/README.md` shows each in use."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import heroicons
from django import template
from django.contrib.messages.storage.base import Message
from django.forms import BaseForm, BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Textarea
from django.template import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from config.announce import MessageAction, action_of

if TYPE_CHECKING:
    from stages.models import Stage

register = template.Library()


# Icons


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str, size: int = 16) -> SafeString:
    """An icon of 16 or 20 px, hidden from screen readers: a word has to stand beside it or in an aria-label."""
    return mark_safe(heroicons._render_icon("micro" if size <= 16 else "mini", str(name), size, {"class": "icon"}))


# Times and numbers

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_UNITS = [
    (365 * _DAY, 365 * _DAY, "year"),
    (45 * _DAY, 30 * _DAY, "month"),
    (_DAY, _DAY, "day"),
    (_HOUR, _HOUR, "hour"),
    (_MINUTE, _MINUTE, "minute"),
]


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """How long ago, with the exact time in the reader's zone in the title. An empty string for None."""
    return time_element(value, relative(value)) if value else ""


@register.filter
def exact(value: datetime | None) -> SafeString | str:
    """Date and time in the reader's zone, with seconds and zone in the title. An empty string for None."""
    return time_element(value, formats.date_format(timezone.localtime(value), "DATETIME_FORMAT")) if value else ""


@register.filter
def clock(value: datetime | None) -> SafeString | str:
    """The time of day in the reader's zone, with the whole time in the title: for rows under a date."""
    return time_element(value, formats.date_format(timezone.localtime(value), "TIME_FORMAT")) if value else ""


@register.filter
def day(value: date | datetime | None) -> SafeString | str:
    """The date in the reader's zone. An empty string for None."""
    if not value:
        return ""
    if isinstance(value, datetime):
        return time_element(value, formats.date_format(timezone.localtime(value), "DATE_FORMAT"))
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), formats.date_format(value, "DATE_FORMAT"))


@register.filter
def days(number: float | None) -> str:
    """A number of days in words: "less than a day", "1 day", "61 days"."""
    if number is None:
        return ""
    return "less than a day" if number < 1 else f"{int(number):,} day{'' if int(number) == 1 else 's'}"


@register.filter
def from_now(wait: timedelta) -> SafeString:
    """In how long, and the time of day that will be: "in 15 minutes, at 14:05"."""
    now = timezone.now()
    return format_html("{}, at {}", relative(now + wait, now), clock(now + wait))


def relative(value: datetime, now: datetime | None = None) -> str:
    """How long ago, or in how long, in one unit: "just now", "4 days ago", "in 2 hours"."""
    seconds = ((now or timezone.now()) - value).total_seconds()
    for threshold, length, unit in _UNITS:
        if abs(seconds) >= threshold:
            number = int(abs(seconds) // length)
            words = f"{number} {unit}{'' if number == 1 else 's'}"
            return f"{words} ago" if seconds > 0 else f"in {words}"
    return "just now"


def time_element(value: datetime, text: str) -> SafeString:
    """Words for a moment, with the exact time in the reader's zone in the title."""
    local = timezone.localtime(value)
    title = f"{local.day} {local:%b %Y, %H:%M:%S} {local.tzname()}"
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), title, text)


@register.simple_tag
def share(part: int, whole: int) -> str:
    """A part of a whole in per cent with one decimal; a dash where there is no whole."""
    return f"{100 * part / whole:.1f}%" if whole else "–"


# Where contacts stand


@register.simple_tag
def swatch(colour: str) -> SafeString:
    """A small square in a colour of the organisation's choosing; a name stands beside it."""
    return format_html(
        '<svg class="swatch" width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">'
        '<rect width="10" height="10" rx="3" fill="{}"/></svg>',
        colour,
    )


@register.simple_tag
def stage_name(stage: Stage | None, name: str = "", colour: str = "") -> SafeString:
    """A stage's swatch and name, or "No status yet". `name` and `colour` are those of then, for history."""
    if stage is None:
        return mark_safe('<span class="stage none">No status yet</span>')
    return _coloured_name(colour or stage.colour, str(name or stage.name))


@lru_cache(maxsize=256)
def _coloured_name(colour: str, name: str) -> SafeString:
    """Kept, because a list says the same few names in every row."""
    return format_html('<span class="stage">{}{}</span>', swatch(colour), name)


@register.simple_tag
def lost_mark(stage: Stage | None = None, name: str = "", text: str = "") -> SafeString:
    """Lost, in red, with an icon and the word: "Lost", or "Lost from Customer" where a stage is given."""
    words = text or (f"Lost from {name or stage.name}" if stage else "Lost")
    return format_html('<span class="lost">{}{}</span>', icon("no-symbol"), words)


@register.simple_tag
def standing(stage: Stage | None, lost: bool = False, name: str = "", colour: str = "") -> SafeString:
    """Where a contact stands, in one line: a stage, "No status yet", or either with the lost mark."""
    if not lost:
        return stage_name(stage, name, colour)
    if stage is None:
        return format_html('<span class="standing">{}</span>', lost_mark(text="Lost, no stage"))
    named = stage_name(stage, name, colour)
    return format_html('<span class="standing">{} {}</span>', lost_mark(text="Lost from"), named)


@register.simple_tag
def bar(value: float, whole: float, colour: str = "", lost: float = 0) -> SafeString:
    """A bar of `value` out of `whole`, and `lost` after it in red. The figures have to stand beside it."""
    width, with_lost = (100 * part / whole if whole else 0 for part in (value, value + lost))
    return format_html(
        '<svg class="bar" aria-hidden="true"><rect class="bar-track" width="100%" height="100%"/>'
        '{}<rect{} width="{}%" height="100%" rx="4"/></svg>',
        format_html('<rect class="bar-lost" width="{}%" height="100%" rx="4"/>', f"{with_lost:.2f}") if lost else "",
        format_html(' fill="{}"', colour) if colour else mark_safe(' class="bar-value"'),
        f"{width:.2f}",
    )


# Small pieces


@register.simple_tag
def badge(text: str, kind: str = "") -> SafeString:
    """A short word about a thing. `kind`: accent, good, warn, lost, or none."""
    return format_html('<span class="badge {}">{}</span>', kind, text)


@register.simple_tag
def chip(text: str, colour: str = "", address: str = "", remove: str = "") -> SafeString:
    """A label or an applied filter. `address` makes it a link; `remove` adds a cross that leads there."""
    inside = format_html("{}<span>{}</span>", swatch(colour) if colour else "", text)
    if address:
        inside = format_html('<a href="{}">{}</a>', address, inside)
    cross = (
        format_html('<a class="chip-remove" href="{}" aria-label="Remove {}">{}</a>', remove, text, icon("x-mark"))
        if remove
        else ""
    )
    return format_html('<span class="chip">{}{}</span>', inside, cross)


@register.simple_tag
def progress(done: int, total: int, label: str) -> SafeString:
    """A progress bar with its figures in words."""
    return format_html(
        '<div class="progress"><progress value="{}" max="{}" aria-label="{}"></progress><span>{} of {}</span></div>',
        str(done),
        str(total or 1),
        label,
        f"{done:,}",
        f"{total:,}",
    )


# Blocks


@register.simple_block_tag
def page_header(content: str, title: str, note: str = "", back: str = "", back_label: str = "Back") -> SafeString:
    """The title of a page and its one primary action, which is the block's content."""
    context = {
        "title": title,
        "note": note,
        "back": back,
        "back_label": back_label,
        "actions": mark_safe(content.strip()),
    }
    return render_to_string("_components/page_header.html", context)


@register.simple_block_tag
def empty(content: str, title: str, symbol: str = "inbox") -> SafeString:
    """What stands where nothing is: why, and one action, which are the block's content."""
    return render_to_string("_components/empty.html", {"title": title, "symbol": symbol, "content": content})


@register.simple_block_tag
def menu(content: str, label: str, id: str, symbol: str = "ellipsis-horizontal", text: str = "") -> SafeString:
    """A button that opens a list of links and form buttons, with or without JavaScript. `id` is unique on the page."""
    button = (
        format_html('<summary id="{}" class="button quiet">{}{}</summary>', id, text, icon("chevron-down"))
        if text
        else format_html(
            '<summary id="{}" class="button quiet icon-only" aria-label="{}">{}</summary>', id, label, icon(symbol)
        )
    )
    return format_html(
        '<details class="menu">{}<div class="menu-items" role="group" aria-label="{}">{}</div></details>',
        button,
        label,
        content,
    )


@register.simple_block_tag
def stat(content: str, label: str, address: str = "", kind: str = "") -> SafeString:
    """A figure under its label, inside `<dl class="stats">`; figure and note are the block's content."""
    context = {"label": label, "address": address, "kind": kind, "content": mark_safe(content.strip())}
    return render_to_string("_components/stat.html", context)


# Links and forms


@register.simple_tag
def address(name: str, number: int) -> str:
    """The address of a thing by its number, as `{% url %}` gives it, but for lists: looked up once, not in each row."""
    before, after = _around_the_number(name)
    return f"{before}{number}{after}"


@lru_cache(maxsize=256)
def _around_the_number(name: str) -> tuple[str, str]:
    before, _, after = reverse(name, args=[0]).rpartition("0")
    return before, after


@register.simple_tag
def opens_dialog(address: str) -> SafeString:
    """Attributes of a link that opens as a dialog where there is JavaScript, and as a page where there is none."""
    return format_html(
        'href="{0}" hx-get="{0}" hx-target="#dialog" hx-swap="innerHTML" hx-push-url="false" aria-haspopup="dialog"',
        address,
    )


@register.inclusion_tag("_components/field.html", takes_context=True)
def field(context: Context, bound: BoundField, **attributes: Any) -> dict[str, Any]:
    """A form field: label, control, help, and its errors beside it, tied together for screen readers.

    `attributes` go on the control, with dashes for underscores; `hide_label=True` keeps the label for screen readers.
    """
    hide_label = attributes.pop("hide_label", False)
    is_group = isinstance(bound.field.widget, RadioSelect | CheckboxSelectMultiple)
    described = [f"{bound.auto_id}_help"] if bound.help_text else []
    described += [f"{bound.auto_id}_error"] if bound.errors else []
    attrs = {name.replace("_", "-"): value for name, value in attributes.items()}
    if attrs.pop("autofocus", False):
        attrs[_taking_focus(context)] = True
    if isinstance(bound.field.widget, Textarea):
        attrs.setdefault("rows", 3)
    if described and not is_group:
        attrs["aria-describedby"] = " ".join(described)
    return {
        "field": bound,
        "control": bound.as_widget(attrs=attrs),
        "hide_label": hide_label,
        "is_checkbox": isinstance(bound.field.widget, CheckboxInput),
        "is_group": is_group,
        "described": " ".join(described),
    }


@register.inclusion_tag("_components/error_summary.html", takes_context=True)
def error_summary(context: Context, form: BaseForm) -> dict[str, Any]:
    """What has to be corrected, with a link to each field. It takes the focus."""
    problems = [
        {"label": form[name].label, "target": _first_control(form[name]), "errors": errors}
        for name, errors in form.errors.items()
        if name != "__all__"
    ]
    return {
        "form": form,
        "problems": problems,
        "general": form.non_field_errors(),
        "taking_focus": _taking_focus(context),
    }


def _taking_focus(context: Context) -> str:
    """The attribute of what takes the focus. Browsers honour `autofocus` on whole pages only; app.js sees to parts."""
    htmx = getattr(context.get("request"), "htmx", None)
    return "data-takes-focus" if htmx else "autofocus"


def _first_control(bound: BoundField) -> str:
    is_group = isinstance(bound.field.widget, RadioSelect | CheckboxSelectMultiple)
    return f"{bound.auto_id}_0" if is_group else str(bound.auto_id)


@register.filter
def action(message: Message) -> MessageAction | None:
    """The button that a message carries, if it does."""
    return action_of(message)
