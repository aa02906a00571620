"""Figures of an import by hand: as many new contacts as the big book has, by a worker, while twenty people work."""

import os
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import NamedTuple

from journeys.imports.models import Import
from journeys.imports.options import ImportOptions, OnEarlier
from journeys.imports.wizard import actions
from tests.bench.bench import Bench
from tests.bench.figures import Measured, figure
from tests.bench.imports import COLUMNS, write_file
from tests.bench.people import Waits, people, through_the_action

A_MILLION = 1_000_000
ALONE_SECONDS = 5


class _Worked(NamedTuple):
    seconds: float
    megabytes: float
    waits: Waits


class _Wizard(NamedTuple):
    read: _Worked
    check: _Worked
    run: _Worked
    rows: int


@figure("wizard_read", unit="s")
def wizard_read(bench: Bench) -> Measured:
    """Reading a file of a million rows, and noting what its columns hold."""
    return _a_million(bench, _wizard(bench).read)


@figure("wizard_check", unit="s", limit=85)
def wizard_check(bench: Bench) -> Measured:
    """Checking all of it."""
    return _a_million(bench, _wizard(bench).check)


@figure("wizard_import", unit="s", limit=85)
def wizard_import(bench: Bench) -> Measured:
    """Importing all of it."""
    return _a_million(bench, _wizard(bench).run)


@figure("wizard_memory", unit="MB", limit=250)
def wizard_memory(bench: Bench) -> Measured:
    """The most that any of the three held, Python and Django included."""
    wizard = _wizard(bench)
    return Measured(max(step.megabytes for step in (wizard.read, wizard.check, wizard.run)))


@figure("wizard_people", limit=25)
def wizard_people(bench: Bench) -> Measured:
    """Single changes through the action meanwhile, 95 of 100 within so long; the floor is when nothing else goes on."""
    wizard = _wizard(bench)
    with people(bench, through_the_action(bench.member())) as alone:
        time.sleep(ALONE_SECONDS)
    return Measured(wizard.run.waits.p95, floor=alone.p95)


def _a_million(bench: Bench, step: _Worked) -> Measured:
    return Measured(step.seconds * A_MILLION / _wizard(bench).rows)


@cache
def _wizard(bench: Bench) -> _Wizard:
    bench.big.use()
    member, rows = bench.member(), bench.big.size
    file = Path(os.environ["FUNNELBOOK_DATA"]) / "wizard.csv"
    write_file(file, [3 * bench.big.size + number for number in range(rows)])
    actions.SMALL_FILE = actions.SMALL = 0  # all is left to the worker
    with file.open("rb") as content:
        asked = actions.take_file(name=file.name, content=iter(lambda: content.read(1024 * 1024), b""), by=member)
    read = _work(bench, asked)
    options = ImportOptions(
        mapping={column: column for column in COLUMNS},
        labels=("wizard",),
        stage_column="stage",
        since_column="since",
        on_earlier=OnEarlier.NOW,
    )
    actions.ask_for(asked=asked, options=options, by=member)
    actions.start_check(asked=asked, by=member)
    check = _work(bench, asked)
    assert (asked.state, asked.created) == (Import.State.CHECKED, rows), asked.problem
    run = actions.start_import(asked=asked, by=member)
    done = _work(bench, asked)
    run.refresh_from_db()
    assert (run.state, run.created) == ("finished", rows), asked.problem
    return _Wizard(read, check, done, rows)


def _work(bench: Bench, asked: Import) -> _Worked:
    """Have a process of its own work on the import, from a checkpoint on, while people change contacts."""
    bench.big.checkpoint()
    command = [sys.executable, "-m", "tests.bench.work", "import", str(asked.pk)]
    environment = os.environ | {"DATABASE_URL": bench.big.url}
    worker = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert worker.stdin and worker.stdout
    assert worker.stdout.readline() == "ready\n"
    with people(bench, through_the_action(bench.member())) as waits:
        worker.stdin.write("go\n")
        worker.stdin.flush()
        seconds = float(worker.stdout.readline())
    _, status, used = os.wait4(worker.pid, 0)
    assert status == 0
    worker.stdin.close()
    worker.stdout.close()
    asked.refresh_from_db()
    return _Worked(seconds, used.ru_maxrss / 1024, waits)
