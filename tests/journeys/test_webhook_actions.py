"""What people do with webhooks: from when they are told, rotating, off and on, once more, and forgetting."""

from datetime import timedelta

import pytest
from django.utils import timezone

from config.team.models import TeamMember
from journeys.webhooks import actions
from journeys.webhooks.models import MOST_WEBHOOKS, Attempt, Delivery, Event, Webhook
from journeys.webhooks.signing import secret_of
from tests.elsewhere import at_once
from tests.factories import TeamMemberFactory
from tests.journeys.telling import webhook_at

WAITING, DELIVERED, FAILED = Delivery.State


def delivery_of(webhook: Webhook, state: str = FAILED, *, days_ago: float = 0, attempts: int = 10) -> Delivery:
    created_at = timezone.now() - timedelta(days=days_ago)
    return Delivery.objects.create(
        webhook=webhook, event=Event.TEST, state=state, attempts=attempts, created_at=created_at, due_at=created_at
    )


def attempt_of(delivery: Delivery) -> Attempt:
    return Attempt.objects.create(delivery=delivery, began_at=delivery.created_at, milliseconds=5, status=500)


def test_a_webhook_keeps_who_added_it_and_no_secret(administrator: TeamMember) -> None:
    webhook, secret = webhook_at(by=administrator, events=[Event.RUN_FINISHED])
    webhook.refresh_from_db()
    assert (webhook.created_by, webhook.events, webhook.is_on) == (administrator, ["run.finished"], True)
    assert (secret_of(webhook.seed), webhook.beginning) == (secret, secret[:12])


def test_there_are_only_so_many(transactional_db: None) -> None:
    by = TeamMemberFactory()
    for _ in range(MOST_WEBHOOKS - 1):
        webhook_at(by=by)

    def one_more() -> bool:
        try:
            webhook_at(by=by)
        except actions.TooManyWebhooks:
            return False
        return True

    assert sorted(at_once(one_more, one_more)) == [False, True]
    assert Webhook.objects.count() == MOST_WEBHOOKS


def test_a_new_secret_leaves_the_one_before_for_a_day(administrator: TeamMember) -> None:
    webhook, first = webhook_at(by=administrator)
    before = timezone.now()
    second = actions.rotate_secret(webhook=webhook, by=administrator)
    webhook.refresh_from_db()
    assert [secret_of(seed) for seed in webhook.seeds_at(timezone.now())] == [second, first]
    assert webhook.former_until is not None
    assert timedelta(hours=24) <= webhook.former_until - before < timedelta(hours=25)
    third = actions.rotate_secret(webhook=webhook, by=administrator)
    webhook.refresh_from_db()
    assert [secret_of(seed) for seed in webhook.seeds_at(timezone.now())] == [third, second]


def test_off_and_on(administrator: TeamMember) -> None:
    webhook, _ = webhook_at(by=administrator)
    actions.turn_off(webhook=webhook, by=administrator)
    webhook.refresh_from_db()
    assert (webhook.is_on, webhook.turned_off_by, webhook.off_reason) == (False, administrator, "by_hand")
    Webhook.objects.update(failing_since=timezone.now())
    actions.turn_off(webhook=webhook, by=TeamMemberFactory())
    webhook.refresh_from_db()
    assert webhook.turned_off_by == administrator
    actions.turn_on(webhook=webhook, by=administrator)
    webhook.refresh_from_db()
    assert (webhook.is_on, webhook.turned_off_by, webhook.off_reason) == (True, None, "")
    assert webhook.failing_since is None


def test_once_more_is_the_same_message_by_the_whole_plan(administrator: TeamMember) -> None:
    webhook, _ = webhook_at(by=administrator)
    failed, delivered, waiting = (delivery_of(webhook, state) for state in (FAILED, DELIVERED, WAITING))
    message = failed.message
    before = timezone.now()
    assert [actions.redeliver(delivery=one, by=administrator) for one in (failed, delivered, waiting)] == [
        *(True, True, False)
    ]
    for delivery, attempts in ((failed, 0), (delivered, 0), (waiting, 10)):
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts) == (WAITING, attempts)
    assert failed.due_at >= before
    assert failed.message == message


def test_all_that_failed_since_a_moment_once_more(administrator: TeamMember) -> None:
    webhook, _ = webhook_at(by=administrator)
    other, _ = webhook_at(by=administrator)
    old, new = delivery_of(webhook, days_ago=3), delivery_of(webhook, days_ago=1)
    delivered, elsewhere = delivery_of(webhook, DELIVERED), delivery_of(other)
    since = timezone.now() - timedelta(days=2)
    assert actions.redeliver_failed(webhook=webhook, since=since, by=administrator) == 1
    states = {one: Delivery.objects.get(pk=one.pk).state for one in (old, new, delivered, elsewhere)}
    assert states == {old: FAILED, new: WAITING, delivered: DELIVERED, elsewhere: FAILED}


def test_a_webhook_goes_with_all_that_was_kept_about_it(administrator: TeamMember) -> None:
    webhook, _ = webhook_at(by=administrator)
    other, _ = webhook_at(by=administrator)
    attempt_of(delivery_of(webhook))
    kept = attempt_of(delivery_of(other))
    actions.remove_webhook(webhook=webhook, by=administrator)
    assert (Webhook.objects.get(), Delivery.objects.get(), Attempt.objects.get()) == (other, kept.delivery, kept)


@pytest.mark.parametrize("state", list(Delivery.State))
def test_deliveries_are_forgotten_after_a_month(administrator: TeamMember, state: str) -> None:
    webhook, _ = webhook_at(by=administrator)
    attempt_of(delivery_of(webhook, state, days_ago=30.1))
    kept = attempt_of(delivery_of(webhook, state, days_ago=29.9))
    actions.forget_deliveries(by=None)
    assert (Delivery.objects.get(), Attempt.objects.get()) == (kept.delivery, kept)


def test_who_does_it_has_no_default(administrator: TeamMember) -> None:
    webhook, _ = webhook_at(by=administrator)
    for action in (actions.rotate_secret, actions.turn_off, actions.turn_on, actions.remove_webhook, actions.send_test):
        with pytest.raises(TypeError):
            action(webhook=webhook)  # type: ignore[operator]
