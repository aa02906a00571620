"""Figures of webhooks: what a change costs with one, and what it takes to follow a run that nobody asked for."""

import time
from functools import partial

from django.db import connection
from django.db.models import Max, Min
from django.test import override_settings

from contacts.causes import Cause
from contacts.models import Label
from journeys.book.queries import ContactQuery
from journeys.history.models import Bookmark
from journeys.runs import actions as runs
from journeys.runs.models import Run
from journeys.runs.operations import Act, Operation, Selection
from journeys.status.actions import change_status
from journeys.status.models import FunnelStatus, StatusChange
from journeys.webhooks import actions
from journeys.webhooks.courier import Courier
from journeys.webhooks.models import CHOSEN, Webhook
from journeys.webhooks.telling import READER, tell_what_is_new
from stages.models import Stage
from tests.bench.bench import Bench
from tests.bench.book import WIDE_LABEL
from tests.bench.figures import WARM_UP, Measured, figure
from tests.journeys.receiver import receiver


@figure("webhook_beside_a_status_change", limit=30)
def webhook_beside_a_status_change(bench: Bench) -> Measured:
    """One contact moved while a receiver is told of every move at once. The floor: the same while nobody is told."""
    bench.big.use()
    floor = _moves(bench)
    with receiver() as received, override_settings(WEBHOOKS_ALLOW_PRIVATE=True):
        webhook, courier = _webhook(bench, received.address), Courier()
        courier.go_on(seconds=3600)
        try:
            value = _moves(bench)
            _wait_for_as_many_messages(webhook)
        finally:
            courier.stop()
            actions.remove_webhook(webhook=webhook, by=bench.member())
    return Measured(value, floor)


def _moves(bench: Bench) -> float:
    """The median time of one change of one contact, each time of another one."""
    member, stages = bench.member(), list(Stage.objects.in_use())
    statuses = FunnelStatus.objects.filter(stage__in=stages, lost_at=None).order_by("-pk")
    moves = iter([
        partial(change_status, contacts=[pk], to=next(one for one in stages if one.pk != stage), cause=Cause.MANUAL,
                by=member)
        for pk, stage in statuses.values_list("pk", "stage")[: bench.times + WARM_UP]
    ])  # fmt: skip

    def move() -> None:
        assert len(next(moves)().changed) == 1

    return bench.median(move)


def _webhook(bench: Bench, address: str = "https://receiver.example.com/") -> Webhook:
    options = {"description": "", "events": CHOSEN, "wants_changes_of_runs": False}
    return actions.add_webhook(address=address, **options, by=bench.member())[0]  # type: ignore[arg-type]


def _wait_for_as_many_messages(webhook: Webhook) -> None:
    """Every move of before is told, and delivered."""
    moved = StatusChange.objects.filter(pk__gt=webhook.begins_after).count()
    deadline = time.monotonic() + 60
    while webhook.deliveries.filter(state="delivered").count() < moved:
        assert time.monotonic() < deadline, "Not everything was delivered within a minute."
        time.sleep(0.1)


@figure("webhook_passing_over_a_run", limit=5000)
def webhook_passing_over_a_run(bench: Bench) -> Measured:
    """Following the changes of a run over three of five contacts, for a webhook that did not ask for them.

    The floor: reading the same rows.
    """
    bench.big.use()
    run = _run_over_most(bench)
    numbers = StatusChange.objects.filter(run=run).aggregate(first=Min("pk"), last=Max("pk"))
    webhook = _webhook(bench)
    Webhook.objects.filter(pk=webhook.pk).update(begins_after=numbers["first"] - 1)
    Bookmark.objects.filter(reader=READER).update(position=0, next_mark=None)
    tell_what_is_new()  # the ends of runs
    Bookmark.objects.filter(reader=READER).update(position=0, next_mark=numbers["last"])
    began = time.perf_counter()
    while Bookmark.objects.get(reader=READER).position < numbers["last"]:
        tell_what_is_new()
    value = (time.perf_counter() - began) * 1000
    actions.remove_webhook(webhook=webhook, by=bench.member())
    return Measured(value, floor=_reading(numbers["first"], numbers["last"]))


def _run_over_most(bench: Bench) -> Run:
    """A run that moves whoever carries the wide label."""
    query = ContactQuery(labels=(Label.objects.get(name=WIDE_LABEL).pk,))
    to = Operation(Act.CHANGE_STATUS, Cause.LABEL_RULE, stage=Stage.objects.get(name="Loyal Customer").pk)
    preview = runs.make_preview(operation=to, selection=Selection(query=query), by=bench.member())
    run = runs.start_run(preview=preview, by=bench.member())
    while runs.work_on_run(run=run.pk, seconds=60):
        pass
    return run


def _reading(first: int, last: int) -> float:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE run_id IS NULL) FROM journeys_statuschange WHERE id BETWEEN %s AND %s",
            [first, last],
        )
    return (time.perf_counter() - began) * 1000
