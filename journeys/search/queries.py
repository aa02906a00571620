"""What a search over everything finds. Runs and campaigns join in by one of `SOURCES` each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from config.team.models import TeamMember
from config.team.roles import Role
from contacts.labels.queries import labels
from contacts.search.conditions import words_in
from journeys.book.queries import ContactQuery, newest_matching
from journeys.campaigns.models import Campaign
from journeys.segments.queries import segments_for
from journeys.status.models import FunnelStatus
from journeys.webforms.models import WebForm
from stages.queries import stages_in_use


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found. `number` is its own in the addresses of `url_name`; `status` is that of a contact."""

    url_name: str
    number: int
    name: str
    note: str = ""
    colour: str = ""
    status: FunnelStatus | None = None


Find = Callable[[str, TeamMember, int], Sequence[Hit]]
"""Finds what this person may see by what they typed, so many at most."""


@dataclass(frozen=True, slots=True)
class Source:
    """Things of one kind that a search finds, and the role that may open them."""

    heading: str
    find: Find
    role: Role = Role.VIEWER


def _contacts(text: str, by: TeamMember, limit: int) -> list[Hit]:
    people = newest_matching(ContactQuery(search=text), limit=limit)
    return [
        Hit("contacts:contact", person.pk, str(person), _also_known_as(person), status=person.status)
        for person in people
    ]


def _also_known_as(person: object) -> str:
    """What tells a contact from others of its name."""
    known = [getattr(person, name) or "" for name in ("email", "external_id", "company", "phone")]
    return next((name for name in known if name and name != str(person)), "")


def _stages(text: str, by: TeamMember, limit: int) -> list[Hit]:
    found = [stage for stage in stages_in_use() if is_in_name(text, stage.name)]
    return [Hit("stages:stage", stage.pk, stage.name, colour=stage.colour) for stage in found[:limit]]


def _labels(text: str, by: TeamMember, limit: int) -> list[Hit]:
    found = [label for label in labels() if is_in_name(text, label.name)]
    return [Hit("contacts:label", label.pk, label.name, colour=label.colour) for label in found[:limit]]


def _segments(text: str, by: TeamMember, limit: int) -> list[Hit]:
    found = [segment for segment in segments_for(by) if is_in_name(text, segment.name)]
    return [Hit("journeys:segment", segment.pk, segment.name, segment.description) for segment in found[:limit]]


def _web_forms(text: str, by: TeamMember, limit: int) -> list[Hit]:
    found = [form for form in WebForm.objects.only("name") if is_in_name(text, form.name)]
    return [Hit("journeys:web_form", form.pk, form.name) for form in found[:limit]]


def _campaigns(text: str, by: TeamMember, limit: int) -> list[Hit]:
    found = [campaign for campaign in Campaign.objects.all() if is_in_name(text, campaign.name)]
    return [Hit("journeys:campaign", one.pk, one.name, one.get_state_display()) for one in found[:limit]]


SOURCES: tuple[Source, ...] = (
    Source("Contacts", _contacts),
    Source("Stages", _stages),
    Source("Segments", _segments),
    Source("Labels", _labels),
    Source("Web forms", _web_forms),
    Source("Campaigns", _campaigns, Role.MARKETER),
)
"""In the order in which results are shown."""


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind; `has_more` if there is more than was asked for."""

    heading: str
    hits: list[Hit]
    has_more: bool

    @property
    def in_words(self) -> str:
        """How many there are: "1 contact", "6 or more labels"."""
        kind = self.heading.lower()
        if self.has_more:
            return f"{len(self.hits)} or more {kind}"
        return f"{len(self.hits)} {kind if len(self.hits) > 1 else kind.removesuffix('s')}"


def found(text: str, *, by: TeamMember, limit: int) -> list[Group]:
    """What a person finds, kind by kind, so many of each; kinds of which nothing is found are left out.

    What their role may not open is not found. At most five queries for contacts, and one for each other source.
    """
    groups = []
    for source in SOURCES:
        hits = source.find(text, by, limit + 1) if words_in(text) and by.role >= source.role else []
        if hits:
            groups.append(Group(source.heading, list(hits[:limit]), len(hits) > limit))
    return groups


def is_in_name(text: str, name: str) -> bool:
    """Whether each word of what was typed begins a word of a name."""
    in_name = [word.casefold() for word in words_in(name)]
    return all(any(word.startswith(part.casefold()) for word in in_name) for part in words_in(text))
