"""The funnel as rows of a table: pure sums over the counts of each stage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stages.models import Stage


@dataclass(slots=True)
class Counts:
    """Contacts of one stage, or of none: in it and not lost, lost from it, and how many came and went in a period."""

    count: int = 0
    lost: int = 0
    entered: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class Bar:
    """A row as a drawing, in per cent of the longest bar: who is there, and lost ones after them."""

    count: float
    with_lost: float
    above: float
    """Where the slope from the bar above ends: halfway between the two."""
    below: float


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """One stage of the funnel; `stage` is None for contacts without a status.

    Attributes:
        name: what it was called at the moment that is looked at.
        reached: contacts in this stage or a heavier one, lost ones counted in their stage.
        before: the stage before: the heaviest one that is lighter; None for the lightest.
    """

    stage: Stage | None
    name: str
    counts: Counts
    bar: Bar
    reached: int = 0
    before: "FunnelRow | None" = None

    @property
    def key(self) -> str:
        """How addresses name it."""
        return str(self.stage.pk) if self.stage else "none"

    @property
    def is_retired(self) -> bool:
        return bool(self.stage and self.stage.retired_at)


@dataclass(frozen=True, slots=True)
class FunnelRows:
    """The whole funnel. In stages + lost + none = total."""

    stages: list[FunnelRow]
    none: FunnelRow
    in_stages: int
    lost: int
    total: int

    @property
    def rows(self) -> list[FunnelRow]:
        return [*self.stages, self.none]


def funnel_rows(
    stages: Sequence[Stage], counts: Mapping[int | None, Counts], names: Mapping[int, str] | None = None
) -> FunnelRows:
    """The rows of the funnel, the lightest stage first.

    Args:
        stages: those to show; in each row, those that are not in `counts` are empty.
        counts: by id of the stage, None for none.
        names: what stages were called then; their names of now where it says nothing.
    """
    by_weight = sorted(stages, key=lambda stage: (stage.weight, stage.pk))
    known = {stage.pk: counts.get(stage.pk, Counts()) for stage in by_weight}
    none = counts.get(None, Counts())
    everywhere = [*known.values(), none]
    bars = _bars(list(known.values()), none)
    rows: list[FunnelRow] = []
    for stage in by_weight:
        lighter = [row for row in rows if row.stage and row.stage.weight < stage.weight]
        further = [known[other.pk] for other in by_weight if other.weight >= stage.weight]
        rows.append(
            FunnelRow(
                stage=stage,
                name=(names or {}).get(stage.pk, stage.name),
                counts=known[stage.pk],
                bar=bars[len(rows)],
                reached=sum(row.count + row.lost for row in further),
                before=lighter[-1] if lighter else None,
            )
        )
    return FunnelRows(
        stages=rows,
        none=FunnelRow(None, "No status yet", none, bars[-1]),
        in_stages=sum(row.count for row in known.values()),
        lost=sum(row.lost for row in everywhere),
        total=sum(row.count + row.lost for row in everywhere),
    )


def _bars(stages: Sequence[Counts], none: Counts) -> list[Bar]:
    """A bar for each stage, joined to its neighbours, and one that stands alone for none."""
    everybody = [row.count + row.lost for row in [*stages, none]]
    per_contact = 100 / (max(everybody) or 1)
    ends = [per_contact * count for count in everybody]

    def bar(row: Counts, end: float, above: float, below: float) -> Bar:
        return Bar(per_contact * row.count, end, above=(end + above) / 2, below=(end + below) / 2)

    joined = [
        bar(row, ends[i], above=ends[max(i - 1, 0)], below=ends[min(i + 1, len(stages) - 1)])
        for i, row in enumerate(stages)
    ]
    return [*joined, bar(none, ends[-1], above=ends[-1], below=ends[-1])]
