"""Stages as lists of the wire ask for them."""

import shlex
from typing import Any

from django.db.models import F, Q, QuerySet

from config.api import values
from config.api.bodies import Data
from config.api.listing import Column, Window, conditions_of, is_said, order_of, text_said
from config.team.models import TeamMember
from stages.api.wire import Categories, category_number
from stages.models import Category, Stage

COLUMNS = {
    "id": Column("id", values.identifier),
    "name": Column("name"),
    "description": Column("description"),
    "weight": Column("weight", values.number),
    "is_published": Column("is_published", values.yes_or_no),
    "date_added": Column("created_at", values.moment),
    "date_modified": Column("modified_at", values.moment),
    "created_by": Column("created_by", values.identifier),
    "created_by_user": Column("created_by__name"),
    "modified_by": Column("modified_by", values.identifier),
    "modified_by_user": Column("modified_by__name"),
    "category": Column("category", values.identifier),
    "category_id": Column("category", values.identifier),
    "publish_up": Column("publish_up", values.moment),
    "publish_down": Column("publish_down", values.moment),
    "color": Column("colour"),
}


def stages_asked_for(query: Data, *, by: TeamMember) -> tuple[int, list[Stage]]:
    """How many stages in use match, and those of the window, by name unless another order is asked for.

    One query, two where there are more.

    Raises:
        ApiError: a column, an expression or a value is not known.
    """
    conditions = [*conditions_of(query, COLUMNS), *_search(text_said(query, "search", "searchFilter"), by)]
    if is_said(query, "publishedOnly", "published"):
        conditions.append(Q(is_published=True))
    order = order_of(query, COLUMNS) or [F("name").asc()]
    matching = Stage.objects.in_use().filter(*conditions)
    window = Window.of(query)
    found = list(with_people(matching).order_by(*order, "id")[window.rows])
    return window.total(len(found), matching.count), found


def with_people(stages: QuerySet[Stage]) -> QuerySet[Stage]:
    """With what is sent of them."""
    return stages.select_related("category", "created_by", "modified_by")


def categories_named(*bodies: Any) -> Categories:
    """The categories that bodies name, as far as they can be understood. One query, none if they name none."""
    found = set()
    for body in bodies:
        try:
            found.add(category_number(body.get("category")) if isinstance(body, dict) else None)
        except ValueError:
            continue
    return Category.objects.in_bulk([number for number in found if number])


def _search(said: str, by: TeamMember) -> list[Q]:
    return [_word(word, by) for word in _words(said)]


def _words(said: str) -> list[str]:
    try:
        return shlex.split(said)
    except ValueError:
        return said.split()


def _word(word: str, by: TeamMember) -> Q:
    """A command such as `is:published`, or a word of the name or the description."""
    command, _, value = word.partition(":")
    match command.lower(), value.lower():
        case "ids", numbers:
            return Q(pk__in=values.identifiers(numbers))
        case "is", "published":
            return Q(is_published=True)
        case "is", "unpublished":
            return Q(is_published=False)
        case "is", "mine":
            return Q(created_by=by)
        case "is", "uncategorized":
            return Q(category=None)
        case "category", alias:
            return Q(category__alias=alias)
    return Q(name__icontains=word) | Q(description__icontains=word)
