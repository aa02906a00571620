"""Of the people who entered a stage in a period, how many reached each later stage within so many days.

The rules: a contact counts once, by its first entry in the period; to come back from being lost to the same stage is
none. It reached a later stage when it came into that one or, by the weights of then, into a heavier one: what it
skipped counts as reached. Who was lost stays counted. That a stage was retired or merged, and took along who was in it,
is nobody's step.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from journeys.reports.counted import counted, fetch
from journeys.reports.members import Members
from journeys.reports.numbers import Number
from journeys.reports.periods import Period
from stages.models import Stage
from stages.queries import StageWeights

WITHIN_DAYS = (7, 14, 30, 60, 90, 180, 365)

_EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reach:
    """Whoever came into the stage `entered` reached `stage`, if that was recorded from `since` to before `until`."""

    entered: int
    stage: int
    since: datetime
    until: datetime


def reach(stage: Stage, stages: Iterable[Stage], weights: StageWeights) -> list[Reach]:
    """What counts as having come further than `stage`, by the weights of the time of the move.

    A stage is skipped as long as it is not retired. One of the same weight as the one entered is not skipped: the two
    are beside each other.
    """
    known = list(stages)
    cuts = {*weights.changed_at, *(one.retired_at for one in known if one.retired_at)}
    pairs: list[tuple[datetime, set[tuple[int, int]]]] = []
    for since in [_EARLIEST, *sorted(cuts)]:
        then = _pairs(stage, known, weights, since)
        if not pairs or pairs[-1][1] != then:
            pairs.append((since, then))
    return [
        Reach(entered, reached, since, until)
        for (since, then), (until, _) in pairwise([*pairs, (_LATEST, set())])
        for entered, reached in sorted(then)
    ]


def _pairs(stage: Stage, stages: Sequence[Stage], weights: StageWeights, at: datetime) -> set[tuple[int, int]]:
    """Each stage that is later than `stage` at a moment, with itself and with each one that it skips."""
    weight = {one.pk: weights.at(one.pk, at) for one in stages}
    later = [one for one in stages if weight[one.pk] > weight[stage.pk]]
    in_use = [one.pk for one in later if not one.retired_at or one.retired_at > at]
    skipped = {(one.pk, pk) for one in later for pk in in_use if weight[pk] < weight[one.pk]}
    return skipped | {(one.pk, one.pk) for one in later}


@dataclass(frozen=True, slots=True)
class Group:
    """People who entered the stage within some days of the period.

    Attributes:
        first, last: the days.
        is_young: not everybody in it has had all the days to come further.
        reached: how many reached each stage, by its id.
    """

    first: date
    last: date
    is_young: bool = False
    people: int = 0
    reached: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Conversion:
    """The groups of a period, all of them together, and the stages further along, the lightest first."""

    groups: list[Group]
    total: Group
    later: list[Stage]


@dataclass(frozen=True, slots=True)
class Question:
    """What a conversion is about."""

    stage: Stage
    days: int
    members: Members
    as_corrected: bool

    @property
    def within(self) -> timedelta:
        return timedelta(days=self.days)


_ENTERS = "{0}.to_stage_id = %(stage)s AND NOT {0}.to_lost AND {0}.from_stage_id IS DISTINCT FROM %(stage)s"

_CONVERSION = f"""
    , people AS MATERIALIZED (
        SELECT contact_id, min(id) AS id, min(changed_at) AS entered_at,
               width_bucket(min(changed_at), %(starts)s::timestamptz[]) AS place
        FROM counted WHERE changed_at >= %(start)s AND changed_at < %(end)s AND {_ENTERS.format("counted")}
        GROUP BY contact_id
    ), reach AS (
        SELECT * FROM unnest(%(entered)s::bigint[], %(reached)s::bigint[], %(since)s::timestamptz[],
                             %(until)s::timestamptz[]) AS reach (entered, stage, since, until)
    ), arrivals AS (
        SELECT DISTINCT people.contact_id, people.place, reach.stage
        FROM people
        JOIN counted later ON later.contact_id = people.contact_id AND later.id > people.id
                          AND later.changed_at <= people.entered_at + %(within)s
        JOIN reach ON reach.entered = later.to_stage_id AND {{then}}
        WHERE NOT later.to_lost
          AND later.changed_at >= %(start)s AND later.changed_at <= %(end)s::timestamptz + %(within)s
          AND later.to_stage_id = ANY (%(entered)s::bigint[])
    )
    SELECT place, NULL, count(*) FROM people GROUP BY 1
    UNION ALL
    SELECT place, stage, count(*) FROM arrivals GROUP BY 1, 2
