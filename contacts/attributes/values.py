"""Values of attributes: as contacts keep them, and as people read them. Pure."""

from datetime import date
from typing import Any

from django.utils import formats

from contacts.models import Attribute


def value_in_words(attribute: Attribute, value: Any) -> str:
    """A value as a person reads it: `Yes`, `1,200`, `3 May 2026`. Empty for none; as it is if it is of another type."""
    match attribute.type, value:
        case _, None:
            return ""
        case _, bool():
            return "Yes" if value else "No"
        case Attribute.Type.NUMBER, int() | float():
            return f"{value:,}"
        case Attribute.Type.DATE, str():
            return _day(value)
    return str(value)


def _day(value: str) -> str:
    try:
        return formats.date_format(date.fromisoformat(value), "DATE_FORMAT")
    except ValueError:
        return value
