"""A line of figures over time as a drawing: pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of a line, in per cent of the drawing from the left and from the top."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines on one scale, from 0 at the bottom to `top`.

    Attributes:
        lines: the dots of each, one for each figure.
        marks: figures on the scale, and how far from the top each is in per cent.
    """

    top: int
    lines: list[list[Dot]]
    marks: list[tuple[int, float]]


def chart(*series: Sequence[int]) -> Chart:
    """Lines through figures that are equally far apart in time. At least two figures each."""
    top = round_top(max((max(figures) for figures in series), default=0))
    lines = [
        [Dot(100 * place / (len(figures) - 1), _height(figure, top)) for place, figure in enumerate(figures)]
        for figures in series
    ]
    return Chart(top, lines, [(mark, _height(mark, top)) for mark in (top, top // 2, 0)])


def round_top(highest: int) -> int:
    """The least of 2, 4, 6, 8, 10, 20, 40 and so on that nothing exceeds."""
    scale = 1
    while 10 * scale < highest:
        scale *= 10
    return next(step * scale for step in (2, 4, 6, 8, 10) if step * scale >= highest)


def _height(figure: int, top: int) -> float:
    return 100 - 100 * max(figure, 0) / top
