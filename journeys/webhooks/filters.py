"""What may be asked of the deliveries of a webhook in the address of its page."""

import django_filters

from journeys.webhooks.models import Delivery, Event


class DeliveryFilter(django_filters.FilterSet):
    """Narrows the deliveries of a webhook. A wrong value narrows nothing."""

    state = django_filters.ChoiceFilter(label="State", choices=Delivery.State, empty_label="Any state")
    event = django_filters.ChoiceFilter(label="Event", choices=Event, empty_label="Any event")

    class Meta:
        model = Delivery
        fields: list[str] = []

    @property
    def is_narrowed(self) -> bool:
        return any(self.form.cleaned_data.values()) if self.form.is_valid() else True
