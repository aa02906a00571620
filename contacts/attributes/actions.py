"""Writes to attributes: the fields of contacts that the organisation defined. Their values are fields of contacts."""

import logging
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.text import slugify

from config.team.models import TeamMember
from contacts.attributes.queries import holders_of
from contacts.models import Attribute

logger = logging.getLogger(__name__)


class AttributeHeld(Exception):
    """Contacts have values for the attribute, so it stays; `contacts` says how many."""

    def __init__(self, contacts: int) -> None:
        super().__init__(f"{contacts:,} {'contact has' if contacts == 1 else 'contacts have'} a value for it.")
        self.contacts = contacts


def create_attribute(
    *, name: str, type: Attribute.Type, choices: Sequence[str] = (), by: TeamMember | None
) -> Attribute:
    """A new attribute, at the end of the list. Its key, made from the name, never changes.

    Raises:
        ValidationError: by field, what cannot be kept.
    """
    with transaction.atomic():
        _lock()
        last = Attribute.objects.aggregate(last=Max("position"))["last"]
        attribute = Attribute(
            name=name, key=_free_key(name), type=type, choices=list(choices), position=0 if last is None else last + 1
        )
        _save(attribute)
    logger.info("Attribute %s was created by %s", attribute.pk, _who(by))
    return attribute


def change_attribute(*, attribute: Attribute, name: str, choices: Sequence[str] = (), by: TeamMember | None) -> None:
    """Give an attribute another name or other choices. Contacts keep the values they have.

    Raises:
        ValidationError: by field, what cannot be kept.
    """
    attribute.name, attribute.choices = name, list(choices)
    _save(attribute)
    logger.info("Attribute %s was changed by %s", attribute.pk, _who(by))


def move_attribute(*, attribute: Attribute, places: int, by: TeamMember | None) -> None:
    """Move an attribute so many places down the list; up, if negative. It stops at the ends."""
    with transaction.atomic():
        order = _lock()
        if attribute.pk not in order:
            return
        target = min(max(order.index(attribute.pk) + places, 0), len(order) - 1)
        order.remove(attribute.pk)
        order.insert(target, attribute.pk)
        for position, pk in enumerate(order):
            Attribute.objects.filter(pk=pk).exclude(position=position).update(position=position)
    logger.info("Attribute %s was moved by %s", attribute.pk, _who(by))


def remove_attribute(*, attribute: Attribute, by: TeamMember | None) -> None:
    """Remove an attribute that no contact has a value for.

    Raises:
        AttributeHeld: contacts have values for it.
    """
    holders = holders_of(attribute)
    if holders:
        raise AttributeHeld(holders)
    number = attribute.pk
    attribute.delete()
    logger.info("Attribute %s was removed by %s", number, _who(by))


def _lock() -> list[int]:
    """Lock every attribute, so that two people who sort them at once do it one after the other. Their ids in order."""
    return [attribute.pk for attribute in Attribute.objects.select_for_update()]


def _free_key(name: str) -> str:
    """A key like the name that no attribute has."""
    wanted = slugify(name)[:90] or "attribute"
    taken = set(Attribute.objects.filter(key__startswith=wanted).values_list("key", flat=True))
    return next(key for key in (wanted, *(f"{wanted}-{n}" for n in range(2, len(taken) + 3))) if key not in taken)


def _save(attribute: Attribute) -> None:
    """Save an attribute that was checked; two who choose one name at once are told as one of them would be."""
    attribute.full_clean()
    try:
        with transaction.atomic():
            attribute.save()
    except IntegrityError as taken:
        attribute.validate_constraints()
        raise ValidationError("Somebody saved an attribute like this at the same moment.") from taken


def _who(by: TeamMember | None) -> str:
    return str(by.pk) if by else "nobody"
