"""Segments as pages show them."""

from django.urls import reverse

from journeys.segments.models import Segment


def contacts_address(segment: Segment) -> str:
    """The list of the contacts that match."""
    return f"{reverse('contacts:contacts')}?segment={segment.pk}"
