"""What happens becomes messages to those who asked: each once, by whatever path it came, and runs in batches."""

import pytest
from django.db import connection, transaction

from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.book.actions import deactivate_accounts, erase_contacts
from journeys.history import following
from journeys.runs.actions import cancel_run
from journeys.runs.models import Run
from journeys.runs.operations import Act, Operation
from journeys.webhooks import actions, telling
from journeys.webhooks.models import Delivery, Event
from journeys.webhooks.payloads import payload_of
from journeys.webhooks.telling import tell_what_is_new
from stages.models import Stage
from tests.elsewhere import elsewhere
from tests.factories import ContactFactory, contact_in, standing
from tests.heart import last_change, run_sql
from tests.journeys.running import done, lost, moved, started
from tests.journeys.telling import only_delivery, tell_all, told, webhook_at


@pytest.fixture(autouse=True)
def at_once_final(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written in the test's transaction counts as final, or nothing would be told in it."""
    if "transactional_db" not in request.fixturenames:
        monkeypatch.setattr(following, "_oldest_running", lambda: 2**62)


def test_a_change_is_told_once_in_the_words_of_the_api(aware: Stage, customer: Stage, operator: TeamMember) -> None:
    contact = contact_in(aware, external_id="X-7", email="ana@example.com")
    webhook, _ = webhook_at()
    standing(contact, customer, by=operator)
    tell_all()
    tell_all()
    change = last_change(contact)
    assert payload_of(only_delivery(webhook)) == {
        "type": "contact.status_changed",
        "timestamp": f"{change.recorded_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "data": {
            "id": change.pk,
            "contact": contact.pk,
            "external_id": "X-7",
            "start": {"outside": False, "stage": {"id": aware.pk, "name": "Aware"}, "lost": False, "lost_reason": None},
            "end": {
                "outside": False,
                "stage": {"id": customer.pk, "name": "Customer"},
                "lost": False,
                "lost_reason": None,
            },
            "changed_at": f"{change.changed_at:%Y-%m-%dT%H:%M:%S.%fZ}",
            "recorded_at": f"{change.recorded_at:%Y-%m-%dT%H:%M:%S.%fZ}",
            "direction": "forward",
            "cause": "manual",
            "changed_by": {"id": operator.pk, "name": "Olga Petrova"},
            "run": None,
            "stated_at": None,
            "undoes": None,
            "review_needed": False,
        },
    }


def test_a_new_contact_is_told_as_that_alone_and_an_erased_one_by_its_number(
    aware: Stage, administrator: TeamMember
) -> None:
    webhook, _ = webhook_at()
    contact = contact_in(aware, external_id="X-7")
    erase_contacts(contacts=[contact.pk], by=administrator)
    tell_all()
    assert told(webhook) == [f"contact.created {contact.pk}", f"contact.erased {contact.pk}"]
    created, erased = (payload_of(delivery)["data"] for delivery in webhook.deliveries.order_by("id"))
    assert (created["start"]["outside"], created["end"]["stage"]["name"]) == (True, "Aware")
    assert (erased["end"]["outside"], erased["cause"]) == (True, "erased")
    assert (created["external_id"], erased["external_id"]) == (None, None)  # it was erased before this was read


def test_whatever_changes_a_status_is_told(aware: Stage, customer: Stage, administrator: TeamMember) -> None:
    """Raw SQL, an account made inactive, a plain INSERT of a contact, a row deleted by hand."""
    contact = contact_in(aware)
    webhook, _ = webhook_at()
    run_sql("UPDATE journeys_funnelstatus SET stage_id = %s WHERE contact_id = %s", customer.pk, contact.pk)
    deactivate_accounts(contacts=[contact.pk], by=administrator)
    new = ContactFactory()
    run_sql("DELETE FROM contacts_contact WHERE id = %s", contact.pk)
    run_sql("SET CONSTRAINTS ALL IMMEDIATE")
    tell_all()
    assert told(webhook) == [
        f"contact.status_changed {contact.pk}",
        f"contact.status_changed {contact.pk}",
        f"contact.created {new.pk}",
        f"contact.erased {contact.pk}",
    ]
    causes = [payload_of(delivery)["data"]["cause"] for delivery in webhook.deliveries.order_by("id")]
    assert causes == ["data_fix", "account_inactive", "default", "data_fix"]


