"""Which weights a move gives: between the neighbours where there is room, else all of them anew."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.weights import APART, HEAVIEST, LIGHTEST, between, weights_after_move


@pytest.mark.parametrize(
    ("lighter", "heavier", "found"),
    [
        (10, 20, 15),
        (10, 30, 20),
        (10, 50, 30),
        (9, 12, 10),
        (11, 19, 15),
        (11, 13, 12),
        (-30, -10, -20),
        (-5, 5, 0),
        (10, 11, None),
        (10, 10, None),
        (None, 10, 0),
        (None, -4, -14),
        (50, None, 60),
        (None, None, 10),
        (HEAVIEST, None, None),
        (HEAVIEST - 9, None, None),
        (HEAVIEST - 10, None, HEAVIEST),
        (None, LIGHTEST + 9, None),
    ],
)
def test_a_weight_between_two(lighter: int | None, heavier: int | None, found: int | None) -> None:
    assert between(lighter, heavier) == found


@pytest.mark.parametrize(
    ("weights", "start", "end", "after"),
    [
        ([10, 20, 30, 40], 2, 1, [10, 15, 20, 40]),
        ([10, 15, 20, 40], 1, 2, [10, 20, 30, 40]),
        ([10, 20, 30, 40], 3, 0, [0, 10, 20, 30]),
        ([10, 20, 30, 40], 0, 3, [20, 30, 40, 50]),
        ([10, 20, 30, 40], 1, 1, [10, 20, 30, 40]),
        ([10, 10, 20], 1, 0, [0, 10, 20]),
        ([10, 10, 20], 2, 1, [10, 20, 30]),
        ([3, 4, 9], 2, 1, [10, 20, 30]),
        ([0, HEAVIEST], 0, 1, [10, 20]),
        ([LIGHTEST, 0], 1, 0, [10, 20]),
    ],
)
def test_a_move(weights: list[int], start: int, end: int, after: list[int]) -> None:
    assert weights_after_move(weights, start, end) == after


@given(
    st.lists(st.integers(LIGHTEST, HEAVIEST) | st.integers(-30, 30), min_size=2, max_size=8).map(sorted),
    st.data(),
)
def test_a_moved_stage_stands_where_it_was_put_and_the_others_keep_their_order(weights: list[int], data) -> None:
    start, end = (data.draw(st.integers(0, len(weights) - 1)) for _ in range(2))
    after = weights_after_move(weights, start, end)
    assert len(after) == len(weights)
    assert all(LIGHTEST <= weight <= HEAVIEST for weight in after)
    if start == end:
        assert after == weights
        return
    others = [*weights[:start], *weights[start + 1 :]]
    if [*after[:end], *after[end + 1 :]] == others:
        assert end == 0 or after[end - 1] < after[end]
        assert end == len(after) - 1 or after[end] < after[end + 1]
    else:
        assert after == [APART * place for place in range(1, len(weights) + 1)]
