"""What a figure is: a number with a name, the floor below which nobody gets, and a limit it has to hold."""

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

WARM_UP = 5


class Measured(NamedTuple):
    """What came out, and what the same costs with everything of ours left out."""

    value: float
    floor: float | None = None


@dataclass(frozen=True)
class Figure:
    """A function that measures something, with the name to ask for it by. Without a limit it only informs."""

    name: str
    unit: str
    limit: float | None
    at_least: bool  # the limit is the least that the value may be, not the most
    measure: Callable[[Any], Measured]

    def holds(self, value: float | None) -> bool | None:
        """Whether the value keeps the limit; None without one. What could not be measured keeps none."""
        if self.limit is None:
            return None
        if value is None:
            return False
        return value >= self.limit if self.at_least else value <= self.limit


FIGURES: list[Figure] = []


def figure(name: str, *, unit: str = "ms", limit: float | None = None, at_least: bool = False):
    """Make a function that takes the bench and returns `Measured` a figure. They are measured in this order."""

    def add(measure: Callable[[Any], Measured]) -> Callable[[Any], Measured]:
        FIGURES.append(Figure(name, unit, limit, at_least, measure))
        return measure

    return add


def median_ms(calls: Sequence[Callable[[], object]], *, times: int) -> float:
    """The median time of calls taken in turns, so many in all, when all is warm. Milliseconds."""
    for number in range(min(WARM_UP, times)):
        calls[number % len(calls)]()
    return statistics.median(_ms(calls[number % len(calls)]) for number in range(times))


def _ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def measure_all(figures: Sequence[Figure], bench: Any) -> list[dict[str, Any]]:
    """Measure figures, print each as a line of a table, and return them as `bench.json` has them."""
    print(f"\n{'':34} {'value':>12} {'floor':>9} {'limit':>12}")
    rows = []
    for one in figures:
        try:
            value, floor = one.measure(bench)
        except Exception as error:  # whatever it is, the other figures are measured
            print(f"{one.name} failed: {error!r}", file=sys.stderr)
            value, floor = None, None
        rows.append({
            "name": one.name, "value": _rounded(value), "unit": one.unit, "floor": _rounded(floor),
            "limit": one.limit, "holds": one.holds(value),
        })  # fmt: skip
        print(_line(one, rows[-1]), flush=True)
    return rows


def _line(one: Figure, row: dict[str, Any]) -> str:
    verdict = {None: "", True: "holds", False: "MISSED"}[row["holds"]]
    limit = "" if one.limit is None else f"{'≥' if one.at_least else '≤'} {one.limit:,g}"
    value = "failed" if row["value"] is None else f"{row['value']:,} {one.unit}"
    floor = "" if row["floor"] is None else f"{row['floor']:,}"
    return f"{one.name:34} {value:>12} {floor:>9} {limit:>12}  {verdict}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value) if value >= 1000 else round(value, 2)


def write(rows: list[dict[str, Any]], path: Path) -> None:
    path.write_text(json.dumps(rows, indent=2) + "\n")
