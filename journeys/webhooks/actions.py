"""Adding, changing and turning off webhooks, and asking for a message again."""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from config.team.models import TeamMember
from journeys.history.following import last_number
from journeys.status.models import StatusChange
from journeys.webhooks.models import MOST_WEBHOOKS, Attempt, Delivery, Event, Webhook
from journeys.webhooks.signing import beginning_of, new_seed, secret_of

logger = logging.getLogger(__name__)

BOTH_SIGN_FOR = timedelta(hours=24)
"""So long after a new secret messages are signed with the one before, too."""

KEPT_FOR = timedelta(days=30)
"""Deliveries are forgotten after this."""

_LOCK_DELIVERIES = "SELECT count(*) FROM (SELECT FROM journeys_delivery WHERE webhook_id = %s FOR UPDATE) locked"

_FORGET_ANSWERS = """
    UPDATE journeys_attempt SET answer = '' WHERE answer <> '' AND delivery_id IN (
        SELECT delivery.id FROM journeys_statuschange change
        JOIN journeys_delivery delivery ON first_change = change.id
        WHERE change.contact_id = ANY (%(contacts)s)
        UNION ALL
        SELECT delivery.id FROM journeys_statuschange change
        JOIN journeys_delivery delivery
          ON event = %(batch)s AND delivery.run_id = change.run_id AND change.id BETWEEN first_change AND last_change
        WHERE change.contact_id = ANY (%(contacts)s))
"""


class TooManyWebhooks(Exception):
    """There are as many as there may be."""

    sentence = f"There are {MOST_WEBHOOKS} webhooks already. Remove one first."

    def __init__(self) -> None:
        super().__init__(self.sentence)


def add_webhook(
    *, address: str, description: str, events: Sequence[str], wants_changes_of_runs: bool, by: TeamMember
) -> tuple[Webhook, str]:
    """An Administrator has an address told of events, from now on.

    Returns: the webhook, and its secret, which is shown once and stored nowhere.

    Raises:
        TooManyWebhooks
    """
    seed = new_seed()
    secret = secret_of(seed)
    with transaction.atomic():
        _one_at_a_time()
        if Webhook.objects.count() >= MOST_WEBHOOKS:
            raise TooManyWebhooks
        webhook = Webhook.objects.create(
            address=address,
            description=description,
            events=list(events),
            wants_changes_of_runs=wants_changes_of_runs,
            seed=seed,
            beginning=beginning_of(secret),
            begins_after=_last_change(),
            created_by=by,
        )
    logger.info("Webhook %s was created by %s", webhook.pk, by.pk)
    return webhook, secret


def _one_at_a_time() -> None:
    """Two who add at once would both find room for one."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE journeys_webhook IN SHARE ROW EXCLUSIVE MODE")


def _last_change() -> int:
    return last_number(StatusChange._meta.db_table)


def change_webhook(
    *,
    webhook: Webhook,
    address: str,
    description: str,
    events: Sequence[str],
    wants_changes_of_runs: bool,
    by: TeamMember,
) -> None:
    """Change where messages go and what is told. What waits goes to the new address."""
    webhook.address, webhook.description = address, description
    webhook.events, webhook.wants_changes_of_runs = list(events), wants_changes_of_runs
    webhook.save(update_fields=["address", "description", "events", "wants_changes_of_runs"])
    logger.info("Webhook %s was changed by %s", webhook.pk, by.pk)


def rotate_secret(*, webhook: Webhook, by: TeamMember) -> str:
    """Give a webhook a new secret. For a day messages are signed with the one before too.

    Returns: the secret, which is shown once and stored nowhere.
    """
    seed = new_seed()
    secret = secret_of(seed)
    with transaction.atomic():
        stored = Webhook.objects.select_for_update(no_key=True).get(pk=webhook.pk)
        stored.former_seed, stored.former_until = stored.seed, timezone.now() + BOTH_SIGN_FOR
        stored.seed, stored.beginning = seed, beginning_of(secret)
        stored.save(update_fields=["seed", "beginning", "former_seed", "former_until"])
    logger.info("Webhook %s was given a new secret by %s", webhook.pk, by.pk)
    return secret


def turn_off(*, webhook: Webhook, by: TeamMember) -> None:
    """Nothing is told any more, and what waits is not delivered, until it is turned on again."""
    on = Webhook.objects.filter(pk=webhook.pk, turned_off_at=None)
    on.update(turned_off_at=timezone.now(), turned_off_by=by, off_reason=Webhook.OffReason.BY_HAND)
    logger.info("Webhook %s was turned off by %s", webhook.pk, by.pk)


def turn_on(*, webhook: Webhook, by: TeamMember) -> None:
    """What happens from now on is told again, and what waited is delivered. What happened meanwhile is not told."""
    Webhook.objects.filter(pk=webhook.pk).exclude(turned_off_at=None).update(
        turned_off_at=None,
        turned_off_by=None,
        off_reason="",
        failing_since=None,
        turned_on_at=timezone.now(),
        begins_after=_last_change(),
    )
    logger.info("Webhook %s was turned on by %s", webhook.pk, by.pk)


def remove_webhook(*, webhook: Webhook, by: TeamMember) -> None:
    """The webhook goes, and all that was kept about its deliveries."""
    number = webhook.pk
    with transaction.atomic():
        Webhook.objects.select_for_update().filter(pk=number).first()  # nobody adds deliveries meanwhile,
        with connection.cursor() as cursor:
            cursor.execute(_LOCK_DELIVERIES, [number])  # nor attempts
        Attempt.objects.filter(delivery__webhook=number).delete()
        Delivery.objects.filter(webhook=number).delete()
        Webhook.objects.filter(pk=number).delete()
    logger.info("Webhook %s was removed by %s", number, by.pk)


def send_test(*, webhook: Webhook, by: TeamMember) -> Delivery:
    """Have a message delivered that tells of nothing."""
    return Delivery.objects.create(webhook=webhook, event=Event.TEST)


def redeliver(*, delivery: Delivery, by: TeamMember) -> bool:
    """Have a message delivered once more, under its old id. Returns False where it waits already."""
    return bool(_redeliver(Delivery.objects.filter(pk=delivery.pk)))


def redeliver_failed(*, webhook: Webhook, since: datetime, by: TeamMember) -> int:
    """Have all messages that failed delivered once more. Returns how many there are.

    Args:
        since: of those created at this moment or later.
    """
    failed = Delivery.objects.filter(webhook=webhook, state=Delivery.State.FAILED, created_at__gte=since)
    return _redeliver(failed)


def _redeliver(deliveries) -> int:
    ended = deliveries.exclude(state=Delivery.State.WAITING)
    return ended.update(state=Delivery.State.WAITING, attempts=0, due_at=timezone.now())


def forget_answers(*, contacts: Collection[int], by: TeamMember | None) -> None:
    """What receivers answered to messages about these people is taken away: it may hold words of theirs."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_ANSWERS, {"contacts": list(contacts), "batch": Event.RUN_CHANGES})


def forget_deliveries(*, by: TeamMember | None) -> None:
    """Deliveries that are older than a month are forgotten, with their attempts, whatever came of them."""
    old = Delivery.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
    while numbers := list(old.order_by("created_at").values_list("pk", flat=True)[:5000]):
        with transaction.atomic():
            Attempt.objects.filter(delivery__in=numbers).delete()
            Delivery.objects.filter(pk__in=numbers).delete()
