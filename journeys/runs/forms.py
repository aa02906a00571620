"""Forms of runs: confirming what a preview shows."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s.,'’]+(?=\d)")


class ConfirmForm(forms.Form):
    """What a person has to give before a run starts: the number, where it is large or some go back."""

    typed = forms.CharField(max_length=40, widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}))
    again = forms.BooleanField(
        label="Run it again although it was undone",
        error_messages={"required": "The last run of this rule was undone. Say that you want to run it again."},
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, number: int, has_to_be_typed: bool, asks_again: bool
    ) -> None:
        super().__init__(data, label_suffix="")
        self.number = number
        self.fields["typed"].label = f"Type {number:,} to confirm"
        self.fields["typed"].error_messages["required"] = f"Type {number:,} to confirm that you mean so many."
        if not has_to_be_typed:
            del self.fields["typed"]
        if not asks_again:
            del self.fields["again"]

    def clean_typed(self) -> str:
        """9204, 9,204, 9.204 and 9 204 are the same number."""
        typed = _BETWEEN_DIGITS.sub("", self.cleaned_data["typed"].strip())
        if typed != str(self.number):
            raise ValidationError(f"That is not {self.number:,}. Nothing was started.")
        return typed