def test_what_did_not_happen_in_the_end_is_not_told(aware: Stage, customer: Stage) -> None:
    contact = contact_in(aware)
    webhook, _ = webhook_at()
    with transaction.atomic():
        standing(contact, customer)
        transaction.set_rollback(True)
    tell_all()
    assert told(webhook) == []


def test_each_is_told_what_it_asked_for(aware: Stage, customer: Stage) -> None:
    changed, _ = webhook_at(events=[Event.STATUS_CHANGED])
    both, _ = webhook_at(events=[Event.STATUS_CHANGED, Event.CONTACT_CREATED])
    runs, _ = webhook_at(events=[Event.RUN_FINISHED])
    contact = standing(contact_in(aware), customer)
    tell_all()
    assert told(changed) == [f"contact.status_changed {contact.pk}"]
    assert told(both) == [f"contact.created {contact.pk}", f"contact.status_changed {contact.pk}"]
    assert told(runs) == []
    assert len(set(Delivery.objects.values_list("message", flat=True))) == 3


def test_what_happened_before_or_while_it_was_off_is_not_told(
    aware: Stage, customer: Stage, administrator: TeamMember
) -> None:
    contact = contact_in(aware)
    other, _ = webhook_at()
    contact_in(aware)
    webhook, _ = webhook_at()
    standing(contact, customer)
    tell_all()
    actions.turn_off(webhook=webhook, by=administrator)
    lost_meanwhile = standing(contact, aware)
    tell_all()
    standing(contact, customer)
    actions.turn_on(webhook=webhook, by=administrator)
    standing(lost_meanwhile, aware)
    tell_all()
    assert told(webhook) == [f"contact.status_changed {contact.pk}"] * 2
    assert len(told(other)) == 5


def test_while_nobody_is_to_be_told_nothing_is_written(aware: Stage, administrator: TeamMember) -> None:
    webhook, _ = webhook_at()
    actions.turn_off(webhook=webhook, by=administrator)
    contact_in(aware)
    assert tell_what_is_new() is False
    assert not Delivery.objects.exists()
    assert following.Bookmark.objects.count() == 0


# Runs


def test_a_run_is_told_once_at_its_end_and_its_changes_are_not(
    aware: Stage, customer: Stage, operator: TeamMember
) -> None:
    contacts = [contact_in(aware) for _ in range(3)]
    webhook, _ = webhook_at()
    to_customer = Operation(Act.CHANGE_STATUS, Cause.BULK, stage=customer.pk)
    run = started(to_customer, contacts, operator)
    tell_all()
    assert told(webhook) == []
    run = done(run)
    tell_all()
    tell_all()
    delivery = only_delivery(webhook)
    assert payload_of(delivery) == {
        "type": "run.finished",
        "timestamp": f"{run.finished_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "data": {
            "id": run.pk,
            "kind": "bulk",
            "state": "finished",
            "stage": {"id": customer.pk, "name": "Customer"},
            "records": 3,
            "changed": 3,
            "unchanged": 0,
            "refused": 0,
            "forward": 3,
            "back": 0,
            "undoes": None,
            "started_by": {"id": operator.pk, "name": "Olga Petrova"},
            "started_at": f"{run.started_at:%Y-%m-%dT%H:%M:%S.%fZ}",
            "finished_at": f"{run.finished_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        },
    }


def test_a_run_without_contacts_and_one_that_was_cancelled_are_told_too(
    aware: Stage, customer: Stage, operator: TeamMember
) -> None:
    contact = contact_in(aware)
    webhook, _ = webhook_at(events=[Event.RUN_FINISHED])
    empty = started(Operation(Act.MARK_LOST, Cause.BULK), [], operator)
    run = started(Operation(Act.MARK_LOST, Cause.BULK), [contact], operator)
    cancel_run(run=run, by=operator)
    tell_all()
    assert told(webhook) == [f"run.finished {empty.pk}", f"run.finished {run.pk}"]
    last = webhook.deliveries.order_by("id").last()
    assert last and payload_of(last)["data"]["state"] == "cancelled"


def test_a_run_that_ended_before_is_not_told(aware: Stage, operator: TeamMember) -> None:
    lost([contact_in(aware)], operator)
    webhook, _ = webhook_at()
    tell_all()
    assert told(webhook) == []
    assert Run.objects.get().end_was_told


