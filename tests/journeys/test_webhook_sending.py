"""Delivering to a real server: what is signed, what is tried again and when, and what turns a webhook off."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from config.team.models import TeamMember
from journeys.book.actions import erase_contacts
from journeys.history import following
from journeys.webhooks import actions, posting, sending
from journeys.webhooks.models import Attempt, Delivery, Event, Webhook
from journeys.webhooks.payloads import payload_of
from journeys.webhooks.posting import Answer
from journeys.webhooks.sending import ABANDONED_AFTER, deliver_next, webhooks_with_something_due
from stages.models import Stage
from tests.elsewhere import elsewhere
from tests.factories import contact_in, standing
from tests.journeys.receiver import receiver, status
from tests.journeys.running import moved
from tests.journeys.telling import deliver_all, only_delivery, tell_all, webhook_at

WAITING, DELIVERED, FAILED = Delivery.State


@pytest.fixture(autouse=True)
def on_this_machine(settings: Any, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Receivers listen here; what is written in a test's transaction counts as final; pauses are the plan's."""
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    monkeypatch.setattr(posting, "ANSWER_WITHIN", 60.0)  # the machine may be busy
    monkeypatch.setattr(sending.random, "random", lambda: 0.0)
    if "transactional_db" not in request.fixturenames:
        monkeypatch.setattr(following, "_oldest_running", lambda: 2**62)


class Clock:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.now = timezone.now() + timedelta(minutes=1)  # nothing that is made while it stands is still to come

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(timezone, "now", found)
    return found


def answering(*answers: Answer) -> Callable[..., Answer]:
    """Posts nothing, and answers one after the other."""
    left = list(answers)
    return lambda *args, **kwargs: left.pop(0) if len(left) > 1 else left[0]


def webhook_with_a_test(address: str = "http://127.0.0.1:1/", **options) -> tuple[Webhook, str]:
    """A webhook with a test waiting for it, and its secret."""
    webhook, secret = webhook_at(address, **options)
    actions.send_test(webhook=webhook, by=webhook.created_by)
    return webhook, secret


def state_of(webhook: Webhook) -> tuple[str, int]:
    delivery = only_delivery(webhook)
    return delivery.state, delivery.attempts


# What is sent


def test_the_reference_verifies_what_arrives(aware: Stage, customer: Stage) -> None:
    contact = contact_in(aware)
    with receiver() as received:
        webhook, secret = webhook_at(received.address)
        standing(contact, customer)
        tell_all()
        assert deliver_all(webhook) == 1
    (message,) = received.messages
    assert message.verified(secret) == payload_of(only_delivery(webhook))
    assert message.headers["webhook-id"] == str(only_delivery(webhook))
    assert message.headers["Content-Type"] == "application/json"
    assert state_of(webhook) == (DELIVERED, 1)


def test_while_a_secret_takes_the_place_of_another_both_verify(db: None, clock: Clock) -> None:
    with receiver() as received:
        webhook, old = webhook_with_a_test(received.address)
        new = actions.rotate_secret(webhook=webhook, by=webhook.created_by)
        deliver_all(webhook)
        message = received.messages.pop()
        assert message.verified(old) == message.verified(new)
        assert len(message.headers["webhook-signature"].split()) == 2
        clock.forward(timedelta(hours=24))
        actions.send_test(webhook=webhook, by=webhook.created_by)
        deliver_all(webhook)
    assert len(received.messages.pop().headers["webhook-signature"].split()) == 1


def test_no_secret_is_in_the_database_or_in_the_log(db: None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with receiver() as received:
        webhook, old = webhook_with_a_test(received.address)
        new = actions.rotate_secret(webhook=webhook, by=webhook.created_by)
        deliver_all(webhook)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, '|') FROM (SELECT w::text FROM journeys_webhook w) t")
        (rows,) = cursor.fetchone()
    for secret in (old, new):
        for place in (rows, caplog.text):
            assert secret[13:] not in place
    assert new[:12] in rows


