"""What the address of the Customer Journey may say."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

FIRST_DAY = date(1970, 1, 1)


class DayForm(forms.Form):
    """Which day the funnel is shown of; today if none is given."""

    at = forms.DateField(
        label="Show the end of",
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": "Give a day such as 2026-05-03."},
    )

    def __init__(self, data: Mapping[str, Any], *, today: date) -> None:
        super().__init__(data, label_suffix="")
        self.today = today
        self.fields["at"].widget.attrs |= {"max": today.isoformat(), "min": FIRST_DAY.isoformat()}

    def clean_at(self) -> date | None:
        at = self.cleaned_data["at"]
        if at and at > self.today:
            raise ValidationError("That day is still to come.")
        if at and at < FIRST_DAY:
            raise ValidationError("Give a day after 1970.")
        return at

    @property
    def day(self) -> date:
        """The day asked for; today for none and for one that cannot be shown."""
        return (self.cleaned_data.get("at") if self.is_valid() else None) or self.today
