"""Figures of runs: a label rule over three of five contacts of the book while twenty people work on single ones."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

from django.db import connection
from django.urls import reverse

from contacts.causes import Cause
from contacts.models import Label
from journeys.book.queries import ContactQuery
from journeys.runs import actions
from journeys.runs.fates import Fate, changed
from journeys.runs.models import Run, RunPreview
from journeys.runs.operations import Act, Operation, Selection
from journeys.status.models import FunnelStatus
from stages.models import Stage
from tests.bench.bench import Bench
from tests.bench.book import WIDE_LABEL
from tests.bench.figures import Measured, figure
from tests.bench.people import Waits, people, through_http, through_the_action

_BARE_TABLES = """
    CREATE TABLE bare_status (LIKE journeys_funnelstatus INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);
    INSERT INTO bare_status SELECT * FROM journeys_funnelstatus ORDER BY contact_id;
    CREATE TABLE bare_history (LIKE journeys_statuschange INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);
    INSERT INTO bare_history OVERRIDING SYSTEM VALUE SELECT * FROM journeys_statuschange ORDER BY id;
    SELECT setval(pg_get_serial_sequence('bare_history', 'id'), max(id)) FROM bare_history;
"""

_BARE_SLICES = """
    CREATE TABLE bare_slice AS
    SELECT number, array_agg(contact ORDER BY contact) AS contacts
    FROM journeys_runslice CROSS JOIN unnest(contacts) AS contact
    JOIN journeys_statuschange change ON change.contact_id = contact AND change.run_id = %(run)s
    WHERE journeys_runslice.run_id = %(run)s GROUP BY number
