"""Finding what somebody goes by in a text, and taking it out: pure.

A text is looked through once, however many people are looked for: its words are compared, not its letters.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator

SHORTEST = 5
"""What has fewer letters and digits than this is in too many texts to mean somebody."""

ERASED = "(erased)"

_WORD = re.compile(r"\w+")


class Words:
    """What people go by: e-mails, whole names, phones, external ids. Letters may be large or small."""

    def __init__(self, said: Iterable[str]) -> None:
        self._by_first: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        self._phones: set[str] = set()
        for text in said:
            words = tuple(word for word, _, _ in _words(unicodedata.normalize("NFC", text)))
            if sum(map(len, words)) < SHORTEST:
                continue
            self._by_first[words[0]].add(words)
            if all(word.isdecimal() for word in words):
                self._phones.add("".join(words))
        self._longest_phone = max(map(len, self._phones), default=0)

    def without(self, text: str) -> str:
        """The text with `ERASED` in place of everything that these people go by; a phone by its digits."""
        composed = unicodedata.normalize("NFC", text)
        kept, last = [], 0
        for start, end in self._found(composed):
            kept += [composed[last:start], ERASED]
            last = end
        return "".join(kept) + composed[last:] if kept else text

    def are_in(self, text: str) -> bool:
        """Whether any of these people is named in the text."""
        return next(self._found(unicodedata.normalize("NFC", text)), None) is not None

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        words, place = list(_words(text)), 0
        while place < len(words):
            if length := self._length_at([word for word, _, _ in words[place : place + 24]]):
                yield words[place][1], words[place + length - 1][2]
            place += length or 1

    def _length_at(self, words: list[str]) -> int:
        """Of so many words, beginning with the first, somebody is made; 0 for nobody."""
        named = (len(name) for name in self._by_first.get(words[0], ()) if tuple(words[: len(name)]) == name)
        return max(named, default=0) or self._phone_at(words)

    def _phone_at(self, words: list[str]) -> int:
        digits = ""
        for count, word in enumerate(words, start=1):
            digits += word
            if not word.isdecimal() or len(digits) > self._longest_phone:
                return 0
            if digits in self._phones:
                return count
        return 0


def _words(text: str) -> Iterator[tuple[str, int, int]]:
    """Each word in one case, and where it stands. An underscore belongs to a word, a hyphen does not."""
    for match in _WORD.finditer(text):
        yield match[0].casefold(), match.start(), match.end()
