"""Figures of the import: the command as its own process; its files give a label, a stage and a date to each contact."""

import csv
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.utils import timezone

from tests.bench.bench import Bench
from tests.bench.book import MEMBER
from tests.bench.figures import Measured, figure

ROWS = 100_000
MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
COLUMNS = ("email", "first_name", "last_name", "company", "city")


class _Import(NamedTuple):
    rows_a_second: float
    megabytes: float


@figure("import", unit="rows/s", limit=12_000, at_least=True)
def rows_a_second(bench: Bench) -> Measured:
    """Contacts that are new in the big book."""
    return Measured(_import(bench, known=False).rows_a_second)


@figure("import_over_known", unit="rows/s", limit=5_000, at_least=True)
def rows_a_second_over_known(bench: Bench) -> Measured:
    """Contacts from all over the big book: new values in every field, and a stage that refuses every third of them."""
    return Measured(_import(bench, known=True).rows_a_second)


@figure("import_memory", unit="MB", limit=250)
def memory(bench: Bench) -> Measured:
    """The most that either process held, Python and Django included."""
    return Measured(max(_import(bench, known=known).megabytes for known in (False, True)))


@cache
def _import(bench: Bench, *, known: bool) -> _Import:
    bench.big.use()
    rows = min(ROWS, bench.big.size)
    people = [1 + number * 7919 % bench.big.size if known else bench.big.size + number + 1 for number in range(rows)]
    file = Path(os.environ["FUNNELBOOK_DATA"]) / f"{'known' if known else 'new'}.csv"
    write_file(file, people)
    began = time.monotonic()
    environment = os.environ | {"DATABASE_URL": bench.big.url}
    process = subprocess.Popen(_command(file), env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"The import ended with {os.waitstatus_to_exitcode(status)}.")
    return _Import(rows / (time.monotonic() - began), used.ru_maxrss / 1024)


def write_file(file: Path, people: Sequence[int]) -> None:
    """A row for each of the people."""
    now = timezone.now()
    with file.open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow([*COLUMNS, "stage", "since"])
        for number, person in enumerate(people):
            since = now - timedelta(minutes=len(people) - number)
            stage = "Customer" if number % 3 else "Engaged"
            writer.writerow([
                f"person.{person}@example.com", "Ada", f"Number {person}", "Stonecroft Labs", "Leipzig", stage, since
            ])  # fmt: skip


def _command(file: Path) -> list[str]:
    mapping = [argument for column in COLUMNS for argument in ("--map", f"{column}={column}")]
    return [
        *(sys.executable, str(MANAGE), "import_contacts", str(file), "--by", MEMBER, "--key", "email", *mapping),
        *("--label", "bench", "--stage-from", "stage", "--since", "since", "--on-earlier", "now"),
        *("--refused", str(file.with_suffix(".refused.csv"))),
    ]
