"""Figures of everything at once: a rule, people, dashboards and an application, on two web processes and a worker."""

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

from django.urls import reverse

from config.team.actions import create_token
from config.team.models import ApiToken
from journeys.runs import actions
from tests.bench.api import moves
from tests.bench.bench import Bench
from tests.bench.figures import Measured, figure
from tests.bench.people import Browser, Waits, by_form, people
from tests.bench.runs import assert_finished, preview_of_rule, work_apart
from tests.bench.wire import Load, web_processes

SECONDS = 60
DASHBOARDS = 5
REFRESHED_EVERY = 2.0
REQUESTS_A_SECOND = 20


@figure("load_people_p95", limit=100)
def people_p95(bench: Bench) -> Measured:
    """Twenty people, each a change a second through the form: 95 of 100 take so long at most."""
    return Measured(_all_at_once(bench).people.p95)


@figure("load_people_p99", limit=250)
def people_p99(bench: Bench) -> Measured:
    return Measured(_all_at_once(bench).people.p99)


@figure("load_journey_p95", limit=500)
def journey_p95(bench: Bench) -> Measured:
    """The Customer Journey on five screens, each refreshed every two seconds."""
    return Measured(_all_at_once(bench).dashboards.p95)


@figure("load_api_p95")
def api_p95(bench: Bench) -> Measured:
    """Twenty statuses a second set by an application."""
    return Measured(statistics.quantiles(_all_at_once(bench).api, n=20)[-1])


class _Load(NamedTuple):
    people: Waits
    dashboards: Waits
    api: list[float]


@cache
def _all_at_once(bench: Bench) -> _Load:
    """For a minute, and until the run that is under way then has ended. An error of anybody fails the figures."""
    bench.big.use()
    seconds = SECONDS if bench.times > 1 else 1
    _, secret = create_token(name="Load", scope=ApiToken.Scope.ADMIN, expires_at=None, by=bench.member())
    with web_processes(bench) as port:
        load = Load(port, f"Bearer {secret}", moves(), seconds=seconds, rate=REQUESTS_A_SECOND)
        browser = Browser(bench, port)
        with people(bench, by_form(browser)) as changed, _dashboards(browser) as shown, _beside(load):
            _rules(bench, until=time.monotonic() + seconds)
    if load.errors:
        raise RuntimeError(f"{len(load.errors)} requests failed, the first: {load.errors[0]}")
    return _Load(changed, shown, load.milliseconds)


def _rules(bench: Bench, *, until: float) -> None:
    """A rule over three of five contacts, its undo, the undo of that, and so on."""
    run = actions.start_run(preview=preview_of_rule(bench, "Aware"), by=bench.member())
    while True:
        work_apart(bench, "run", run.pk)
        assert_finished(run, run.records)
        if time.monotonic() > until:
            return
        run = actions.start_run(preview=actions.preview_undo(run=run, by=bench.member()), by=bench.member())


@contextmanager
def _beside(load: Load) -> Iterator[None]:
    thread = threading.Thread(target=load.run)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@contextmanager
def _dashboards(browser: Browser) -> Iterator[Waits]:
    waits, over = Waits(), threading.Event()
    threads = [threading.Thread(target=_refresh, args=(browser, waits, over)) for _ in range(DASHBOARDS)]
    for thread in threads:
        thread.start()
    try:
        yield waits
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _refresh(browser: Browser, waits: Waits, over: threading.Event) -> None:
    address = reverse("journeys:customer_journey")
    while True:
        began = time.perf_counter()
        try:
            answer = browser.get(address)
            assert answer == 200, answer
            waits.of.append((time.perf_counter() - began) * 1000)
        except Exception as error:
            waits.errors.append(error)
        if over.wait(max(0.0, REFRESHED_EVERY - (time.perf_counter() - began))):
            return