def test_changes_of_a_run_go_in_batches_to_those_who_ask(
    monkeypatch: pytest.MonkeyPatch, aware: Stage, customer: Stage, operator: TeamMember
) -> None:
    monkeypatch.setattr(telling, "BATCH", 2)
    contacts = [contact_in(aware) for _ in range(5)]
    webhook, _ = webhook_at(events=[Event.STATUS_CHANGED], wants_changes_of_runs=True)
    other, _ = webhook_at(events=[Event.STATUS_CHANGED])
    with transaction.atomic():
        run = moved(contacts, customer, operator)
        single = contact_in(aware, cause=Cause.MANUAL)
        standing(single, customer)
    tell_all()
    one, two, three, four, five = (f"contact.status_changed {contact.pk}" for contact in contacts)
    assert told(webhook) == [
        f"run.changes of {run.pk}: {one}, {two}",
        f"run.changes of {run.pk}: {three}, {four}",
        f"run.changes of {run.pk}: {five}",
        f"contact.status_changed {single.pk}",
    ]
    assert told(other) == [f"contact.status_changed {single.pk}"]
    first = webhook.deliveries.order_by("id").first()
    assert first and payload_of(first)["data"]["changes"][0]["data"]["run"] == run.pk


def test_erasures_are_told_whoever_made_them_and_many_in_batches(aware: Stage, administrator: TeamMember) -> None:
    """Whoever keeps data of these people has to know."""
    contacts = [contact_in(aware) for _ in range(3)]
    webhook, _ = webhook_at()
    run = Run.objects.create(kind=Run.Kind.BULK, words="3 contacts erased", started_by=administrator)
    erase_contacts(contacts=[contact.pk for contact in contacts], by=administrator, run=run)
    tell_all()
    erased = ", ".join(f"contact.erased {contact.pk}" for contact in contacts)
    assert told(webhook) == [f"run.changes of {run.pk}: {erased}"]


def test_a_long_history_is_told_in_stretches(monkeypatch: pytest.MonkeyPatch, aware: Stage) -> None:
    monkeypatch.setattr(telling, "STRETCH", 2)
    webhook, _ = webhook_at()
    contacts = [contact_in(aware) for _ in range(5)]
    assert tell_what_is_new() is True
    assert len(told(webhook)) == 2
    tell_all()
    assert told(webhook) == [f"contact.created {contact.pk}" for contact in contacts]


def test_a_message_holds_numbers_alone(aware: Stage) -> None:
    webhook, _ = webhook_at()
    contact = contact_in(aware, email="ana@example.com", external_id="X-7", first_name="Anastasia")
    tell_all()
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(d::text, '|') FROM journeys_delivery d")
        (row,) = cursor.fetchone()
    assert [word for word in ("ana@example.com", "X-7", "Anastasia") if word in row] == []
    assert only_delivery(webhook).first_change == last_change(contact).pk


# On real connections


def test_what_commits_late_is_told_and_nothing_twice(transactional_db: None) -> None:
    aware = Stage.objects.get(name="Aware")
    webhook, _ = webhook_at()
    with elsewhere() as slow:
        slow.begin()
        first = slow.do(contact_in, aware).result()
        second = contact_in(aware)
        tell_all()
        assert told(webhook) == []
        slow.commit()
    tell_all()
    tell_all()
    assert told(webhook) == [f"contact.created {contact.pk}" for contact in (first, second)]


def test_two_who_tell_at_once_tell_once(transactional_db: None) -> None:
    aware = Stage.objects.get(name="Aware")
    webhook, _ = webhook_at()
    contact_in(aware)
    with elsewhere() as one, elsewhere() as other:
        one.begin()
        one.do(run_sql, "UPDATE journeys_webhook SET description = ''").result()
        assert tell_what_is_new() is False  # a transaction is going on; the mark is taken
        one.commit()
        for _ in range(2):
            both = [one.do(tell_what_is_new), other.do(tell_what_is_new)]
            assert [future.result() for future in both] == [False, False]
    assert len(told(webhook)) == 1


def test_the_bookmark_and_the_messages_are_one_fact(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever dies between the two has done neither."""
    aware = Stage.objects.get(name="Aware")
    webhook, _ = webhook_at()
    contact_in(aware)
    tell = telling._tell

    def tell_and_die(stretch: following.Stretch) -> None:
        tell(stretch)
        raise KeyboardInterrupt

    monkeypatch.setattr(telling, "_tell", tell_and_die)
    with pytest.raises(KeyboardInterrupt):
        tell_what_is_new()
    monkeypatch.undo()
    assert not Delivery.objects.exists()
    tell_all()
    assert len(told(webhook)) == 1
