"""The columns of the list of contacts: those that there are, and those that somebody chose."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from config.templatetags.funnelbook import badge, chip, day, moment
from contacts.attributes.values import value_in_words
from contacts.models import Attribute, Contact
from journeys.book.ordering import ADDED, SINCE
from journeys.templatetags.contact_row import contact_standing

MOST_COLUMNS = 8
"""So many fit beside the contact."""

ATTRIBUTE = "attribute-"
"""How a column says that it is an attribute: this and its number."""

_LABELS_SHOWN = 2
_NOTHING = mark_safe("")

Cell = Callable[[Any, Contact], SafeString | str]
"""What a column shows of a contact, given the context of the template."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that may be chosen.

    Attributes:
        key: as an address names it; its class in CSS, too.
        order: the order that its heading offers, by the name of `KEYS`.
        newest: whether that order is offered with the latest, or the largest, first.
    """

    key: str
    label: str
    cell: Cell
    order: str = ""
    newest: bool = False
    kind: str = ""

    @property
    def css(self) -> str:
        return f"card-{self.key.split('-')[0]} {self.kind}".strip()


def _labels(context: Any, contact: Contact) -> SafeString:
    carried = contact.carried_labels.all()
    if not carried:
        return _NOTHING
    chips = format_html_join("", "{}", ((chip(one.label.name, one.label.colour),) for one in carried[:_LABELS_SHOWN]))
    more = len(carried) - _LABELS_SHOWN
    others = format_html('<span class="chip-more muted">and {} more</span>', more) if more > 0 else _NOTHING
    return format_html('<div class="chips">{}{}</div>', chips, others)


def _account(context: Any, contact: Contact) -> SafeString:
    is_active = contact.account_state == Contact.AccountState.ACTIVE
    return badge("Active", "good") if is_active else badge("Inactive", "lost")


def _text(name: str) -> Cell:
    return lambda context, contact: getattr(contact, name) or ""


def _ago(name: str) -> Cell:
    return lambda context, contact: moment(getattr(contact, name))


def _on_day(name: str) -> Cell:
    return lambda context, contact: day(getattr(contact, name))


COLUMNS = [
    Column("standing", "Stands in", lambda context, contact: contact_standing(context, contact.status)),
    Column("since", "Since", lambda context, contact: moment(contact.status.since), SINCE, True, "muted"),
    Column("labels", "Labels", _labels),
    Column("company", "Company", _text("company"), "company", kind="medium"),
    Column("open", "Last open", _ago("last_open_at"), "last_open", True, "medium muted"),
    Column("click", "Last click", _ago("last_click_at"), "last_click", True, "medium muted"),
    Column("reply", "Last reply", _ago("last_reply_at"), "last_reply", True, "medium muted"),
    Column("email", "E-mail", _text("email"), "email", kind="medium"),
    Column("external_id", "External id", _text("external_id"), "external_id", kind="medium"),
    Column("phone", "Phone", _text("phone"), kind="medium"),
    Column("city", "City", _text("city"), "city", kind="medium"),
    Column("country", "Country", _text("country"), "country", kind="medium"),
    Column("account", "Account", _account, kind="medium"),
    Column("subscribed", "Subscribed", _on_day("subscribed_at"), "subscribed", True, "medium muted"),
    Column("added", "Added", _on_day("created_at"), ADDED, True, "medium muted"),
]
"""What every book has, in the order in which it is shown."""

USUAL = ("standing", "since", "labels", "company", "open")
"""Columns that are shown to whoever chose none."""


def _of_attribute(attribute: Attribute) -> Column:
    return Column(
        f"{ATTRIBUTE}{attribute.pk}",
        attribute.name,
        lambda context, contact: value_in_words(attribute, contact.attributes.get(attribute.key)),
        kind="medium",
    )


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that may be chosen, and those that are; whether the address chose them."""

    offered: list[Column]
    chosen: list[Column]
    are_in_address: bool
    most: int = MOST_COLUMNS

    @property
    def need_attributes(self) -> bool:
        return any(column.key.startswith(ATTRIBUTE) for column in self.chosen)

    @property
    def keys(self) -> list[str]:
        return [column.key for column in self.chosen]

    @property
    def as_said(self) -> list[str]:
        """As an address says them: an empty one stands for none at all."""
        return self.keys or [""]


def columns_in(address: QueryDict, kept: Sequence[str] | None, attributes: Iterable[Attribute]) -> Columns:
    """The columns that an address asks for, else those that the person kept, else the usual ones.

    Args:
        kept: keys of columns; those that there are not any more mean nothing.
    """
    offered = [*COLUMNS, *map(_of_attribute, attributes)]
    asked_for = address.getlist("column")
    wanted = asked_for or (USUAL if kept is None else kept)
    chosen = [column for column in offered if column.key in wanted]
    return Columns(offered, chosen[:MOST_COLUMNS], bool(asked_for))
