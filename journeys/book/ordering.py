"""The orders that a list of contacts may have."""

from dataclasses import dataclass, replace
from typing import Self

from contacts.models import NAME_ON_SCREEN

ADDED, SINCE = "added", "since"
"""Orders by the age in the book, and by the narrow table of statuses alone."""


def _moment(column: str) -> str:
    return f"coalesce({column}, '0001-01-02Z'::timestamptz)"


KEYS = {
    ADDED: "contact.id",
    "name": NAME_ON_SCREEN,
    "email": "lower(coalesce(email, ''))",
    "external_id": "coalesce(external_id, '')",
    "company": "lower(company)",
    "city": "lower(city)",
    "country": "lower(country)",
    SINCE: "status.since",
    "last_open": _moment("last_open_at"),
    "last_click": _moment("last_click_at"),
    "last_reply": _moment("last_reply_at"),
    "subscribed": _moment("subscribed_at"),
}
"""What contacts are ordered by, of the tables `contact` and `status`, by the name that an address says.

None is ever NULL: what is missing comes first.
"""

INDEXED = frozenset({ADDED, "name"})
"""Orders that an index gives. By the others, only so many contacts are put in order as can be read at once."""


@dataclass(frozen=True, slots=True)
class Order:
    """By a column of `KEYS`, and by the age in the book where that is equal."""

    column: str = ADDED
    descending: bool = True

    @property
    def key(self) -> str:
        return KEYS[self.column]

    @property
    def is_indexed(self) -> bool:
        return self.column in INDEXED

    @property
    def reversed(self) -> Self:
        return replace(self, descending=not self.descending)

    @property
    def by(self) -> str:
        """As SQL says it of the tables."""
        return self._by(self.key, "contact.id")

    @property
    def by_walked(self) -> str:
        """As SQL says it of what was read of them as `walked`."""
        return self._by("walked.key", "walked.id")

    def _by(self, key: str, pk: str) -> str:
        way = "DESC" if self.descending else "ASC"
        return f"{pk} {way}" if self.column == ADDED else f"{key} {way}, {pk} {way}"

    @property
    def beyond(self) -> str:
        """Whether a contact comes after the one whose key and id are the two values."""
        way = "<" if self.descending else ">"
        return f"contact.id {way} %s" if self.column == ADDED else f"({self.key}, contact.id) {way} (%s, %s)"


NEWEST_FIRST = Order()
