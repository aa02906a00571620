"""The funnel as rows: sums without a database."""

from journeys.funnel.rows import Counts, FunnelRows, funnel_rows
from stages.models import Stage


def stage(pk: int, weight: int) -> Stage:
    return Stage(pk=pk, name=f"Stage {pk}", weight=weight)


AWARE, ENGAGED, CUSTOMER = stage(1, 10), stage(2, 20), stage(3, 30)
COUNTS = {
    1: Counts(count=50, lost=10),
    2: Counts(count=20, lost=5),
    3: Counts(count=10, lost=5),
    None: Counts(count=3, lost=2),
}


def reach(funnel: FunnelRows) -> dict[str, tuple[int, int | None]]:
    return {row.name: (row.reached, row.before.reached if row.before else None) for row in funnel.stages}


def test_rows_stand_by_weight_and_add_up() -> None:
    funnel = funnel_rows([CUSTOMER, AWARE, ENGAGED], COUNTS)
    assert [row.name for row in funnel.rows] == ["Stage 1", "Stage 2", "Stage 3", "No status yet"]
    assert (funnel.in_stages, funnel.lost, funnel.none.counts.count, funnel.total) == (80, 22, 3, 105)


def test_reach_counts_lost_contacts_in_their_stage() -> None:
    funnel = funnel_rows([AWARE, ENGAGED, CUSTOMER], COUNTS)
    assert reach(funnel) == {"Stage 1": (100, None), "Stage 2": (40, 100), "Stage 3": (15, 40)}


def test_stages_of_one_weight_reach_alike() -> None:
    funnel = funnel_rows([AWARE, ENGAGED, stage(3, 20)], COUNTS)
    assert reach(funnel) == {"Stage 1": (100, None), "Stage 2": (40, 100), "Stage 3": (40, 100)}


def test_bars_are_parts_of_the_longest_and_slopes_meet_halfway() -> None:
    first, second, third = (row.bar for row in funnel_rows([AWARE, ENGAGED, CUSTOMER], COUNTS).stages)
    assert (first.with_lost, round(second.with_lost, 2), third.with_lost) == (100, 41.67, 25)
    assert round(first.count, 2) == 83.33
    assert first.below == second.above == (first.with_lost + second.with_lost) / 2
    assert second.below == third.above
    assert third.below == third.with_lost


def test_names_of_then() -> None:
    assert [row.name for row in funnel_rows([AWARE, ENGAGED], {}, {2: "Interested"}).stages] == [
        "Stage 1",
        "Interested",
    ]


def test_an_empty_book_divides_by_nothing() -> None:
    funnel = funnel_rows([AWARE, ENGAGED], {})
    assert funnel.total == 0
    assert [row.bar.with_lost for row in funnel.rows] == [0, 0, 0]
    assert funnel_rows([], {}).rows[0].name == "No status yet"
