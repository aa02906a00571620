"""Figures of the API that Mautic's clients call: in this process, and over HTTP against web processes of its own."""

import base64
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from django.test import Client

from config.team.actions import change_my_password, create_token
from config.team.models import ApiToken
from journeys.status.models import FunnelStatus
from stages.models import Stage
from tests.bench.bench import Bench
from tests.bench.figures import Measured, figure

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a-password-of-the-bench"
RATE = 50
"""So many requests are sent in a second, whether the ones before are answered or not."""

SECONDS = 60
SECONDS_WARM = 3
SENDERS = 16


# One request, in this process


@figure("wire_list_of_stages", limit=8)
def list_of_stages(bench: Bench) -> Measured:
    bench.big.use()
    caller = Caller(bench)
    return Measured(bench.median(lambda: caller.ask("GET", "/stages")), floor=caller.floor(bench))


@figure("wire_add_contact", limit=15)
def add_contact(bench: Bench) -> Measured:
    """To another stage each time, of a contact that was not moved before."""
    bench.big.use()
    caller, contacts = Caller(bench), Contacts()
    moved = bench.median(lambda: caller.ask("POST", contacts.to_another_stage()))
    return Measured(moved, floor=caller.floor(bench))


@figure("wire_batch_of_200", unit="×", limit=3)
def batch_of_200(bench: Bench) -> Measured:
    """Creating, editing and deleting 200 stages, each divided by doing it with one; the worst of the three."""
    bench.small.use()
    ratios = [_ratio(bench, *pair) for pair in _Batches(Caller(bench)).pairs()]
    Stage.objects.filter(name__startswith="Bench").update(retired_at="2026-01-01T00:00:00Z")
    return Measured(max(ratios), floor=1)


def _ratio(bench: Bench, one: Callable[[], None], many: Callable[[], None]) -> float:
    times = min(bench.times, 10)
    ones, manys = [], []
    for _ in range(times + 1):  # in turns, the first ones not counted
        ones.append(_ms(one))
        manys.append(_ms(many))
    return statistics.median(manys[1:]) / statistics.median(ones[1:])


