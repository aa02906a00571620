"""The threads that deliver: they see what is new by themselves, and one who is slow or dead holds up nobody else."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.db import OperationalError
from procrastinate.contrib.django import app

from journeys.webhooks import actions, courier, posting, tasks
from journeys.webhooks.courier import AT_ONCE, Courier
from journeys.webhooks.models import Delivery, Event
from journeys.webhooks.tasks import deliver_webhooks, forget_deliveries
from stages.models import Stage
from tests.factories import contact_in
from tests.journeys.receiver import Answer, Receiver, receiver, status
from tests.journeys.telling import webhook_at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def at_work(transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Courier]:
    """A courier that goes on until the end of the test."""
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    monkeypatch.setattr(courier, "PAUSE", 0.02)
    monkeypatch.setattr(posting, "ANSWER_WITHIN", 120.0)  # the machine may be busy
    working = Courier()
    monkeypatch.setattr(tasks, "courier", working)
    yield working
    working.stop()


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)


@pytest.fixture
def open_gate() -> Iterator[threading.Event]:
    """Receivers that wait for it are let go at the end of the test."""
    gate = threading.Event()
    yield gate
    gate.set()


def waiting_for(gate: threading.Event) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        gate.wait(100)
        status(204)(request)

    return answer


def send_tests(received: Receiver, count: int) -> None:
    webhook, _ = webhook_at(received.address)
    for _ in range(count):
        actions.send_test(webhook=webhook, by=webhook.created_by)


def test_what_happens_is_delivered_without_anybody_asking(at_work: Courier) -> None:
    aware = Stage.objects.get(name="Aware")
    with receiver() as received:
        _, secret = webhook_at(received.address)
        deliver_webhooks.func(timestamp=0)
        for number in (1, 2):
            contact = contact_in(aware)
            wait_for(lambda number=number: len(received.messages) == number)
            assert received.messages[-1].verified(secret)["data"]["contact"] == contact.pk
        at_work.stop()
    assert list(Delivery.objects.values_list("state", "attempts")) == [("delivered", 1)] * 2


def test_where_nobody_is_to_be_told_no_thread_runs(at_work: Courier, administrator) -> None:
    webhook, _ = webhook_at(by=administrator)
    actions.turn_off(webhook=webhook, by=administrator)
    before = threading.active_count()
    deliver_webhooks.func(timestamp=0)
    assert threading.active_count() == before


def test_it_ends_by_itself_when_the_last_webhook_is_turned_off(at_work: Courier, administrator) -> None:
    webhook, _ = webhook_at(by=administrator)
    deliver_webhooks.func(timestamp=0)
    assert [thread.name for thread in threading.enumerate()].count("webhooks") == 1
    deliver_webhooks.func(timestamp=5)
    assert [thread.name for thread in threading.enumerate()].count("webhooks") == 1
    actions.turn_off(webhook=webhook, by=administrator)
    wait_for(lambda: "webhooks" not in [thread.name for thread in threading.enumerate()])


def test_one_who_does_not_answer_holds_up_no_other(at_work: Courier, open_gate: threading.Event) -> None:
    with receiver(otherwise=waiting_for(open_gate)) as slow, receiver() as quick:
        send_tests(slow, 2 * AT_ONCE)
        send_tests(quick, 10)
        at_work.go_on(seconds=60)
        wait_for(lambda: len(quick.messages) == 10)
        wait_for(lambda: len(slow.messages) == AT_ONCE)
        assert len(set(quick.ids)) == 10
        send_tests(quick, 1)
        wait_for(lambda: len(quick.messages) == 11)
        assert len(slow.messages) == AT_ONCE  # no more are under way to it at once
        open_gate.set()
        wait_for(lambda: len(slow.messages) == 2 * AT_ONCE)
        at_work.stop()
    assert set(Delivery.objects.values_list("state", "attempts")) == {("delivered", 1)}


def test_one_whose_last_attempt_failed_is_tried_with_a_single_message(
    at_work: Courier, open_gate: threading.Event
) -> None:
    with receiver(status(500), otherwise=waiting_for(open_gate)) as failing, receiver() as quick:
        webhook, _ = webhook_at(failing.address)
        actions.send_test(webhook=webhook, by=webhook.created_by)
        at_work.go_on(seconds=60)
        wait_for(lambda: Delivery.objects.filter(attempts=1).exists() and not at_work._threads.total())
        for _ in range(AT_ONCE):
            actions.send_test(webhook=webhook, by=webhook.created_by)
        send_tests(quick, 3)
        wait_for(lambda: len(quick.messages) == 3 and len(failing.messages) == 2)
        send_tests(quick, 1)
        wait_for(lambda: len(quick.messages) == 4)
        assert len(failing.messages) == 2
        open_gate.set()


def test_no_connection_to_the_database_is_kept_while_a_receiver_is_waited_for(
    at_work: Courier, open_gate: threading.Event
) -> None:
    """Ten of them would take more connections than there are; everything else goes on."""
    aware = Stage.objects.get(name="Aware")
    with receiver(otherwise=waiting_for(open_gate)) as slow:
        for _ in range(5):
            send_tests(slow, 2)
        at_work.go_on(seconds=60)
        wait_for(lambda: len(slow.messages) == 10)
        contact_in(aware)
        assert Delivery.objects.filter(state="waiting").count() >= 10
        open_gate.set()
        at_work.stop()


def test_it_goes_on_after_the_database_was_away(
    at_work: Courier, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tell = courier.tell_what_is_new
    failures: list[Exception] = [OperationalError("the connection is lost\n"), ZeroDivisionError("a mistake of ours")]

    def fail_first() -> bool:
        if failures:
            raise failures.pop(0)
        return tell()

    monkeypatch.setattr(courier, "tell_what_is_new", fail_first)
    with receiver() as received:
        send_tests(received, 1)
        at_work.go_on(seconds=60)
        wait_for(lambda: received.messages)
        at_work.stop()
    said = [(record.levelname, record.getMessage(), bool(record.exc_info)) for record in caplog.records]
    assert ("WARNING", "Webhooks are not told just now: the connection is lost", False) in said
    assert ("ERROR", "Webhooks are not told just now", True) in said


def test_what_a_thread_died_over_is_delivered_later(
    at_work: Courier, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(courier, "post", fail)
    with receiver() as received:
        send_tests(received, 1)
        at_work.go_on(seconds=60)
        wait_for(lambda: "is delivered later" in caplog.text)
        at_work.stop()
    assert list(Delivery.objects.values_list("event", "state", "attempts")) == [(Event.TEST, "waiting", 0)]


def test_it_is_looked_at_four_times_a_minute_and_tidied_every_night() -> None:
    crons = {task.task.func: task.cron for task in app.periodic_registry.periodic_tasks.values()}
    assert crons[deliver_webhooks.func] == "* * * * * */15"
    assert crons[forget_deliveries.func] == "37 3 * * *"
