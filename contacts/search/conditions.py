"""What a person typed, as conditions that a search looks up; and what divides a contact's text into words: pure."""

import re
import unicodedata
from collections.abc import Iterable

APART = "@.+-_/<>&"
"""What PostgreSQL would take for a part of a word, of an address or of a number; in search it stands between words."""

UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
"""Marks that nobody sees, such as those that turn the direction of writing."""

NOTHING = "'!'"
"""A condition without a word, which no contact matches."""

MOST_WORDS = 12
"""So many words of what was typed are looked for."""

_PHONE = re.compile(r"[\d\s()+/.-]*\d[\d\s()+/.-]*")
_OF_WORDS = frozenset("LMN")
"""First letters of the Unicode categories of letters, marks on letters, and numerals."""


def words_in(text: str) -> list[str]:
    """The words of what a person typed: "Ana.Silva@example" is three."""
    composed = unicodedata.normalize("NFC", text)
    parted = "".join(letter if unicodedata.category(letter)[0] in _OF_WORDS else " " for letter in composed)
    return parted.split()[:MOST_WORDS]


def conditions_in(text: str) -> list[str]:
    """What a person typed, as conditions in the language of `to_tsquery` that all have to hold.

    Every word is looked for by its beginning, and what may be a phone by its digits too.
    """
    words = [_beginning(word) for word in words_in(text)]
    if not _PHONE.fullmatch(text):
        return words
    digits = "".join(str(unicodedata.decimal(character)) for character in text if character.isdecimal())
    return [f"({all_of(words)} | {_beginning(digits)})"]


def condition_in(text: str) -> str:
    """All of them in one. What holds no word is nowhere to be found."""
    return all_of(conditions_in(text)) or NOTHING


def all_of(conditions: Iterable[str]) -> str:
    """One condition that holds where all of these do."""
    return " & ".join(conditions)


def _beginning(word: str) -> str:
    return f"'{word}':*"
