"""Figures of our own API and of Review: statuses set over HTTP as fast as two cores go, and long lists."""

import statistics
from collections.abc import Iterator
from typing import Any

from django.db import connection

from config.database_roles import as_owner
from config.team.actions import create_token
from config.team.models import ApiToken
from contacts.causes import Cause
from journeys.status.actions import change_status
from journeys.status.models import FunnelStatus
from stages.models import Stage
from tests.bench.bench import Bench
from tests.bench.figures import Measured, figure
from tests.bench.wire import Caller, Contacts, Load, web_processes

RATE = 150
"""So many statuses are set in a second."""

SECONDS = 20
CHANGES = 500
FLAGGED = 50_000


@figure("api_status_put_p95", limit=60)
def status_put_p95(bench: Bench) -> Measured:
    """The 95th percentile while 150 statuses a second are set."""
    load = _put_statuses(bench, rate=RATE)
    return Measured(statistics.quantiles(load.milliseconds, n=20)[-1])


@figure("api_status_put_rate", unit="/s", limit=150, at_least=True)
def status_put_rate(bench: Bench) -> Measured:
    """So many statuses are set in a second where each sender sends the next as soon as one is answered."""
    load = _put_statuses(bench, rate=10_000, most=RATE * SECONDS if bench.times > 1 else RATE)
    return Measured(len(load.milliseconds) / (load.ended - load.began))


@figure("api_history_of_500", limit=30)
def history_of_500(bench: Bench) -> Measured:
    """A page of the history of a contact with 500 changes."""
    bench.big.use()
    caller, contact = Caller(bench), FunnelStatus.objects.filter(lost_at=None).latest("pk").pk
    stages = list(Stage.objects.in_use()[:2])
    for number in range(CHANGES):
        change_status(contacts=[contact], to=stages[number % 2], cause=Cause.API, by=bench.member())
    address = f"/v1/contacts/{contact}/status/history"
    return Measured(bench.median(lambda: caller.ask("GET", address)), floor=caller.floor(bench))


@figure("review_of_50000", limit=60)
def review_of_50000(bench: Bench) -> Measured:
    """The page of Review while 50,000 flagged changes wait, in the middle of them too."""
    bench.big.use()
    changes = _flag(min(FLAGGED, bench.big.size // 2))
    middle = changes[len(changes) // 2]
    return Measured(bench.page("/review", f"/review?older_than={middle}"), floor=bench.frame())


def _put_statuses(bench: Bench, *, rate: int, most: int | None = None) -> Load:
    bench.big.use()
    _, secret = create_token(name="Load", scope=ApiToken.Scope.ADMIN, expires_at=None, by=bench.member())
    seconds = SECONDS if bench.times > 1 else 1
    requests = moves()
    with web_processes(bench) as port:
        Load(port, f"Bearer {secret}", requests, seconds=1, rate=RATE).run()
        load = Load(port, f"Bearer {secret}", requests, seconds=seconds, rate=rate, most=most)
        load.run()
    if load.errors:
        raise RuntimeError(f"{len(load.errors)} requests failed, the first: {load.errors[0]}")
    return load


def moves() -> Iterator[tuple[str, str, Any]]:
    """Requests that move contacts from all over the book, each to another stage."""
    contacts = Contacts()
    while True:
        contact, stage = contacts.move()
        yield "PUT", f"/v1/contacts/{contact}/status", {"stage": stage, "reason": "Bench"}


def _flag(count: int) -> list[int]:
    """Have an application move so many contacts back. Returns what waits, in order."""
    stages = list(Stage.objects.in_use()[:2])
    heavier = FunnelStatus.objects.filter(lost_at=None).exclude(stage=stages[0]).order_by("pk")
    contacts = list(heavier.values_list("pk", flat=True)[:count])
    change_status(contacts=contacts, to=stages[0], cause=Cause.API, by=None, review_needed=True)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ANALYZE journeys_review")
        cursor.execute("SELECT change_id FROM journeys_review WHERE verdict IS NULL ORDER BY 1")
        return [row[0] for row in cursor.fetchall()]
