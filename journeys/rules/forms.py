"""Forms of the lost reasons."""

from typing import Any

from django import forms

from journeys.rules.models import FunnelSettings
from journeys.status.models import LostReason


class LostReasonForm(forms.ModelForm):
    """The name of one reason."""

    class Meta:
        model = LostReason
        fields = ["name"]

    def __init__(self, *args: Any, label: str = "Name", **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.fields["name"].label = label
        self.fields["name"].error_messages["required"] = "Give the reason a name."


class LostReasonRequiredForm(forms.Form):
    """Whether a reason has to be given."""

    required = forms.TypedChoiceField(
        label="When a contact is marked lost, a reason is",
        choices=[("no", "optional"), ("yes", "required")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, settings: FunnelSettings, **kwargs: Any) -> None:
        initial = {"required": "yes" if settings.lost_reason_required else "no"}
        super().__init__(*args, **{"initial": initial, "label_suffix": "", **kwargs})
