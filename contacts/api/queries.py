"""Contacts as lists of the wire ask for them."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Prefetch, Q, QuerySet
from django.db.models.functions import Lower

from config.api import values
from config.api.bodies import Data
from config.api.listing import Column, Window, conditions_of, order_of, text_said
from contacts.models import CarriedLabel, Contact
from contacts.search.conditions import condition_in
from journeys.book.queries import ContactQuery, how_many

MOST = 1000
"""So many contacts are answered at once, whatever the limit asked for."""


LEFT_OUT = ["search"]


def _small(value: Any) -> str:
    return values.text(value).lower()


COLUMNS = {
    "id": Column("id", values.identifier),
    "email": Column("lower_email", _small),
    "firstname": Column("first_name"),
    "lastname": Column("last_name"),
    "phone": Column("phone"),
    "company": Column("company"),
    "city": Column("city"),
    "country": Column("country"),
    "external_id": Column("external_id"),
    "account_state": Column("account_state"),
    "date_added": Column("created_at", values.moment),
    "date_modified": Column("updated_at", values.moment),
    "last_active": Column("last_active_at", values.moment),
    "last_open_at": Column("last_open_at", values.moment),
    "last_click_at": Column("last_click_at", values.moment),
    "last_reply_at": Column("last_reply_at", values.moment),
    "subscribed_at": Column("subscribed_at", values.moment),
    "unsubscribed_at": Column("unsubscribed_at", values.moment),
    "stage": Column("status__stage", values.identifier),
    "stage_id": Column("status__stage", values.identifier),
}


def contacts_asked_for(query: Data) -> tuple[int, list[Contact]]:
    """How many contacts match, and those of the window, in the order of their ids unless another one is asked for.

    Three queries, up to two more where there are more: without a condition, the funnel has counted already.

    Raises:
        ApiError: a column, an expression or a value is not known.
    """
    conditions = [*conditions_of(query, COLUMNS), *_search(text_said(query, "search", "searchFilter"))]
    order = order_of(query, COLUMNS)
    matching = Contact.objects.alias(lower_email=Lower("email")).filter(*conditions)
    window = Window.of(query, most=MOST)
    ids = list(matching.order_by(*order, "id").values_list("pk", flat=True)[window.rows])
    count = matching.count if conditions else lambda: how_many(ContactQuery()).number
    return window.total(len(ids), count), contacts_of(ids)


def contacts_of(ids: Sequence[int]) -> list[Contact]:
    """These contacts, in this order, with what is sent of them. Two queries."""
    found = with_what_is_sent(Contact.objects.filter(pk__in=ids)).in_bulk()
    return [found[pk] for pk in ids if pk in found]


def with_what_is_sent(contacts: QuerySet[Contact]) -> QuerySet[Contact]:
    carried = CarriedLabel.objects.select_related("label").order_by(Lower("label__name"), "label_id")
    return (
        contacts.select_related("status__stage", "status__lost_reason", "status__changed_by")
        .prefetch_related(Prefetch("carried_labels", carried))
        .defer("search")
    )


def _search(said: str) -> list[Q]:
    words = said.split()
    commands = {word: found for word in words if (found := _command(word)) is not None}
    plain = " ".join(word for word in words if word not in commands)
    conditions = list(commands.values())
    if plain:
        conditions.append(Q(search=SearchQuery(condition_in(plain), config="simple", search_type="raw")))
    return conditions


def _command(word: str) -> Q | None:
    """What `email:`, `ids:` or `tag:` ask for; None for a word that is no command."""
    command, _, value = word.partition(":")
    match command.lower():
        case "email":
            return Q(lower_email=value.lower())
        case "ids" | "id":
            return Q(pk__in=values.identifiers(value))
        case "tag":
            return Q(carried_labels__label__name__iexact=value)
    return None
