"""Webhooks for tests: added, told and delivered to, step by step."""

from collections.abc import Sequence
from typing import Any

from config.team.models import TeamMember
from journeys.webhooks import actions
from journeys.webhooks.models import CHOSEN, Delivery, Event, Webhook
from journeys.webhooks.payloads import payload_of
from journeys.webhooks.sending import deliver_next
from journeys.webhooks.telling import tell_what_is_new
from tests.factories import TeamMemberFactory


def webhook_at(
    address: str = "https://shop.example.com/hook",
    events: Sequence[Event] = CHOSEN,
    *,
    by: TeamMember | None = None,
    **options: Any,
) -> tuple[Webhook, str]:
    """A webhook that is told of these events from now on, and its secret."""
    given = {"description": "The shop", "wants_changes_of_runs": False, **options}
    return actions.add_webhook(address=address, events=events, by=by or TeamMemberFactory(), **given)


def tell_all() -> None:
    """Write a message of everything that happened."""
    while tell_what_is_new():
        pass


def deliver_all(webhook: Webhook) -> int:
    """Attempt whatever is due. Returns how many attempts that were."""
    attempts = 0
    while deliver_next(webhook.pk):
        attempts += 1
    return attempts


def told(webhook: Webhook) -> list[str]:
    """What a webhook is told, in order: the type of each message, and whom it is about."""
    return [_in_a_line(payload_of(delivery)) for delivery in webhook.deliveries.order_by("id")]


def _in_a_line(message: dict[str, Any]) -> str:
    data = message["data"]
    if message["type"] == Event.RUN_CHANGES:
        return f"{message['type']} of {data['run']}: {', '.join(map(_in_a_line, data['changes']))}"
    return f"{message['type']} {data.get('contact', data.get('id'))}"


def only_delivery(webhook: Webhook) -> Delivery:
    return Delivery.objects.select_related("webhook").get(webhook=webhook)