def test_a_batch_is_one_message(aware: Stage, customer: Stage, operator: TeamMember) -> None:
    contacts = [contact_in(aware) for _ in range(3)]
    with receiver() as received:
        webhook, secret = webhook_at(received.address, [Event.STATUS_CHANGED], wants_changes_of_runs=True)
        run = moved(contacts, customer, operator)
        tell_all()
        assert deliver_all(webhook) == 1
    said = received.messages[0].verified(secret)
    assert (said["type"], said["data"]["run"]) == ("run.changes", run.pk)
    assert [change["data"]["contact"] for change in said["data"]["changes"]] == [contact.pk for contact in contacts]


@pytest.mark.parametrize("count", [1, 3])
def test_a_message_costs_the_same_however_many_changes_it_holds(
    aware: Stage, customer: Stage, operator: TeamMember, count: int, django_assert_num_queries: Callable
) -> None:
    contacts = [contact_in(aware) for _ in range(count)]
    webhook, _ = webhook_at(events=[Event.STATUS_CHANGED], wants_changes_of_runs=True)
    moved(contacts, customer, operator)
    tell_all()
    delivery = only_delivery(webhook)
    with django_assert_num_queries(6):  # changes; names, reasons, contacts, people, runs
        assert len(payload_of(delivery)["data"]["changes"]) == count


# Again


def test_the_plan_of_ten_attempts(db: None, clock: Clock) -> None:
    with receiver(otherwise=status(500, "Out of order")) as received:
        webhook, _ = webhook_with_a_test(received.address)
        for attempt, seconds in enumerate([0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400], start=1):
            if seconds:
                clock.forward(timedelta(seconds=seconds - 1))
                assert deliver_all(webhook) == 0
                clock.forward(timedelta(seconds=1))
            assert deliver_all(webhook) == 1
            assert state_of(webhook) == (FAILED if attempt == 10 else WAITING, attempt)
        clock.forward(timedelta(days=9))
        assert deliver_all(webhook) == 0
    assert len(set(received.ids)) == 1
    assert len(received.ids) == 10
    assert list(Attempt.objects.values_list("status", "answer", "error")) == [(500, "Out of order", "")] * 10


def test_what_succeeds_in_the_end_is_not_tried_again(db: None, clock: Clock) -> None:
    with receiver(status(503), status(302), status(200)) as received:
        webhook, _ = webhook_with_a_test(received.address)
        for _ in range(3):
            deliver_all(webhook)
            clock.forward(timedelta(hours=1))
        assert state_of(webhook) == (DELIVERED, 3)
        assert deliver_all(webhook) == 0
    assert list(Attempt.objects.values_list("status", flat=True)) == [503, 302, 200]
    webhook.refresh_from_db()
    assert webhook.failing_since is None


def test_retry_after_is_honoured(db: None, clock: Clock) -> None:
    with receiver(status(429, Retry_After="3600")) as received:
        webhook, _ = webhook_with_a_test(received.address)
        deliver_all(webhook)
    assert only_delivery(webhook).due_at == clock.now + timedelta(hours=1)


def test_why_there_was_no_answer_is_kept(db: None) -> None:
    webhook, _ = webhook_with_a_test("http://127.0.0.1:1/")
    deliver_next(webhook.pk)
    attempt = Attempt.objects.get()
    assert (attempt.status, attempt.answer, attempt.error) == (None, "", "The connection was refused.")
    assert state_of(webhook) == (WAITING, 1)


def test_an_address_that_is_not_allowed_any_more_is_not_connected_to(db: None, settings: Any) -> None:
    with receiver() as received:
        webhook, _ = webhook_with_a_test(received.address)
        settings.WEBHOOKS_ALLOW_PRIVATE = False
        deliver_next(webhook.pk)
    assert received.messages == []
    assert Attempt.objects.get().error == "Give an address that begins with https://."


# Off