"""


@figure("preview", limit=400)
def preview(bench: Bench) -> Measured:
    """From the change in the form of Manage Funnel to the answer: what becomes of everybody who carries the label."""
    bench.big.use()
    client, address = bench.client(), reverse("journeys:manage_funnel")
    form = {"label": WIDE_LABEL, "stage": Stage.objects.get(name="Customer").pk}
    live = {"HX-Request": "true", "HX-Target": "manage-funnel-preview"}

    def ask() -> None:
        response = client.post(address, form, headers=live)
        assert (response.status_code, b"will move" in response.content) == (200, True), response.content

    with connection.cursor() as cursor:
        floor = bench.median(lambda: cursor.execute("SELECT count(*) FROM journeys_funnelstatus WHERE signature > 0"))
    return Measured(bench.median(ask), floor=floor)


def preview_of_rule(bench: Bench, stage: str, contacts: tuple[int, ...] = ()) -> RunPreview:
    label = Label.objects.get(name=WIDE_LABEL)
    operation = Operation(Act.CHANGE_STATUS, Cause.LABEL_RULE, stage=Stage.objects.get(name=stage).pk)
    selection = Selection(contacts=contacts) if contacts else Selection(query=ContactQuery(labels=(label.pk,)))
    return actions.make_preview(operation=operation, selection=selection, by=bench.member())


@figure("ten_thousand", limit=1000)
def ten_thousand(bench: Bench) -> Measured:
    """From the click to the end of a run over so many contacts from all over the book, to another stage each time."""
    bench.big.use()
    ids = FunnelStatus.objects.order_by("pk").values_list("pk", flat=True)
    contacts = tuple(ids[:: max(1, bench.big.size // actions.SMALL)][: actions.SMALL])
    client, stages, times = bench.client(), ("Promoter", "Customer"), []
    for number in range(min(bench.times, 9)):
        shown = preview_of_rule(bench, stages[number % 2], contacts)
        confirmed = {"typed": changed([Fate.read(fate) for fate in shown.fates])}
        with _stopwatch(times):
            response = client.post(reverse("journeys:start_run", args=[shown.pk]), confirmed)
        assert response.status_code == 302, response.content
        shown.refresh_from_db()
        assert shown.run
        assert_finished(shown.run, len(contacts))
    return Measured(sorted(times)[len(times) // 2] * 1000)


@contextmanager
def _stopwatch(times: list[float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    times.append(time.perf_counter() - began)


class _Worked(NamedTuple):
    """A run, or the bare minimum of it, with people at work meanwhile."""

    seconds: float
    waits: Waits


class _Runs(NamedTuple):
    run: _Worked
    floor: _Worked
    undo: _Worked


@figure("label_rule", unit="×", limit=1.3)
def label_rule(bench: Bench) -> Measured:
    """Its time divided by that of a bare UPDATE and a bare INSERT of as many rows."""
    runs = _label_rule(bench)
    return Measured(runs.run.seconds / runs.floor.seconds, floor=1)


@figure("label_rule_seconds", unit="s")
def label_rule_seconds(bench: Bench) -> Measured:
    runs = _label_rule(bench)
    return Measured(runs.run.seconds, floor=runs.floor.seconds)


@figure("people_during_label_rule", limit=25)
def people_during_label_rule(bench: Bench) -> Measured:
    """Single changes through the action: 95 of 100 take so long at most."""
    runs = _label_rule(bench)
    return Measured(runs.run.waits.p95, floor=runs.floor.waits.p95)


@figure("slowest_during_label_rule", limit=1000)
def slowest_during_label_rule(bench: Bench) -> Measured:
    return Measured(_label_rule(bench).run.waits.longest)


@figure("undo", unit="×", limit=1.2)
def undo(bench: Bench) -> Measured:
    """The time of the undo divided by that of the run."""
    runs = _label_rule(bench)
    return Measured(runs.undo.seconds / runs.run.seconds)


@figure("people_through_http_during_label_rule", limit=100)
def people_through_http_during_label_rule(bench: Bench) -> Measured:
    """The same through the form, sent to a web server."""
    return Measured(_label_rule_beside_the_web(bench).waits.p95)


@figure("slowest_through_http_during_label_rule", limit=1000)
def slowest_through_http_during_label_rule(bench: Bench) -> Measured:
    return Measured(_label_rule_beside_the_web(bench).waits.longest)


@cache
def _label_rule(bench: Bench) -> _Runs:
    """A run, the bare minimum of it, and its undo, each while twenty people work through the action."""
    bench.big.use()
    change = through_the_action(bench.member())
    with _bare_tables():
        run = actions.start_run(preview=preview_of_rule(bench, "Customer"), by=bench.member())
        with people(bench, change) as waits:
            done = _Worked(work_apart(bench, "run", run.pk), waits)
        assert_finished(run, run.records)
        with connection.cursor() as cursor:
            cursor.execute(_BARE_SLICES, {"run": run.pk})
        with people(bench, change) as waits:
            floor = _Worked(work_apart(bench, "floor", run.stage_id or 0), waits)
    undo = actions.start_run(preview=actions.preview_undo(run=run, by=bench.member()), by=bench.member())
    with people(bench, change) as waits:
        undone = _Worked(work_apart(bench, "run", undo.pk), waits)
    assert_finished(undo, undo.records)
    return _Runs(done, floor, undone)


@cache
def _label_rule_beside_the_web(bench: Bench) -> _Worked:
    bench.big.use()
    run = actions.start_run(preview=preview_of_rule(bench, "Promoter"), by=bench.member())
    with through_http(bench) as change, people(bench, change) as waits:
        done = _Worked(work_apart(bench, "run", run.pk), waits)
    assert_finished(run, run.records)
    return done


def assert_finished(run: Run, records: int) -> None:
    run.refresh_from_db()
    assert (run.state, run.done) == (Run.State.FINISHED, records), run.state


@contextmanager
def _bare_tables() -> Iterator[None]:
    """Copies of both tables with their indexes; no triggers, no checks."""
    with connection.cursor() as cursor:
        cursor.execute(_BARE_TABLES)
        cursor.execute("VACUUM (ANALYZE) bare_status, bare_history")
        try:
            yield
        finally:
            cursor.execute("DROP TABLE bare_status, bare_history; DROP TABLE IF EXISTS bare_slice")


def work_apart(bench: Bench, what: str, number: int) -> float:
    """Have a process of its own work to the end, from a checkpoint on. Returns the seconds it took."""
    bench.big.checkpoint()
    command = [sys.executable, "-m", "tests.bench.work", what, str(number)]
    environment = os.environ | {"DATABASE_URL": bench.big.url}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdin and worker.stdout
        assert worker.stdout.readline() == "ready\n"
        worker.stdin.write("go\n")
        worker.stdin.flush()
        return float(worker.stdout.readline())
