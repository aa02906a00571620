"""The drawing of flows: as thick on both sides as contacts went, and nothing lies over anything else."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.reports.ribbons import ribbons

keys = st.lists(st.sampled_from("abcdefghijklmnopqrst"), min_size=1, max_size=20, unique=True)


@given(data=st.data(), rows=keys, columns=keys)
def test_ribbons_fill_their_posts(data: st.DataObject, rows: list[str], columns: list[str]) -> None:
    pairs = [(row, column) for row in rows for column in columns]
    counts = data.draw(st.dictionaries(st.sampled_from(pairs), st.integers(1, 10**6)))
    drawn = ribbons(rows, columns, counts)
    assert {(one.start, one.end): one.count for one in drawn.ribbons} == counts
    for posts in (drawn.left, drawn.right):
        assert all(above.top + above.height < below.top for above, below in pairwise(posts))
        assert posts[-1].top + posts[-1].height <= 100 + 1e-6
    for post in drawn.left:
        of_post = [one for one in drawn.ribbons if one.start == post.key]
        assert sum(one.height for one in of_post) == pytest.approx(post.height)
        assert all(one.start_top >= post.top - 1e-6 for one in of_post)
        assert post.count == sum(one.count for one in of_post)
    assert sum(post.count for post in drawn.right) == sum(counts.values())


def test_half_of_two_equal_flows_is_half_as_thick() -> None:
    drawn = ribbons(["a"], ["a", "b"], {("a", "a"): 1, ("a", "b"): 1})
    (post,) = drawn.left
    assert (post.top, post.height, post.middle) == (0, 95, 47.5)
    stays, goes = drawn.ribbons
    assert (stays.start_top, stays.end_top, stays.height) == (0, 0, 47.5)
    assert (goes.start_top, goes.end_top, goes.height) == (47.5, 52.5, 47.5)
    assert goes.path == "M0,47.50 C50,47.50 50,52.50 100,52.50 V100.00 C50,100.00 50,95.00 0,95.00 Z"


def test_nobody_is_drawn_as_nothing() -> None:
    drawn = ribbons([], [], {})
    assert (drawn.left, drawn.right, drawn.ribbons) == ([], [], [])
