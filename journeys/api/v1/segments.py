"""`/api/v1/segments`: sets of contacts by conditions, and who matches them."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.urls import reverse
from ninja import Query, Router
from pydantic import Field

from config.api.v1 import problems
from config.api.v1.operations import Answer, CalledRequest, operation, require
from config.api.v1.paging import key_asked, page_of
from config.api.v1.problems import Problem, Wrong
from config.api.v1.schemas import ByIdOrName, Id, Name, Page, Said, Shown, Window
from config.team.models import TeamMember
from config.team.roles import Role
from contacts.api.queries import contacts_of
from contacts.api.v1.schemas import ContactShown
from journeys.api.v1.schemas import PersonShown
from journeys.segments import conditions as rules
from journeys.segments.actions import create_segment
from journeys.segments.conditions import InvalidConditions, Operator, Vocabulary, checked
from journeys.segments.models import Segment
from journeys.segments.queries import Matching, newest_of, segments_for, this_moment, vocabulary
from journeys.segments.sentences import sentence
from journeys.segments.sql import Moment

router = Router(tags=["Segments"])

Text = str | None


class ConditionSaid(Said):
    """One thing that has to hold. Which of the others are said depends on field and operator."""

    model_config = {
        "json_schema_extra": {
            "examples": [
                {"field": "status", "operator": "is", "place": "Customer"},
                {"field": "last_open_at", "operator": "before", "day": "2026-04-08", "or_never": True},
            ]
        }
    }

    field: str = Field(max_length=60, description="status, last_open_at, label, country, attribute:7 …")
    operator: Annotated[Operator, Field(strict=False)]
    place: Text = Field(default=None, max_length=120, description="A stage by id or name, none, any; `-lost` after it.")
    stage: ByIdOrName | None = None
    label: ByIdOrName | None = None
    choice: Text = Field(default=None, max_length=200)
    text: Text = Field(default=None, max_length=200)
    number: int | float | None = None
    most: int | float | None = None
    day: Text = Field(default=None, max_length=10, description="A day of the organisation's zone: 2026-04-08.")
    until: Text = Field(default=None, max_length=10)
    days: int | None = Field(default=None, ge=1, le=rules.MOST_DAYS)
    or_never: bool = False


class SegmentSaid(Said):
    """Within a group every condition has to hold; of the groups, one."""

    model_config = {
        "json_schema_extra": {
            "examples": [
                {
                    "name": "Customers gone quiet",
                    "conditions": [
                        [
                            {"field": "status", "operator": "is", "place": "Customer"},
                            {"field": "last_open_at", "operator": "more_than_ago", "days": 60, "or_never": True},
                        ]
                    ],
                }
            ]
        }
    }

    name: Name
    description: str = Field(default="", max_length=1000)
    is_for_all: bool = Field(default=False, description="For everybody: Marketers and above.")
    conditions: list[list[ConditionSaid]] = Field(min_length=1, max_length=rules.MOST_GROUPS)


class SegmentShown(Shown):
    """`sentence` says the conditions as a person would."""

    id: int
    name: str
    description: str
    is_for_all: bool
    owner: PersonShown | None
    sentence: str
    conditions: list[list[dict[str, Any]]]


@operation(router, "GET", "/segments", name="segments", role=Role.VIEWER, shows=Page[SegmentShown])
def list_segments(request: CalledRequest) -> Page[SegmentShown]:
    """The segments for everybody and one's own, by name"""
    known, now = vocabulary(), this_moment()
    found = segments_for(request.caller.member)
    return Page[SegmentShown](items=[_shown(one, known, now) for one in found], next=None)