def test_410_turns_it_off_and_what_waits_stays(db: None, caplog: pytest.LogCaptureFixture) -> None:
    with receiver(status(410)) as received:
        webhook, _ = webhook_with_a_test(received.address)
        other = actions.send_test(webhook=webhook, by=webhook.created_by)
        deliver_next(webhook.pk)
    webhook.refresh_from_db()
    assert (webhook.is_on, webhook.off_reason, webhook.turned_off_by) == (False, Webhook.OffReason.GONE, None)
    assert list(webhook.deliveries.order_by("id").values_list("state", "attempts")) == [(FAILED, 1), (WAITING, 0)]
    assert webhooks_with_something_due() == []
    assert f"Webhook {webhook.pk} was turned off" in caplog.text
    actions.turn_on(webhook=webhook, by=webhook.created_by)
    assert webhooks_with_something_due() == [webhook]
    deliver_next(webhook.pk, by=answering(Answer(status=200)))
    other.refresh_from_db()
    assert other.state == DELIVERED


def test_three_days_without_a_success_turn_it_off(db: None, clock: Clock) -> None:
    webhook, _ = webhook_with_a_test()
    failing = answering(Answer(error="The connection was refused."))
    deliver_next(webhook.pk, by=failing)
    webhook.refresh_from_db()
    assert webhook.failing_since == clock.now
    clock.forward(timedelta(days=3) - timedelta(seconds=1))
    deliver_next(webhook.pk, by=failing)
    webhook.refresh_from_db()
    assert webhook.is_on
    actions.send_test(webhook=webhook, by=webhook.created_by)
    clock.forward(timedelta(seconds=1))
    deliver_next(webhook.pk, by=failing)
    webhook.refresh_from_db()
    assert (webhook.is_on, webhook.off_reason) == (False, Webhook.OffReason.FAILING)


def test_a_success_in_between_begins_the_three_days_anew(db: None, clock: Clock) -> None:
    webhook, _ = webhook_with_a_test()
    for answer in (Answer(status=500), Answer(status=200)):
        deliver_next(webhook.pk, by=answering(answer))
        clock.forward(timedelta(days=2))
        actions.send_test(webhook=webhook, by=webhook.created_by)
    deliver_next(webhook.pk, by=answering(Answer(status=500)))
    webhook.refresh_from_db()
    assert (webhook.is_on, webhook.failing_since) == (True, clock.now)


# At least once


def test_what_somebody_died_over_is_taken_again(db: None, clock: Clock) -> None:
    webhook, _ = webhook_with_a_test()

    def die(*args: object, **kwargs: object) -> Answer:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver_next(webhook.pk, by=die)
    assert state_of(webhook) == (WAITING, 0)
    assert deliver_next(webhook.pk) is None  # somebody may be at it
    clock.forward(ABANDONED_AFTER)
    assert deliver_next(webhook.pk, by=answering(Answer(status=200))) == Answer(status=200)
    assert state_of(webhook) == (DELIVERED, 1)


def test_who_comes_late_with_a_failure_does_not_undo_a_success(db: None, clock: Clock) -> None:
    webhook, _ = webhook_with_a_test()

    def overtaken(*args: object, **kwargs: object) -> Answer:
        clock.forward(ABANDONED_AFTER)
        deliver_next(webhook.pk, by=answering(Answer(status=200)))
        return Answer(status=500)

    deliver_next(webhook.pk, by=overtaken)
    assert state_of(webhook) == (DELIVERED, 1)
    assert list(Attempt.objects.values_list("status", flat=True)) == [200, 500]


def test_a_webhook_that_is_removed_meanwhile_leaves_nothing(db: None) -> None:
    webhook, _ = webhook_with_a_test()

    def removed(*args: object, **kwargs: object) -> Answer:
        actions.remove_webhook(webhook=webhook, by=webhook.created_by)
        return Answer(status=200)

    assert deliver_next(webhook.pk, by=removed) == Answer(status=200)
    assert (Webhook.objects.count(), Delivery.objects.count(), Attempt.objects.count()) == (0, 0, 0)


