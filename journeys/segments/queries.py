"""Reads of segments: which there are, and who matches them. Campaigns, reports and the API ask here."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone
from psycopg.errors import QueryCanceled

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

    def ids(self) -> RawSQL:
        """Their ids, for `filter(contact__in=…)`. One query where attributes are named."""
        return RawSQL(*self.statement())

    def named_statement(self, begin: str = "matching") -> tuple[str, dict[str, Any]]:
        """`statement` with its values by name, for larger statements that have values of their own.

        Args:
            begin: how the names begin.
        """
        sql, values = self.statement()
        names = [f"{begin}{number}" for number in range(len(values))]
        return sql % tuple(f"%({name})s" for name in names), dict(zip(names, values, strict=True))

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
    return Contact.objects.filter(pk__in=Matching(conditions, this_moment(at)).ids())


@dataclass(frozen=True, slots=True)
class _Newest:
    """The newest in the book first, so many, from one contact on."""

    older_than: int | None
    limit: int
    order: str = "DESC"

    def bounds(self, key: str) -> list[str]:
        return [] if self.older_than is None else [f"{key} < {self.older_than:d}"]


def newest_of(what: Matching, *, older_than: int | None = None, limit: int) -> list[int]:
    """Ids of those that match, the newest in the book first. One query, and one more where attributes are named."""
    return _numbers(*what.statement(_Newest(older_than, limit)))


@dataclass(frozen=True, slots=True)
class _Among:
    """No others than these contacts."""

    contacts: Sequence[int]
    order: str = "ASC"

    @property
    def limit(self) -> int:
        return len(self.contacts)

    def bounds(self, key: str) -> list[str]:
        numbers = ",".join(f"{contact:d}" for contact in self.contacts)
        return [f"{key} = ANY ('{{{numbers}}}'::bigint[])"]


def matching_among(what: Matching, contacts: Sequence[int]) -> list[int]:
    """Those of these contacts that match, in order. One query, and one more where attributes are named."""
    return _numbers(*what.statement(_Among(contacts)))


def count_of(what: Matching) -> int:
    """How many match. One query, and one more where attributes are named."""
    sql, values = what.statement()
    return _numbers(f"SELECT count(*) FROM ({sql}) AS matching", values)[0]


def _numbers(sql: str, values: Sequence[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]


def count_within(what: Matching, seconds: float) -> int | None:
    """How many match; None if that takes longer to find out. As many queries as `count_of`, and two to set the time."""
    try:
        with transaction.atomic():
            _limit_time(f"{seconds * 1000:.0f}")
            count = count_of(what)
            _limit_time("DEFAULT")
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            return None
        raise
    return count


def _limit_time(milliseconds: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout TO {milliseconds}")


TAB_SECONDS = 0.3
"""A segment that takes longer is not counted beside its name."""

TABS_SECONDS = 1.0
"""So long counts beside names are looked for in all."""


def counts_of(segments: Iterable[Segment]) -> dict[int, int]:
    """How many match each segment, by its id, as far as that is found out quickly."""
    counts: dict[int, int] = {}
    at, until = this_moment(), time.monotonic() + TABS_SECONDS
    for segment in segments:
        if time.monotonic() < until:
            count = count_within(Matching(segment.asks, at), TAB_SECONDS)
            if count is not None:
                counts[segment.pk] = count
    return counts