@operation(router, "POST", "/segments", name="segments", role=Role.VIEWER, shows=SegmentShown, status=201)
def add_segment(request: CalledRequest, said: SegmentSaid) -> Answer:
    """Add a segment"""
    _require_may_add(request, said)
    known = vocabulary()
    try:
        conditions = checked([[_typed(one, known) for one in group] for group in said.conditions], known)
        segment = create_segment(
            name=said.name.strip(),
            description=said.description,
            conditions=conditions,
            is_for_all=said.is_for_all,
            by=request.caller.member,
        )
    except InvalidConditions as invalid:
        raise Problem(problems.INVALID, wrong=[_wrong(one) for one in invalid.problems]) from None
    except ValidationError as error:
        raise _problem_of(error) from None
    return Answer(_shown(segment, known, this_moment()), location=reverse("api:v1:segment", args=[segment.pk]))


@operation(
    router,
    "GET",
    "/segments/{int:segment}",
    name="segment",
    role=Role.VIEWER,
    shows=SegmentShown,
    may_refuse=(404,),
)
def get_segment(request: CalledRequest, segment: Id) -> SegmentShown:
    """One segment"""
    return _shown(_segment(segment, request.caller.member), vocabulary(), this_moment())


@operation(
    router,
    "GET",
    "/segments/{int:segment}/contacts",
    name="segment_contacts",
    role=Role.VIEWER,
    shows=Page[ContactShown],
    may_refuse=(404,),
)
def list_contacts_of_segment(request: CalledRequest, segment: Id, asked: Query[Window]) -> Page[ContactShown]:
    """Contacts that match a segment now, the newest in the book first"""
    older_than = key_asked(asked)
    found = _segment(segment, request.caller.member)
    return page_of(
        Page[ContactShown],
        newest_of(Matching.of(found), older_than=older_than, limit=asked.limit + 1),
        asked,
        lambda shown: [ContactShown.of(contact) for contact in contacts_of(shown)],
        key=lambda pk: pk,
    )


def _segment(pk: int, member: TeamMember) -> Segment:
    """Raises Segment.DoesNotExist also for somebody else's own."""
    return segments_for(member).get(pk=pk)


def _require_may_add(request: CalledRequest, said: SegmentSaid) -> None:
    """Everybody has segments of their own, but not by a token that may only read."""
    if not request.caller.may_write:
        raise Problem(problems.NOT_ALLOWED, "This needs a token that may write.")
    if said.is_for_all:
        require(request, Role.MARKETER)


def _typed(said: ConditionSaid, known: Vocabulary) -> Mapping[str, str]:
    """A condition as people type it: names of stages and labels are led back to their ids."""
    typed = {name: str(value) for name, value in said.model_dump(exclude_none=True, exclude={"or_never"}).items()}
    typed["operator"] = said.operator.value
    if said.or_never:
        typed["or_never"] = "yes"
    if isinstance(said.stage, str):
        typed["stage"] = _id_of(said.stage, known.stages)
    if isinstance(said.label, str):
        typed["label"] = _id_of(said.label, known.labels)
    if said.place and not re.match("([0-9]+|any|none)(-lost)?$", said.place):
        name = said.place.removesuffix("-lost")
        typed["place"] = _id_of(name, known.stages) + said.place[len(name) :]
    return typed


def _id_of(name: str, known: Mapping[int, str]) -> str:
    """The id of what is called so; the name itself where nothing is, to be told so."""
    return next((str(pk) for pk, one in known.items() if one.lower() == name.lower()), name)


def _wrong(one: rules.Problem) -> Wrong:
    return Wrong(f"conditions.{one.group}.{one.condition}.{one.input}".rstrip("."), one.message)


def _problem_of(error: ValidationError) -> Problem:
    by_field = error.message_dict if hasattr(error, "error_dict") else {"name": error.messages}
    return Problem(problems.INVALID, wrong=[Wrong(name, " ".join(said)) for name, said in by_field.items()])


def _shown(segment: Segment, known: Vocabulary, now: Moment) -> SegmentShown:
    return SegmentShown(
        id=segment.pk,
        name=segment.name,
        description=segment.description,
        is_for_all=segment.is_for_all,
        owner=PersonShown.of(segment.owner),
        sentence=sentence(segment.asks, known, now),
        conditions=segment.conditions,
    )
