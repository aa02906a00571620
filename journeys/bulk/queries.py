"""Reads for bulk changes: who was selected, and whom a pasted list names."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection

from contacts.models import Contact
from journeys.imports.reading import tidy

MOST_ENTRIES = 50_000
"""So many entries of a pasted list are looked up at once."""

_BETWEEN_ENTRIES = re.compile(r"[\r\n,;\t]+")
_IN_PHONES = frozenset("0123456789 ()+/.-\N{NO-BREAK SPACE}")
_NOT_DIGITS = re.compile(r"[^0-9]+")
_LONGEST_ENTRY = Contact._meta.get_field("email").max_length or 0
_LONGEST_PHONE = Contact._meta.get_field("phone").max_length or 0


def contacts_by_name(ids: Sequence[int]) -> list[Contact]:
    """Those of the contacts that are in the book, the newest first, with what they go by. At most one query."""
    names = ("first_name", "last_name", "email", "external_id")
    return list(Contact.objects.filter(pk__in=ids).only(*names).order_by("-pk"))


@dataclass(frozen=True, slots=True)
class Found:
    """Whom a pasted list names.

    Attributes:
        contacts: their ids, each once.
        not_found: entries that no contact in the book has.
        unclear: entries that several contacts have, with how many: none of them is taken.
        repeated: entries that name somebody once more.
    """

    contacts: list[int] = field(default_factory=list)
    not_found: list[str] = field(default_factory=list)
    unclear: list[tuple[str, int]] = field(default_factory=list)
    repeated: int = 0


def entries_in(text: str) -> list[str]:
    """The entries of a pasted list: one a line, or with a comma, a semicolon or a tab between them.

    Of an address with a name, `Ana Lee <ana@example.com>`, the address.
    """
    entries = (_bare(part) for part in _BETWEEN_ENTRIES.split(text))
    return [entry for entry in entries if entry]


def _bare(part: str) -> str:
    entry = tidy(part).strip("\"'")
    if entry.endswith(">") and "<" in entry:
        entry = entry[entry.rindex("<") + 1 : -1]
    return entry.strip()


def find_entries(entries: Sequence[str]) -> Found:
    """Whom entries name by e-mail, by external id, or by all digits of a phone. One query.

    An entry is looked up in every way that it may be meant, and where these lead to several contacts nobody guesses.
    """
    once = list({_key(entry): entry for entry in reversed(entries)}.values())[::-1]
    named = _named_by(once)
    contacts = {contact for found in named.values() if len(found) == 1 for contact in found}
    clear = sum(len(found) == 1 for found in named.values())
    return Found(
        contacts=sorted(contacts),
        not_found=[entry for number, entry in enumerate(once) if number not in named],
        unclear=[(once[number], len(found)) for number, found in sorted(named.items()) if len(found) > 1],
        repeated=len(entries) - len(once) + clear - len(contacts),
    )


def _key(entry: str) -> str:
    """What is equal for entries that mean the same: letters of an e-mail may be large or small."""
    return entry.lower() if "@" in entry else entry


_NAMED = """
    WITH entry AS (SELECT * FROM unnest(%(numbers)s::int[], %(entries)s::text[]) AS given (number, said)),
         phone AS (SELECT * FROM unnest(%(phones)s::int[], %(digits)s::text[]) AS given (number, digits))
    SELECT number, id FROM entry JOIN contacts_contact ON lower(email) = lower(said)
    UNION
    SELECT number, id FROM entry JOIN contacts_contact ON external_id = said
    UNION
    SELECT number, id FROM phone CROSS JOIN LATERAL (
        SELECT id FROM contacts_contact contact
        WHERE contact.phone <> '' AND regexp_replace(contact.phone, '[^0-9]', '', 'g') = digits
        OFFSET 0
    ) AS reached
"""
"""OFFSET 0 has PostgreSQL seek each phone in its index: told nothing, it reads the phones of the whole book instead."""


def _named_by(entries: Sequence[str]) -> dict[int, set[int]]:
    """The contacts that each entry may mean, by its place among the entries; those that mean nobody are missing."""
    given = [(number, entry) for number, entry in enumerate(entries) if len(entry) <= _LONGEST_ENTRY]
    phones = [(number, digits) for number, entry in given if (digits := _digits_of_phone(entry))]
    named: dict[int, set[int]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(
            _NAMED,
            {
                "numbers": _firsts(given),
                "entries": [entry for _, entry in given],
                "phones": _firsts(phones),
                "digits": [digits for _, digits in phones],
            },
        )
        for number, contact in cursor.fetchall():
            named[number].add(contact)
    return named


def _firsts(pairs: Iterable[tuple[int, str]]) -> list[int]:
    return [number for number, _ in pairs]


def _digits_of_phone(entry: str) -> str:
    """The digits of what may be a phone; nothing for what is none."""
    digits = _NOT_DIGITS.sub("", entry) if _IN_PHONES.issuperset(entry) else ""
    return digits if len(digits) <= _LONGEST_PHONE else ""
