"""Forms of labels."""

from typing import Any

from django import forms

from contacts.models import Label
from journeys.retiring.forms import TypedForm


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


class MergeLabelForm(TypedForm):
    """The label that another one becomes part of."""

    into = forms.ModelChoiceField(
        Label.objects.none(),
        label="Merge it into",
        empty_label="Choose a label",
        error_messages={"required": "Choose a label.", "invalid_choice": "There is no such label any more."},
    )

    field_order = ["into", "typed"]

    def __init__(self, *args: Any, label: Label, contacts: int, **options: Any) -> None:
        super().__init__(*args, name=label.name, contacts=contacts, loss="come to carry the other one", **options)
        self.fields["into"].queryset = Label.objects.exclude(pk=label.pk)  # type: ignore[attr-defined]


class DeleteLabelForm(TypedForm):
    """The label's name, typed, where many carry it."""

    def __init__(self, *args: Any, label: Label, contacts: int, **options: Any) -> None:
        super().__init__(*args, name=label.name, contacts=contacts, loss="lose it", **options)
