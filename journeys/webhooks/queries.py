"""Reads of webhooks and their deliveries."""

from journeys.webhooks.models import Webhook

PAGE = 50
"""So many deliveries are shown at once."""

MOST_COUNTED = 1000


def is_any_on() -> bool:
    """Whether there is anybody to tell. One query."""
    return Webhook.objects.filter(turned_off_at=None).exists()
