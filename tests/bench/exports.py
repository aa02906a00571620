"""Figures of the export: every column of every contact of the big book, as the web server sends it."""

import subprocess
import sys
import time
from functools import cache
from os import environ
from typing import NamedTuple

from django.db import connection

from journeys.exports.models import Export
from tests.bench.bench import Bench
from tests.bench.figures import Measured, figure


class _Exported(NamedTuple):
    rows_a_second: float
    megabytes: float


@figure("export", unit="rows/s", limit=50_000, at_least=True)
def rows_a_second(bench: Bench) -> Measured:
    """Against COPY of the same table by the database alone."""
    bench.big.use()
    with connection.cursor() as cursor:
        began = time.monotonic()
        with cursor.copy("COPY (SELECT * FROM contacts_contact ORDER BY id) TO STDOUT WITH CSV") as copy:
            for _ in copy:
                pass
    floor = bench.big.size / (time.monotonic() - began)
    return Measured(_export(bench).rows_a_second, floor=floor)


@figure("export_memory", unit="MB", limit=150)
def memory(bench: Bench) -> Measured:
    """The most that the process held, Python and Django included."""
    return Measured(_export(bench).megabytes)


@cache
def _export(bench: Bench) -> _Exported:
    bench.big.use()
    command = [sys.executable, "-m", "tests.bench.taking"]
    process = subprocess.run(command, env=environ | {"DATABASE_URL": bench.big.url}, capture_output=True, text=True)
    if process.returncode:
        raise RuntimeError(process.stderr)
    seconds, megabytes = map(float, process.stdout.split())
    export = Export.objects.latest("pk")
    assert (export.rows, export.is_complete) == (bench.big.size, True), export.rows
    return _Exported(bench.big.size / seconds, megabytes)
