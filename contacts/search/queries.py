"""How common the words of a search are, which decides how it is answered in a few milliseconds."""

from dataclasses import dataclass

from django.db import connection

from contacts.search.conditions import NOTHING, all_of, conditions_in

SAMPLED = 256
"""So many pages of the table of contacts say how common words are; they hold some five thousand contacts."""

COMMON = 15_000
"""Words that more contacts match are not looked up in the index: reading contacts in order finds a page sooner."""

FREQUENT = 100_000
"""A word that more contacts hold is not looked up beside others: it would cost more than it leaves out."""


@dataclass(frozen=True, slots=True)
class Search:
    """What a person typed, in two parts: conditions of `to_tsquery`, either may be empty.

    Attributes:
        looked_up: in the index.
        held_against: tried on each contact that is read.
    """

    looked_up: str
    held_against: str

    @property
    def is_common(self) -> bool:
        return not self.looked_up

    @property
    def thorough(self) -> "Search":
        """The same, to find all who match: looked up, even if they are many."""
        return self if self.looked_up else Search(self.held_against, "")


def search_for(text: str) -> Search:
    """How to search for what a person typed. One query over a sample; none where it holds no word."""
    conditions = conditions_in(text)
    if not conditions:
        return Search(NOTHING, "")
    whole = all_of(conditions)
    matching, *each = _expected([whole, *conditions])
    if matching > COMMON:
        return Search("", whole)
    rare = [condition for condition, count in zip(conditions, each, strict=True) if count <= FREQUENT]
    frequent = [condition for condition in conditions if condition not in rare]
    return Search(all_of(rare), all_of(frequent)) if rare else Search(whole, "")


_SAMPLE = """
    WITH size AS MATERIALIZED (SELECT greatest(1, pg_relation_size('contacts_contact') / 8192) AS pages)
    SELECT (SELECT greatest(1, pages / {pages}.0) FROM size), {counts} FROM contacts_contact
    TABLESAMPLE SYSTEM ((SELECT least(100, 100.0 * {pages} / pages) FROM size)) REPEATABLE (0)
"""


def _expected(conditions: list[str]) -> list[float]:
    """How many contacts of the book match each condition, as a sample of its pages has it."""
    counts = ", ".join(["count(*) FILTER (WHERE search @@ to_tsquery('simple', %s))"] * len(conditions))
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLE.format(pages=SAMPLED, counts=counts), conditions)
        times, *found = cursor.fetchone()
        return [count * float(times) for count in found]
