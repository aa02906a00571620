"""Forms of labels."""

from typing import Any

from django import forms

from contacts.models import Label


class LabelForm(forms.ModelForm):
    """Name and colour of a label."""

    class Meta:
        model = Label
        fields = ["name", "colour"]
        widgets = {"colour": forms.TextInput({"type": "color"})}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        self.fields["name"].error_messages["required"] = "Give the label a name."
        self.fields["colour"].validators = []  # after `clean_colour`, by the model

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_colour(self) -> str:
        return self.cleaned_data["colour"].lower()


class OneLabelForm(forms.Form):
    """A label to put on one contact or to take off it."""

    label = forms.ModelChoiceField(
        Label.objects.all(),
        empty_label="Choose a label",
        error_messages={"required": "Choose a label.", "invalid_choice": "There is no such label any more."},
    )