def test_removing_a_webhook_waits_for_an_attempt_that_is_being_written_down(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook, _ = webhook_with_a_test()
    is_writing, may_go_on = threading.Event(), threading.Event()

    def pause(contacts: list[int]) -> bool:
        is_writing.set()
        return may_go_on.wait(30)

    monkeypatch.setattr(sending, "_are_all_in_the_book", pause)
    with elsewhere() as sender, elsewhere() as administrator:
        attempt = sender.do(deliver_next, webhook.pk, by=answering(Answer(status=500, text="Out of order")))
        assert is_writing.wait(30)
        removal = administrator.do(actions.remove_webhook, webhook=webhook, by=webhook.created_by)
        assert administrator.has_to_wait()
        may_go_on.set()
        assert attempt.result() == Answer(status=500, text="Out of order")
        removal.result()
    assert (Webhook.objects.count(), Delivery.objects.count(), Attempt.objects.count()) == (0, 0, 0)


def test_two_who_deliver_at_once_deliver_different_messages(transactional_db: None) -> None:
    with receiver() as received:
        webhook, _ = webhook_with_a_test(received.address)
        actions.send_test(webhook=webhook, by=webhook.created_by)
        with elsewhere() as one, elsewhere() as other:
            one.begin()
            assert one.do(deliver_next, webhook.pk).result() == Answer(status=204)
            assert other.do(deliver_next, webhook.pk).result() == Answer(status=204)
            assert other.do(deliver_next, webhook.pk).result() is None
            one.commit()
    assert len(set(received.ids)) == len(received.ids) == 2


# Words of people


def test_an_answer_goes_when_the_person_is_erased(
    aware: Stage, administrator: TeamMember, operator: TeamMember
) -> None:
    ana, other = contact_in(aware, external_id="X-7"), contact_in(aware)
    webhook, _ = webhook_at(wants_changes_of_runs=True)
    standing(ana, None)
    standing(other, None)
    run = moved([ana, other], aware, operator)
    tell_all()
    while deliver_next(webhook.pk, by=answering(Answer(status=200, text="Thanks for Ana"))):
        pass
    assert Attempt.objects.filter(answer="Thanks for Ana").count() == 4  # the end of the run is about nobody
    erase_contacts(contacts=[ana.pk], by=administrator)
    kept = Attempt.objects.exclude(answer="").values_list("delivery__event", "delivery__first_change")
    of_other = other.status_history.get(cause="manual", from_outside=False).pk
    assert set(kept) == {("run.finished", None), ("contact.status_changed", of_other)}
    assert Attempt.objects.filter(delivery__run=run, delivery__event=Event.RUN_CHANGES).get().answer == ""


def test_an_answer_that_comes_after_the_erasure_is_not_kept(aware: Stage, administrator: TeamMember) -> None:
    webhook, _ = webhook_at(events=[Event.CONTACT_CREATED])
    contact = contact_in(aware)
    contact_in(aware)
    tell_all()

    def erased(*args: object, **kwargs: object) -> Answer:
        erase_contacts(contacts=[contact.pk], by=administrator)
        return Answer(status=200, text="Thanks for Ana")

    deliver_next(webhook.pk, by=erased)
    deliver_next(webhook.pk, by=answering(Answer(status=200, text="Thanks for Bo")))
    assert list(Attempt.objects.values_list("status", "answer")) == [(200, ""), (200, "Thanks for Bo")]


def test_who_erases_waits_for_an_answer_that_is_being_kept(transactional_db: None) -> None:
    contact = contact_in(Stage.objects.get(name="Aware"))
    webhook, _ = webhook_at(events=[Event.STATUS_CHANGED])
    standing(contact, None)
    tell_all()
    with elsewhere() as sender, elsewhere() as eraser:
        sender.begin()
        sender.do(deliver_next, webhook.pk, by=answering(Answer(status=200, text="Thanks for Ana"))).result()
        erasure = eraser.do(erase_contacts, contacts=[contact.pk], by=webhook.created_by)
        assert eraser.has_to_wait()
        sender.commit()
        assert erasure.result() == [contact.pk]
    assert list(Attempt.objects.values_list("answer", flat=True)) == [""]