"""

_THEN = "later.recorded_at >= reach.since AND later.recorded_at < reach.until"


def conversion(question: Question, period: Period, firsts: Sequence[date], *, now: datetime) -> Conversion:
    """The people who entered a stage in a period, in groups, and how many came further. Three queries.

    Args:
        firsts: the first day of each group; the first of them is that of the period.
    """
    stages = list(Stage.objects.all())
    found = reach(question.stage, stages, StageWeights())
    values = {
        **_values(question, found),
        "start": period.start,
        "end": period.end or now,
        "starts": [period.midnight(first) for first in firsts],
        "within": question.within,
    }
    beginning = counted(as_corrected=question.as_corrected, members=question.members, steps_alone=True)
    has_changed = {(one.since, one.until) for one in found} != {(_EARLIEST, _LATEST)}
    statement = beginning + _CONVERSION.format(then=_THEN if has_changed else "true")
    numbers: dict[int, dict[int | None, int]] = defaultdict(dict)
    for place, reached, number in fetch(statement, values):
        numbers[place][reached] = number
    groups = [
        Group(
            first,
            last,
            is_young=_is_young(period, last, question, now),
            people=numbers[place].pop(None, 0),
            reached=numbers[place],  # type: ignore[arg-type]
        )
        for place, (first, last) in enumerate(_days(firsts, period), start=1)
    ]
    return Conversion(groups, _sum(groups, period), _later(question.stage, stages, groups))


def _values(question: Question, found: Sequence[Reach]) -> dict[str, Any]:
    return {
        **question.members.values,
        "stage": question.stage.pk,
        "entered": [one.entered for one in found],
        "reached": [one.stage for one in found],
        "since": [one.since for one in found],
        "until": [one.until for one in found],
    }


def _days(firsts: Sequence[date], period: Period) -> list[tuple[date, date]]:
    """The first and the last day of each group."""
    lasts = [first - timedelta(days=1) for first in firsts[1:]] + [period.last]
    return list(zip(firsts, lasts, strict=True))


def _is_young(period: Period, last: date, question: Question, now: datetime) -> bool:
    return period.midnight(last + timedelta(days=1)) + question.within > now


def _sum(groups: Sequence[Group], period: Period) -> Group:
    reached: dict[int, int] = defaultdict(int)
    for group in groups:
        for stage, count in group.reached.items():
            reached[stage] += count
    return Group(
        period.first,
        period.last,
        is_young=any(group.is_young for group in groups),
        people=sum(group.people for group in groups),
        reached=dict(reached),
    )


def _later(stage: Stage, stages: Iterable[Stage], groups: Iterable[Group]) -> list[Stage]:
    """The stages in use that are heavier now, and any other one that somebody reached."""
    reached = {pk for group in groups for pk in group.reached}
    in_use = {one.pk for one in stages if not one.retired_at and one.weight > stage.weight}
    return [one for one in stages if one.pk in reached | in_use]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered(Number):
    """People who entered a stage for the first time since the period began.

    Attributes:
        since: when the period began.
        reached: those alone who came to this stage, or past it, within so many days.
    """

    of = "conversion"
    steps_alone = True

    stage: int
    since: datetime
    days: int
    reached: int | None = None

    @property
    def what(self) -> str:
        first = f"""
            {_ENTERS.format("change")} AND NOT EXISTS (
                SELECT FROM journeys_statuschange earlier
                WHERE earlier.contact_id = change.contact_id AND earlier.id < change.id
                  AND earlier.changed_at >= %(since)s AND {_ENTERS.format("earlier")} AND {self.kept("earlier")})
        """
        return f"{first} AND {self._came_further}" if self.reached else first

    @property
    def _came_further(self) -> str:
        return f"""
            EXISTS (
                SELECT FROM journeys_statuschange later
                JOIN unnest(%(entered)s::bigint[], %(from)s::timestamptz[], %(until)s::timestamptz[])
                     AS reach (entered, since, until) ON reach.entered = later.to_stage_id AND {_THEN}
                WHERE later.contact_id = change.contact_id AND later.id > change.id
                  AND later.changed_at <= change.changed_at + %(within)s
                  AND NOT later.to_lost AND {self.kept("later")})
        """

    @property
    def values(self) -> dict[str, Any]:
        """Three queries, if it asks for those who came further."""
        values = {**super(Entered, self).values, "stage": self.stage, "since": self.since}
        if not self.reached:
            return values
        stages = {stage.pk: stage for stage in Stage.objects.all()}
        start = stages.get(self.stage)
        found = reach(start, stages.values(), StageWeights()) if start else []
        there = [one for one in found if one.stage == self.reached]
        return {
            **values,
            "entered": [one.entered for one in there],
            "from": [one.since for one in there],
            "until": [one.until for one in there],
            "within": timedelta(days=self.days),
        }
