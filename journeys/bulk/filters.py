"""Whom the address of the page is about: contacts selected in the list, or all that its filter matches."""

from dataclasses import dataclass, field

from django.http import QueryDict
from django.urls import reverse

from config.team.models import TeamMember
from contacts.filters import ContactFilter, FilterChip
from contacts.models import Contact
from contacts.views.addresses import id_in
from journeys.book.queries import PAGE, Count, how_many
from journeys.bulk.queries import contacts_by_name
from journeys.reports.people import how_many_behind
from journeys.reports.readers import read_signed
from journeys.runs.operations import Selection

NAMED = 5
"""So many of the contacts that were selected are named; the others are counted."""

NOBODY = Count(0)

_OF_THIS_PAGE = ("act", "all", "contact", "behind")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whom the address says it is about.

    Attributes:
        selection: None if it says nobody, so that a list has to be pasted.
        contacts: those that were selected one by one.
        chips: what all that match have in common, in words.
        ignored: sentences about what in the address was not used.
    """

    selection: Selection | None = None
    count: Count = NOBODY
    contacts: list[Contact] = field(default_factory=list)
    chips: list[FilterChip] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    @property
    def named(self) -> list[Contact]:
        return self.contacts[:NAMED]

    @property
    def not_named(self) -> int:
        return len(self.contacts) - len(self.named)


def chosen_in(address: QueryDict, member: TeamMember) -> Chosen:
    """Whom an address chooses: those `behind` a number of a report; with `all=1` everybody who matches its filter;
    else each `contact`."""
    if "behind" in address:
        return _behind_a_number(str(address["behind"]))
    return _all_that_match(address, member) if address.get("all") == "1" else _one_by_one(address.getlist("contact"))


def _behind_a_number(said: str) -> Chosen:
    behind = read_signed(said)
    if not behind:
        return Chosen(ignored=["The address names no number of a report, so nobody is selected."])
    count = how_many_behind(behind)
    if not count.number:
        return Chosen(ignored=["Nobody whom that number counts is in the Contact Book any more."])
    return Chosen(Selection(behind=behind), count, chips=[FilterChip("Counted by a report", ())])


def _all_that_match(address: QueryDict, member: TeamMember) -> Chosen:
    """Nobody, where a condition means nothing: without it more people would match than were meant."""
    narrowed = ContactFilter(address, member)
    if narrowed.problems:
        return Chosen(ignored=[*narrowed.problems, "That would be more people than were meant, so nobody is selected."])
    count = how_many(narrowed.query)
    if not count.number:
        return Chosen(ignored=["Nobody in the Contact Book matches what the list was narrowed by."])
    return Chosen(Selection(query=narrowed.query), count, chips=narrowed.chips)


def _one_by_one(values: list[str]) -> Chosen:
    given = list(dict.fromkeys(values))
    ids = [pk for value in given if (pk := id_in(value)) is not None]
    contacts = contacts_by_name(ids[:PAGE])
    ignored = []
    if unknown := len(given) - len(ids[PAGE:]) - len(contacts):
        are = "is" if unknown == 1 else "are"
        ignored.append(f"{unknown} of those selected {are} not in the Contact Book any more.")
    if ids[PAGE:]:
        ignored.append(f"Up to {PAGE} are selected one by one: {len(ids[PAGE:])} more in this address were left out.")
    if not contacts:
        return Chosen(ignored=ignored)
    selection = Selection(contacts=tuple(contact.pk for contact in contacts))
    return Chosen(selection, Count(len(contacts)), contacts=contacts, ignored=ignored)


def list_address(address: QueryDict) -> str:
    """The list of contacts as it was narrowed when somebody came from there."""
    query = address.copy()
    for name in _OF_THIS_PAGE:
        query.pop(name, None)
    contacts = reverse("contacts:contacts")
    return f"{contacts}?{query.urlencode()}" if query else contacts
