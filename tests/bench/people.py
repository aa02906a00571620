"""Twenty people who make one single change a second each while something else goes on, and how long each took."""

import contextlib
import http.client
import os
import socket
import statistics
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection
from django.urls import reverse

from config.management.commands.serve import _address, _listen, _web
from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.status.actions import change_status
from journeys.status.models import FunnelStatus
from stages.models import Stage
from tests.bench.bench import Bench

PEOPLE = 20
EVERY = 1.0
"""So many seconds lie between two changes of one person."""

Change = Callable[[FunnelStatus, Stage], None]
"""Moves a contact to another stage."""


@dataclass
class Waits:
    """How long each change took, in milliseconds, and what went wrong."""

    of: list[float] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    @property
    def p95(self) -> float:
        """The time within which 95 of 100 were done. Raises the first error, if there was one."""
        return self._percentile(95)

    @property
    def p99(self) -> float:
        """The same of 99 of 100."""
        return self._percentile(99)

    @property
    def longest(self) -> float:
        return max(self.of)

    def _percentile(self, percent: int) -> float:
        if self.errors:
            raise self.errors[0]
        return statistics.quantiles([*self.of, *self.of], n=100)[percent - 1]


@contextlib.contextmanager
def people(bench: Bench, change: Change) -> Iterator[Waits]:
    """Each of them makes a change a second, to somebody from all over the book, until this is left; at least one."""
    waits, over = Waits(), threading.Event()
    stages = list(Stage.objects.in_use())
    threads = [
        threading.Thread(target=_go_on, args=(Random(number), bench.big.size, stages, change, waits, over, number))
        for number in range(PEOPLE)
    ]
    for thread in threads:
        thread.start()
    try:
        yield waits
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _go_on(
    random: Random, size: int, stages: list[Stage], change: Change, waits: Waits, over: threading.Event, number: int
) -> None:
    at = time.monotonic() + EVERY * number / PEOPLE
    time.sleep(max(0.0, at - time.monotonic()))
    while True:
        try:
            status = FunnelStatus.objects.get(pk=random.randint(1, size))
            to = random.choice([stage for stage in stages if stage.pk != status.stage_id])
            connection.close()  # as at the end of a request: it goes back to the pool
            began = time.perf_counter()
            change(status, to)
            waits.of.append((time.perf_counter() - began) * 1000)
        except Exception as error:
            waits.errors.append(error)
        finally:
            connection.close()
        at += EVERY
        if over.wait(max(0.0, at - time.monotonic())):
            return


def through_the_action(by: TeamMember) -> Change:
    """The change as one call."""

    def change(status: FunnelStatus, to: Stage) -> None:
        outcome = change_status(contacts=[status.pk], to=to, cause=Cause.MANUAL, by=by)
        assert not outcome.refusal, outcome  # the run may have moved the same contact to the same stage just before

    return change


@contextlib.contextmanager
def through_http(bench: Bench) -> Iterator[Change]:
    """The change as a form that is sent to a web server, started as `serve` starts it."""
    with _web_server(bench) as port:
        yield by_form(Browser(bench, port))


def by_form(browser: "Browser") -> Change:
    """The change as the form of the dialog."""

    def change(status: FunnelStatus, to: Stage) -> None:
        # `lost` is asked for where the contact is lost.
        form = {"to": to.pk, "lost": "recover", "signature": status.signature, "note": ""}
        answer = browser.post(reverse("journeys:change_status", args=[status.pk]), form)
        # 409: the run changed the contact since its status was read here.
        assert answer in (302, 409), answer

    return change


class Browser:
    """Somebody who is signed in at a web server. Each request is a connection of its own."""

    def __init__(self, bench: Bench, port: int) -> None:
        client = bench.client()
        client.get(reverse("team:my_account"))
        self._cookies = {name: cookie.value for name, cookie in client.cookies.items()}
        self._port = port

    def get(self, path: str) -> int:
        """Returns the status of the answer, when all of it is there."""
        return self._ask("GET", path)

    def post(self, path: str, form: dict[str, Any]) -> int:
        said = {**form, "csrfmiddlewaretoken": self._cookies[settings.CSRF_COOKIE_NAME]}
        return self._ask("POST", path, urlencode(said))

    def _ask(self, method: str, path: str, body: str | None = None) -> int:
        server = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        headers = {
            "Host": "localhost",
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
        }
        try:
            server.request(method, path, body, headers)
            response = server.getresponse()
            response.read()
            return response.status
        finally:
            server.close()


@contextlib.contextmanager
def _web_server(bench: Bench) -> Iterator[int]:
    """The port of it."""
    listener = _listen("127.0.0.1", str(_free_port()))
    before = os.environ["DATABASE_URL"]
    os.environ["DATABASE_URL"] = bench.big.url
    program = _web(listener)
    try:
        deadline = time.monotonic() + 60
        while not _answers(_address(listener)):
            program.keep_running()
            assert time.monotonic() < deadline, "The web server does not answer."
            time.sleep(0.1)
        yield listener.getsockname()[1]
    finally:
        os.environ["DATABASE_URL"] = before
        program.ask_to_stop()
        program.wait_for_end(time.monotonic() + 12)
        listener.close()


def _answers(address: str) -> bool:
    with contextlib.suppress(OSError):
        return urllib.request.urlopen(address + reverse("team:sign_in"), timeout=2).status == 200
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
