"""Where contacts stood at one moment and where they stood at another: the pairs, and what each is called."""

import enum
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from journeys.reports.counts import funnels_of
from journeys.reports.members import Members
from journeys.reports.places import LOST, Whereabouts
from journeys.reports.queries import Place
from journeys.reports.undone import KEPT, UNDONE
from stages.models import Stage

OUTSIDE = Place(outside=True)
_WORK_MEM = "64MB"
"""What counting contact by contact may take: with less, a year of a million contacts is sorted on disk."""

_PAIRS = f"""
    WITH RECURSIVE {UNDONE}
    SELECT first %% %(width)s, last %% %(width)s, count(*) FROM (
        SELECT min(id * %(width)s + 4 * coalesce(from_stage_id, 0) + 2 * from_lost::int + from_outside::int) AS first,
               max(id * %(width)s + 4 * coalesce(to_stage_id, 0) + 2 * to_lost::int + to_outside::int) AS last
        FROM journeys_statuschange change
        WHERE changed_at >= %(start)s {{until}} {{kept}} AND {{of_members}}
        GROUP BY contact_id) AS moved
    GROUP BY 1, 2
"""
"""A change and its place as one number: the first and the last of a contact are found without a sort."""


def flows_of(
    members: Members, start: datetime, end: datetime | None, *, as_corrected: bool
) -> Counter[tuple[Place, Place]]:
    """How many stood in one place at `start` and in another, or the same, at `end` (now if None). Four queries more.

    Who came and was erased in between is in none of the pairs. It takes as long as there were changes.
    """
    (before,) = funnels_of(members, [start], as_corrected=as_corrected)
    pairs = _moved(members, start, end, as_corrected)
    gone: Counter[Place] = Counter()
    for (was, _), count in pairs.items():
        gone[was] += count
    for place in before.places:
        if stayed := before.standing_in(place) - gone[place]:
            pairs[place, place] += stayed
    return pairs


def _moved(members: Members, start: datetime, end: datetime | None, as_corrected: bool) -> Counter[tuple[Place, Place]]:
    statement = _PAIRS.format(
        until="AND changed_at < %(end)s" if end else "",
        of_members=members.condition("contact_id"),
        kept=f"AND {KEPT}" if as_corrected else "",
    )
    heaviest = Stage.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    width = 1 << (4 * heaviest + 4).bit_length()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('work_mem', %s, true)", [_WORK_MEM])
        cursor.execute(statement, {"start": start, "end": end, "width": width, **members.values})
        found = {(_place(first), _place(last)): count for first, last, count in cursor.fetchall()}
    return Counter({pair: count for pair, count in found.items() if pair != (OUTSIDE, OUTSIDE)})


def _place(code: int) -> Place:
    return OUTSIDE if code & 1 else Place(code >> 2 or None, bool(code & 2))


class Way(enum.StrEnum):
    """What became of a contact between two moments."""

    STAYED = "stayed"
    FORWARD = "forward"
    BACK = "back"
    LEVEL = "level"
    TO_NONE = "to no stage"
    LOST = "lost"
    RECOVERED = "recovered"
    NEW = "new"
    ERASED = "erased"


def way_of(was: Place, place: Place, weights: Mapping[int, int]) -> Way:
    """What to call it. Whoever was lost and still is, stayed; from no stage to any is forward.

    Args:
        weights: of every stage.
    """
    if was.outside or place.outside:
        return Way.NEW if was.outside else Way.ERASED
    if was.lost or place.lost:
        return Way.STAYED if was.lost and place.lost else Way.RECOVERED if was.lost else Way.LOST
    return _between_stages(was.stage, place.stage, weights)


def _between_stages(was: int | None, stage: int | None, weights: Mapping[int, int]) -> Way:
    if was == stage:
        return Way.STAYED
    if stage is None or was is None:
        return Way.TO_NONE if stage is None else Way.FORWARD
    if weights[was] == weights[stage]:
        return Way.LEVEL
    return Way.FORWARD if weights[stage] > weights[was] else Way.BACK


def ways(pairs: Mapping[tuple[Place, Place], int], weights: Mapping[int, int]) -> Counter[Way]:
    """How many went which way."""
    counted: Counter[Way] = Counter(dict.fromkeys(Way, 0))
    for (was, place), count in pairs.items():
        counted[way_of(was, place, weights)] += count
    return counted


@dataclass(frozen=True, slots=True)
class Matrix:
    """Pairs as a table: the lost together, wherever they were lost from.

    Attributes:
        rows, columns: keys of `Whereabouts`, in the order given, those that are empty left out.
    """

    rows: list[str]
    columns: list[str]
    counts: Mapping[tuple[str, str], int]

    @property
    def largest(self) -> list[tuple[str, str, int]]:
        """The three pairs that most went between."""
        moved = Counter({pair: count for pair, count in self.counts.items() if pair[0] != pair[1]})
        return [(*pair, count) for pair, count in moved.most_common(3)]


def matrix(pairs: Mapping[tuple[Place, Place], int], order: list[str]) -> Matrix:
    """The matrix of pairs, with its places in this order."""
    counts: Counter[tuple[str, str]] = Counter()
    for (was, place), count in pairs.items():
        counts[_key(was), _key(place)] += count
    return Matrix(
        rows=[key for key in order if any(was == key for was, _ in counts)],
        columns=[key for key in order if any(place == key for _, place in counts)],
        counts={pair: count for pair, count in counts.items() if count},
    )


def _key(place: Place) -> str:
    return LOST if place.lost else Whereabouts.of(place).key
