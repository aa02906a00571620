"""Delivering one message: taking it, posting it, and writing down what came of it.

A delivery is taken by putting its due time ahead. Whoever takes it and is killed leaves it to be taken again after
that: messages arrive at least once, and none is lost.
"""

import json
import logging
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from journeys.webhooks.models import Attempt, Delivery, Webhook
from journeys.webhooks.payloads import contacts_of, payload_of
from journeys.webhooks.posting import Answer, post
from journeys.webhooks.retries import asked_for, pause_after
from journeys.webhooks.signing import signature

logger = logging.getLogger(__name__)

ABANDONED_AFTER = timedelta(minutes=2)
"""Longer than any attempt takes: whatever was taken is taken again after this."""

GIVEN_UP_AFTER = timedelta(days=3)
"""A webhook to which nothing could be delivered for so long is turned off."""

GONE = 410

Post = Callable[..., Answer]

_TAKE = """
    UPDATE journeys_delivery SET due_at = %(abandoned_at)s WHERE id = (
        SELECT id FROM journeys_delivery
        WHERE webhook_id = %(webhook)s AND state = 'waiting' AND due_at <= %(now)s
        ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id
"""

_STILL_IN_THE_BOOK = "SELECT id FROM contacts_contact WHERE id = ANY (%s) ORDER BY id FOR KEY SHARE"
"""Whoever erases one of them waits, and finds what was written down."""


def webhooks_with_something_due() -> list[Webhook]:
    """The webhooks that are on and have a message to be delivered now. One query."""
    due = Delivery.objects.filter(webhook=OuterRef("pk"), state=Delivery.State.WAITING, due_at__lte=timezone.now())
    return list(Webhook.objects.filter(Exists(due), turned_off_at=None))


def deliver_next(webhook: int, *, by: Post = post) -> Answer | None:
    """Make one attempt to deliver what is due first for a webhook.

    Args:
        by: what posts it.

    Returns: what came of it; None where nothing is due.
    """
    delivery = _take(webhook)
    if delivery is None:
        return None
    began_at, began = timezone.now(), time.monotonic()
    body = json.dumps(payload_of(delivery), separators=(",", ":"), ensure_ascii=False).encode()
    answer = by(
        delivery.webhook.address,
        body=body,
        headers=headers_of(delivery, body, began_at),
        may_be_private=settings.WEBHOOKS_ALLOW_PRIVATE,
    )
    _write_down(delivery, answer, began_at, round((time.monotonic() - began) * 1000))
    return answer


def headers_of(delivery: Delivery, body: bytes, at: datetime) -> dict[str, str]:
    """The headers of a message that is sent at this moment."""
    timestamp = int(at.timestamp())
    return {
        "Content-Type": "application/json",
        "User-Agent": "Funnelbook",
        "webhook-id": str(delivery),
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(
            delivery.webhook.seeds_at(at), message=str(delivery), timestamp=timestamp, body=body
        ),
    }


def _take(webhook: int) -> Delivery | None:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"webhook": webhook, "now": now, "abandoned_at": now + ABANDONED_AFTER})
        taken = cursor.fetchone()
    return Delivery.objects.select_related("webhook").filter(pk=taken[0]).first() if taken else None


def _write_down(delivery: Delivery, answer: Answer, began_at: datetime, milliseconds: int) -> None:
    """An attempt and what follows from it; nothing of that where the message was delivered, or removed, meanwhile."""
    now = timezone.now()
    with transaction.atomic():
        if not Delivery.objects.select_for_update(no_key=True).filter(pk=delivery.pk).exists():
            return
        Attempt.objects.create(
            delivery_id=delivery.pk,
            began_at=began_at,
            milliseconds=milliseconds,
            status=answer.status,
            answer=answer.text if answer.text and _are_all_in_the_book(contacts_of(delivery)) else "",
            error=answer.error,
        )
        waiting = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.WAITING, attempts=delivery.attempts)
        waiting.update(attempts=F("attempts") + 1, **_outcome(delivery, answer, now))
    # Apart from that: whoever removes the webhook has it locked, and waits for the delivery.
    if answer.is_success:
        Webhook.objects.filter(pk=delivery.webhook_id).exclude(failing_since=None).update(failing_since=None)
    else:
        _note_failure(delivery.webhook_id, answer, now)


def _outcome(delivery: Delivery, answer: Answer, now: datetime) -> dict[str, Any]:
    """How the delivery stands after an attempt."""
    if answer.is_success:
        return {"state": Delivery.State.DELIVERED}
    pause = pause_after(delivery.attempts + 1, dice=random.random(), asked_for=asked_for(answer.retry_after, now))
    if answer.status == GONE or pause is None:
        return {"state": Delivery.State.FAILED}
    return {"due_at": now + pause}


def _are_all_in_the_book(contacts: list[int]) -> bool:
    """Within a transaction, to the end of which it stays so."""
    with connection.cursor() as cursor:
        cursor.execute(_STILL_IN_THE_BOOK, [contacts])
        return len(cursor.fetchall()) == len(contacts)


def _note_failure(webhook: int, answer: Answer, now: datetime) -> None:
    """A webhook whose receiver is gone, or to which nothing could be delivered for days, is turned off."""
    is_on = Webhook.objects.filter(pk=webhook, turned_off_at=None)
    is_on.filter(failing_since=None).update(failing_since=now)
    if answer.status == GONE:
        reason, ended = Webhook.OffReason.GONE, is_on
    else:
        reason, ended = Webhook.OffReason.FAILING, is_on.filter(failing_since__lte=now - GIVEN_UP_AFTER)
    if ended.update(turned_off_at=now, off_reason=reason, turned_off_by=None):
        logger.warning("Webhook %s was turned off: %s", webhook, reason.label)
