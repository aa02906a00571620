"""Where a contact stands, and what may be done with it: in Python, because a page shows both in each of fifty rows."""

from typing import Any
from urllib.parse import quote

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from config.team.roles import Role
from config.templatetags.funnelbook import address, badge, icon, menu, opens_dialog, standing
from contacts.models import Contact
from journeys.status.models import FunnelStatus

register = template.Library()

_NOTHING = mark_safe("")
_DANGER = mark_safe(' class="danger"')
_KEYS = {"change_status": "c", "mark_lost": "l", "recover": "r"}
"""Letters for rows that are walked with keys."""
_STAYS = mark_safe('<input type="hidden" name="stays" value="1">')


@register.simple_tag(takes_context=True)
def contact_standing(
    context: Context, status: FunnelStatus, undo: int | None = None, back: str = "", is_swapped: bool = False
) -> SafeString:
    """Where a contact stands, as `journeys/_contact_standing.html` shows it in a row."""
    is_gone = is_swapped and undo and status.is_lost
    return format_html(
        '<div id="contact-standing-{}" tabindex="-1" class="contact-standing{}{}"><span>{}{}{}</span>{}</div>',
        str(status.pk),
        " is-changed" if is_swapped else "",
        " is-gone" if is_gone else "",
        standing(status.stage, status.is_lost),
        badge("retired") if status.stage and status.stage.retired_at else "",
        _undo_form(context, status, undo, back) if undo else "",
        format_html('<span class="second">{}</span>', status.lost_reason) if status.lost_reason_id else "",
    )


def _undo_form(context: Context, status: FunnelStatus, change: int, back: str) -> SafeString:
    return format_html(
        '<form action="{0}" method="post" hx-post="{0}" hx-target="#contact-standing-{1}" hx-swap="outerHTML">{2}'
        '<input type="hidden" name="next" value="{3}">{4}'
        '<button class="link">Undo</button></form>',
        address("journeys:undo_change", change),
        str(status.pk),
        _token(context),
        back,
        _STAYS,
    )


@register.simple_tag(takes_context=True)
def contact_cell(context: Context, column: Any, contact: Contact) -> SafeString | str:
    """What a column of `contacts.columns.shown` shows of a contact."""
    return column.cell(context, contact)


@register.simple_tag(takes_context=True)
def contact_menu(
    context: Context,
    contact: Contact,
    status: FunnelStatus,
    back: str,
    stays: bool = False,
    row: str = "",
    text: str = "",
    is_swapped: bool = False,
) -> SafeString:
    """What may be done with a contact, as `journeys/_contact_menu.html` says it; nothing for Viewers."""
    key = row or contact.pk
    return format_html(
        '<div id="contact-menu-{}" class="contact-menu"{}>{}</div>',
        str(key),
        mark_safe(' hx-swap-oob="true"') if is_swapped else _NOTHING,
        _Entries(context, contact, status, back, stays).menu(f"contact-menu-button-{key}", text)
        if context["user"].role >= Role.OPERATOR
        else _NOTHING,
    )


def _token(context: Context) -> SafeString:
    return format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', context.get("csrf_token", ""))


class _Entries:
    """The links and buttons of one menu."""

    def __init__(self, context: Context, contact: Contact, status: FunnelStatus, back: str, stays: bool) -> None:
        self.context = context
        self.contact = contact
        self.status = status
        self.back = back
        self.stays = stays
        self.query = f"?next={quote(back)}{'&stays=1' if stays else ''}"

    def menu(self, button: str, text: str) -> SafeString:
        parts = [*self.recover(), *self.change(), mark_safe("<hr>"), self.history()]
        return menu(mark_safe("".join(parts)), f"Actions for {self.contact}", button, text=text)

    def recover(self) -> list[SafeString]:
        if not self.status.is_lost:
            return []
        if not self._returns_at_once():
            return [self._dialog("recover", "arrow-uturn-left", "Recover")]
        return [self._recover_at_once(), self._dialog("recover", "arrow-uturn-left", "Recover to another stage")]

    def change(self) -> list[SafeString]:
        change_status = self._dialog("change_status", "arrows-right-left", "Change status")
        if self.status.is_lost:
            return [change_status, self._dialog("mark_lost", "pencil-square", "Correct the lost reason")]
        return [change_status, self._dialog("mark_lost", "no-symbol", "Mark lost", kind=_DANGER)]

    def history(self) -> SafeString:
        here = address("contacts:contact", self.contact.pk)
        return format_html('<a href="{}#status-history" data-act="h">{}History</a>', here, icon("clock"))

    def _returns_at_once(self) -> bool:
        is_active = self.contact.account_state == Contact.AccountState.ACTIVE
        return is_active and not (self.status.stage and self.status.stage.retired_at)

    def _dialog(self, act: str, symbol: str, words: str, kind: SafeString = _NOTHING) -> SafeString:
        where = opens_dialog(address(f"journeys:{act}", self.contact.pk) + self.query)
        return format_html('<a {}{} data-act="{}">{}{}</a>', where, kind, _KEYS[act], icon(symbol), words)

    def _recover_at_once(self) -> SafeString:
        return format_html(
            '<form action="{0}" method="post" hx-post="{0}" hx-target="#dialog" hx-swap="innerHTML">'
            '{1}<input type="hidden" name="to" value="same">'
            '<input type="hidden" name="signature" value="{2}"><input type="hidden" name="next" value="{3}">{4}'
            "<button>{5}Recover to {6}</button></form>",
            address("journeys:recover", self.contact.pk),
            _token(self.context),
            str(self.status.signature),
            self.back,
            _STAYS if self.stays else "",
            icon("arrow-uturn-left"),
            self.status.stage or "no status",
        )
