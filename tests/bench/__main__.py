"""make bench: measure, print a table, write bench.json."""

import argparse
import importlib
import signal
import sys
from pathlib import Path

from tests.bench.figures import FIGURES, Figure, measure_all, write
from tests.bench.server import Book, throw_away_server

ROOT = Path(__file__).resolve().parents[2]
SMALL = 10_000

# In this order: all but the first seven change what the book says.
SUBJECTS = (
    "loading",
    "sizing",
    "pages",
    "segments",
    "exports",
    "reports",
    "moves",
    "imports",
    "runs",
    "load",
    "campaigns",
    "wire",
    "wizard",
    "webhooks",
    "api",
)


def main() -> int:
    """Returns 1 if a figure misses its limit."""
    given = _arguments()
    with throw_away_server(urls="tests.bench.urls") as server:
        for subject in SUBJECTS:
            importlib.import_module(f"tests.bench.{subject}")
        from tests.bench.bench import Bench

        small = min(SMALL, given.size)
        bench = Bench(Book(server, "big", given.size), Book(server, "small", small), times=given.times)
        rows = measure_all(_chosen(given.only), bench)
    write(rows, given.json)
    return int(any(row["holds"] is False for row in rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", metavar="NAME", nargs="+", help="figures, or the beginnings of their names")
    parser.add_argument("--size", type=int, default=1_000_000, help="contacts in the big book")
    parser.add_argument("--times", type=int, default=50, help="how often each is measured for the median")
    parser.add_argument("--json", type=Path, default=ROOT / "bench.json", help="where the figures go")
    return parser.parse_args()


def _chosen(names: list[str] | None) -> list[Figure]:
    if not names:
        return FIGURES
    chosen = {figure.name for name in names for figure in _named(name)}
    return [figure for figure in FIGURES if figure.name in chosen]


def _named(name: str) -> list[Figure]:
    exact = [one for one in FIGURES if one.name == name]
    found = exact or [one for one in FIGURES if one.name.startswith(name)]
    if not found:
        sys.exit(f"There is no figure {name}. There are: {', '.join(one.name for one in FIGURES)}.")
    return found


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # the server is stopped in any case
    sys.exit(main())
