"""Flows between two columns of places as a drawing: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Post:
    """A place in one of the columns: from `top` on, in per cent of the height. `middle` is where its name stands."""

    key: str
    count: int
    top: float
    height: float

    @property
    def middle(self) -> float:
        return self.top + self.height / 2


@dataclass(frozen=True, slots=True)
class Ribbon:
    """A flow from a post on the left to one on the right, as thick on both sides as many went."""

    start: str
    end: str
    count: int
    start_top: float
    end_top: float
    height: float

    @property
    def path(self) -> str:
        """The outline as an SVG path, in a square of 100 by 100."""
        left, right = self.start_top, self.end_top
        return (
            f"M0,{left:.2f} C50,{left:.2f} 50,{right:.2f} 100,{right:.2f} "
            f"V{right + self.height:.2f} C50,{right + self.height:.2f} 50,{left + self.height:.2f} "
            f"0,{left + self.height:.2f} Z"
        )


@dataclass(frozen=True, slots=True)
class Ribbons:
    """The whole drawing. Both columns have one scale: a contact is as high on the left as on the right."""

    left: list[Post]
    right: list[Post]
    ribbons: list[Ribbon]


_GAP = 5.0
_GAPS = 55.0
"""At most so much of the height lies between the posts."""


def ribbons(rows: Sequence[str], columns: Sequence[str], counts: Mapping[tuple[str, str], int]) -> Ribbons:
    """Draw the counts, by row and column, in the order of the rows and columns."""
    total = sum(counts.values())
    gap = min(_GAP, _GAPS / max(len(rows), len(columns), 1))
    scale = (100 - gap * (max(len(rows), len(columns), 1) - 1)) / (total or 1)
    left = _posts(rows, {row: sum(counts.get((row, column), 0) for column in columns) for row in rows}, scale, gap)
    right = _posts(
        columns, {column: sum(counts.get((row, column), 0) for row in rows) for column in columns}, scale, gap
    )
    return Ribbons(left, right, _between(left, right, counts, scale))


def _posts(keys: Sequence[str], sums: Mapping[str, int], scale: float, gap: float) -> list[Post]:
    posts, top = [], 0.0
    for key in keys:
        posts.append(Post(key, sums[key], top, sums[key] * scale))
        top += sums[key] * scale + gap
    return posts


def _between(
    left: Sequence[Post], right: Sequence[Post], counts: Mapping[tuple[str, str], int], scale: float
) -> list[Ribbon]:
    start_tops, end_tops = ({post.key: post.top for post in posts} for posts in (left, right))
    drawn = []
    for row in left:
        for column in right:
            if count := counts.get((row.key, column.key), 0):
                height = count * scale
                drawn.append(Ribbon(row.key, column.key, count, start_tops[row.key], end_tops[column.key], height))
                start_tops[row.key] += height
                end_tops[column.key] += height
    return drawn
