"""Reads of attributes: the fields of contacts that the organisation defined."""

from contacts.models import Attribute, Contact


def attributes() -> list[Attribute]:
    """Every attribute, in the organisation's order. One query."""
    return list(Attribute.objects.all())


def holders_of(attribute: Attribute) -> int:
    """How many contacts have a value for an attribute. One query, over the whole book."""
    return Contact.objects.filter(attributes__has_key=attribute.key).count()
