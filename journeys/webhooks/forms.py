"""The forms of webhooks."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from journeys.history.filters import DayInput, validate_day
from journeys.webhooks.addresses import WrongAddress, place_of
from journeys.webhooks.models import CHOSEN, Webhook
from journeys.webhooks.telling import BATCH


class WebhookForm(forms.ModelForm):
    """Where to, what for, and what of."""

    events = forms.MultipleChoiceField(
        label="Tell it when",
        choices=[(event.value, event.label) for event in CHOSEN],
        initial=[event.value for event in CHOSEN],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )

    class Meta:
        model = Webhook
        fields = ["address", "description", "events", "wants_changes_of_runs"]
        labels = {"wants_changes_of_runs": "Also each change that a run makes"}
        help_texts = {
            "wants_changes_of_runs": f"In batches of up to {BATCH}. Without it a run is told once, at its end.",
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        self.fields["address"].error_messages["required"] = "Say where messages go."

    def clean_address(self) -> str:
        address = self.cleaned_data["address"]
        try:
            place_of(address, may_be_private=settings.WEBHOOKS_ALLOW_PRIVATE)
        except WrongAddress as wrong:
            raise ValidationError(str(wrong)) from wrong
        return address


class RedeliverFailedForm(forms.Form):
    """From which day on."""

    since = forms.DateField(
        label="Since",
        widget=DayInput,
        validators=[validate_day],
        error_messages={"required": "Say from which day on.", "invalid": "Give a date such as 2026-05-03."},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
