"""Reads of segments: which there are, and who matches them. Campaigns, reports and the API ask here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from config.team.models import TeamMember
from config.team.queries import organisation
from config.team.roles import Role
from contacts.attributes.queries import attributes
from contacts.labels.queries import labels
from contacts.models import Contact
from journeys.segments.conditions import AttributeFacts, Conditions, Kind, Vocabulary
from journeys.segments.models import Segment
from journeys.segments.sql import Moment, Statement, Window, select
from stages.models import Stage

# Which there are


def segments_for(member: TeamMember) -> QuerySet[Segment]:
    """The segments that somebody sees, by name: those for everybody and their own. One query."""
    return Segment.objects.filter(Q(is_for_all=True) | Q(owner=member)).select_related("owner")


def may_change(segment: Segment, member: TeamMember) -> bool:
    """Whether somebody may change or delete a segment: their own, and from Marketer on those for everybody."""
    return member.role >= Role.MARKETER if segment.is_for_all else segment.owner_id == member.pk


def may_share(member: TeamMember) -> bool:
    """Whether somebody may have a segment for everybody."""
    return member.role >= Role.MARKETER


# Who matches


def vocabulary() -> Vocabulary:
    """What conditions may name now. Three queries."""
    stages = list(Stage.objects.order_by("weight", "pk"))
    return Vocabulary(
        stages={stage.pk: stage.name for stage in stages},
        retired=frozenset(stage.pk for stage in stages if stage.retired_at),
        labels={label.pk: label.name for label in labels()},
        attributes=_attributes(),
    )


def _attributes() -> dict[int, AttributeFacts]:
    return {
        one.pk: AttributeFacts(one.pk, one.name, one.key, Kind(one.type), tuple(one.choices)) for one in attributes()
    }


def this_moment(at: datetime | None = None) -> Moment:
    """A moment, now if left out, with the organisation's days. One query."""
    return Moment(at or timezone.now(), ZoneInfo(organisation().time_zone))


@dataclass(frozen=True, slots=True)
class Matching:
    """Whoever matches conditions as they were at one moment: what somebody looked at, whatever becomes of the segment.

    Attributes:
        segment, name: of the segment that they are from, if they are from one.
    """

    conditions: Conditions
    at: Moment
    segment: int | None = None
    name: str = ""

    @classmethod
    def of(cls, segment: Segment, at: datetime | None = None) -> Self:
        """Whoever matches a segment, now or at a moment. One query."""
        return cls(segment.asks, this_moment(at), segment.pk, segment.name)

    def statement(self, window: Window | None = None) -> Statement:
        """SQL that gives each as `contact_id`, and its values. One query where attributes are named."""
        known = Vocabulary(attributes=_attributes()) if self.conditions.attributes else Vocabulary()
        return select(self.conditions, known, self.at, window)

    def as_json(self) -> dict[str, Any]:
        return {
            "conditions": self.conditions.as_json(),
            "now": self.at.now.isoformat(),
            "zone": str(self.at.zone),
            "segment": self.segment,
            "name": self.name,
        }

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """What `as_json` wrote."""
        at = Moment(datetime.fromisoformat(data["now"]), ZoneInfo(data["zone"]))
        return cls(Conditions.read(data["conditions"]), at, data["segment"], data["name"])


def contacts_of(what: Segment | Conditions, at: datetime | None = None) -> QuerySet[Contact]:
    """The contacts that match, as they stand now, with days and targets counted from `at`. Up to two queries at once.

    To be narrowed, ordered and read like any other. For pages of the list see `journeys.book.queries`.
    """
    conditions = what.asks if isinstance(what, Segment) else what
    sql, values = Matching(conditions, this_moment(at)).statement()
    return Contact.objects.filter(pk__in=RawSQL(f"({sql})", values))


def count_of(what: Matching) -> int:
    """How many match. One query, and one more where attributes are named."""
    sql, values = what.statement()
    return _numbers(f"SELECT count(*) FROM ({sql}) AS matching", values)[0]


def _numbers(sql: str, values: Sequence[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]