def _ms(call: Callable[[], None]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


class Caller:
    """An application with a token, whose requests run in this process through all middleware."""

    def __init__(self, bench: Bench) -> None:
        _, secret = create_token(name="Bench", scope=ApiToken.Scope.ADMIN, expires_at=None, by=bench.member())
        self.client = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {secret}"})

    def ask(self, method: str, path: str, said: Any = None) -> Any:
        body = b"" if said is None else json.dumps(said)
        response = self.client.generic(method, f"/api{path}", body, "application/json")
        if response.status_code not in (200, 201):
            raise RuntimeError(f"{method} {path} answered {response.status_code}: {response.text[:200]}")
        return response.json()

    def floor(self, bench: Bench) -> float:
        """All of the middleware and the token, and nothing read."""
        return bench.median(lambda: self.ask("GET", "/bench"))


class Contacts:
    """Contacts from all over the book, one after the other, each with a stage where it is not."""

    def __init__(self) -> None:
        stages = list(Stage.objects.in_use()[:5])
        total = FunnelStatus.objects.filter(lost_at=None).count()
        every = max(1, total // 20_000)
        standing = FunnelStatus.objects.filter(lost_at=None).order_by("pk").values_list("pk", "stage")[::every]
        following = {stage.pk: stages[(index + 1) % len(stages)].pk for index, stage in enumerate(stages)}
        following[None] = stages[0].pk
        self._moves = iter([(contact, following.get(stage, stages[0].pk)) for contact, stage in standing])

    def to_another_stage(self) -> str:
        contact, stage = self.move()
        return f"/stages/{stage}/contact/{contact}/add"

    def move(self) -> tuple[int, int]:
        """A contact and a stage where it is not."""
        return next(self._moves)


class _Batches:
    """One and 200 stages, created, edited and deleted."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self._number = count()
        self._made: list[int] = []

    def pairs(self) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
        yield self.create_one, self.create_many
        yield self.edit_one, self.edit_many
        yield self.delete_one, self.delete_many

    def _new(self) -> dict[str, Any]:
        number = next(self._number)
        return {"name": f"Bench {number}", "weight": number, "description": "One of many."}

    def create_one(self) -> None:
        self._made.append(self.caller.ask("POST", "/stages/new", self._new())["stage"]["id"])

    def create_many(self) -> None:
        answer = self.caller.ask("POST", "/stages/batch/new", [self._new() for _ in range(200)])
        assert answer["statusCodes"] == [201] * 200
        self._made += [stage["id"] for stage in answer["stages"]]

    def edit_one(self) -> None:
        self.caller.ask("PATCH", f"/stages/{self._made[0]}/edit", {"weight": next(self._number)})

    def edit_many(self) -> None:
        items = [{"id": pk, "weight": next(self._number)} for pk in self._made[:200]]
        assert self.caller.ask("PATCH", "/stages/batch/edit", items)["statusCodes"] == [200] * 200

    def delete_one(self) -> None:
        self.caller.ask("DELETE", f"/stages/{self._made.pop()}/delete")

    def delete_many(self) -> None:
        ids, self._made = self._made[-200:], self._made[:-200]
        answer = self.caller.ask("DELETE", f"/stages/batch/delete?ids={','.join(map(str, ids))}")
        assert answer["statusCodes"] == [200] * len(ids)


# Many requests, over HTTP


@figure("wire_load_by_token", limit=100)
def load_by_token(bench: Bench) -> Measured:
    """The 95th percentile while 50 requests a second come for a minute. An error fails the figure."""
    return Measured(_load(bench, by_password=False))


@figure("wire_load_by_password", limit=100)
def load_by_password(bench: Bench) -> Measured:
    """The same with a name and a password in each request, after the first of each process."""
    return Measured(_load(bench, by_password=True))


def _load(bench: Bench, *, by_password: bool) -> float:
    bench.big.use()
    member = bench.member()
    if by_password:
        change_my_password(password=PASSWORD, by=member)
        authorization = f"Basic {base64.b64encode(f'{member.email}:{PASSWORD}'.encode()).decode()}"
    else:
        _, secret = create_token(name="Load", scope=ApiToken.Scope.ADMIN, expires_at=None, by=member)
        authorization = f"Bearer {secret}"
    requests = _mixed(bench)
    seconds = SECONDS if bench.times > 1 else 1
    with web_processes(bench) as port:
        warm = Load(port, authorization, requests, seconds=min(SECONDS_WARM, seconds))
        warm.run()
        load = Load(port, authorization, requests, seconds=seconds)
        load.run()
    for part in (warm, load):
        if part.errors:
            raise RuntimeError(f"{len(part.errors)} requests failed, the first: {part.errors[0]}")
    return statistics.quantiles(load.milliseconds, n=20)[-1]


def _mixed(bench: Bench) -> Iterator[tuple[str, str, Any]]:
    """Requests of every kind, as a client that keeps two systems in step sends them."""
    contacts, size = Contacts(), bench.big.size
    stages = [stage.pk for stage in Stage.objects.in_use()[:5]]
    for number in count(1):
        contact = 1 + number * 7919 % size
        yield "GET", "/stages", None
        yield "POST", contacts.to_another_stage(), None
        yield "GET", f"/contacts/{contact}", None
        yield "PATCH", f"/contacts/{contact}/edit", {"city": f"City {number}", "last_click_at": "2026-05-03 10:00"}
        yield "GET", f"/stages/{stages[number % 5]}", None
        yield "POST", contacts.to_another_stage(), None
        yield "GET", f"/contacts?limit=30&start={number % 100}", None
        yield "POST", "/contacts/new", {"email": f"new.{time.time_ns()}@example.com", "firstname": "Ada"}
        yield "GET", f"/contacts/{contact}/activity", None
        yield "PATCH", f"/stages/{stages[number % 5]}/edit", {"description": f"As of {number}."}


class Load:
    """Sends requests at a steady rate from several threads, and notes how long each answer takes from its due time."""

    def __init__(
        self,
        port: int,
        authorization: str,
        requests: Iterator[tuple[str, str, Any]],
        *,
        seconds: int,
        rate: int = RATE,
        most: int | None = None,
    ) -> None:
        self.milliseconds: list[float] = []
        self.errors: list[str] = []
        self._port = port
        self._headers = {"Authorization": authorization, "Content-Type": "application/json", "Host": "localhost"}
        self._rate = rate
        self._requests = [next(requests) for _ in range(most or rate * seconds)]
        self._turn = count()

    def run(self) -> None:
        self.began = time.perf_counter() + 0.1
        senders = [threading.Thread(target=self._send) for _ in range(SENDERS)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        self.ended = time.perf_counter()

    def _send(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        while (turn := next(self._turn)) < len(self._requests):
            due = self.began + turn / self._rate
            time.sleep(max(0.0, due - time.perf_counter()))
            self._one(connection, *self._requests[turn])
            self.milliseconds.append((time.perf_counter() - due) * 1000)
        connection.close()

    def _one(self, connection: http.client.HTTPConnection, method: str, path: str, said: Any) -> None:
        try:
            connection.request(method, f"/api{path}", None if said is None else json.dumps(said), self._headers)
            response = connection.getresponse()
            body = response.read()
        except OSError as error:
            connection.close()
            self.errors.append(f"{method} {path}: {error!r}")
            return
        if response.status not in (200, 201):
            self.errors.append(f"{method} {path} answered {response.status}: {body[:200]!r}")


@contextmanager
def web_processes(bench: Bench) -> Iterator[int]:
    """Gunicorn as `manage.py serve` runs it, a process for each of two cores, over the big book. Yields its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--no-control-socket", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "2", "--threads", "8", "--worker-class", "gthread", "--log-level", "warning"]
    environment = os.environ | {
        "DATABASE_URL": bench.big.url,
        "API_REQUESTS_A_MINUTE": "1000000",
    }
    log = Path(os.environ["FUNNELBOOK_DATA"]) / "gunicorn.log"
    with log.open("a") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for(port: int, process: subprocess.Popen) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("The web processes did not start.")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The web processes did not answer.")
