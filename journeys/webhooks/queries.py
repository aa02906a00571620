"""Reads of webhooks and their deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from journeys.history.queries import ChangeInWords, in_words
from journeys.status.models import StatusChange
from journeys.webhooks.models import Attempt, Delivery, Event, Webhook

PAGE = 50
"""So many deliveries are shown at once."""


def is_any_on() -> bool:
    """Whether there is anybody to tell. One query."""
    return Webhook.objects.filter(turned_off_at=None).exists()


def webhooks() -> list[Webhook]:
    """Every webhook, with how many messages wait and how many failed: `waiting`, `failed`. One query."""
    return list(_with_counts(Webhook.objects.all()))


def webhook_with_counts(pk: int) -> Webhook | None:
    """One of them, with who added it. One query."""
    return _with_counts(Webhook.objects.select_related("created_by", "turned_off_by")).filter(pk=pk).first()


def _with_counts(webhooks: QuerySet[Webhook]) -> QuerySet[Webhook]:
    return webhooks.annotate(
        waiting=_number_of(Delivery.State.WAITING),
        failed=_number_of(Delivery.State.FAILED),
    )


def _number_of(state: Delivery.State) -> Coalesce:
    """Counted along the index of this state alone: most deliveries succeeded."""
    deliveries = Delivery.objects.filter(webhook=OuterRef("pk"), state=state).order_by().values("webhook")
    return Coalesce(Subquery(deliveries.annotate(number=Count("pk")).values("number")), 0)


@dataclass(frozen=True, slots=True)
class DeliveryInWords:
    """A delivery as lists say it.

    Attributes:
        change: the one it is about, unless it is about a run.
        last: its last attempt.
    """

    delivery: Delivery
    change: ChangeInWords | None
    last: Attempt | None


@dataclass(frozen=True, slots=True)
class DeliveriesPage:
    """Deliveries, the newest first, and the id to read on from."""

    rows: list[DeliveryInWords]
    older_than: int | None = None


def deliveries_page(deliveries: QuerySet[Delivery], *, older_than: int | None = None) -> DeliveriesPage:
    """A page of these deliveries, at a cost that does not grow with how far one has read. At most nine queries.

    Args:
        older_than: read on from the delivery of this id.
    """
    if older_than is not None:
        deliveries = deliveries.filter(pk__lt=older_than)
    read = list(deliveries.select_related("run").order_by("-pk")[: PAGE + 1])
    shown = read[:PAGE]
    return DeliveriesPage(_in_words(shown), older_than=shown[-1].pk if len(read) > PAGE else None)


def _in_words(deliveries: Sequence[Delivery]) -> list[DeliveryInWords]:
    single = {one.first_change for one in deliveries if one.first_change and one.event != Event.RUN_CHANGES}
    changes = in_words(list(StatusChange.objects.filter(pk__in=single))) if single else []
    by_number = {change.pk: change for change in changes}
    tries = Attempt.objects.filter(delivery__in=deliveries).order_by("delivery_id", "-pk").distinct("delivery_id")
    last = {attempt.delivery_id: attempt for attempt in tries}
    return [DeliveryInWords(one, by_number.get(one.first_change or 0), last.get(one.pk)) for one in deliveries]


def attempts_of(delivery: Delivery) -> list[Attempt]:
    """Every attempt, the newest first. One query."""
    return list(Attempt.objects.filter(delivery=delivery).order_by("-pk"))
