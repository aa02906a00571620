"""The form of a category."""

from typing import Any

from django import forms

from stages.models import Category


class CategoryForm(forms.ModelForm):
    """What a category is called, on screens and by applications, and whether it is offered."""

    is_published = forms.TypedChoiceField(
        label="Published",
        choices=[("yes", "Yes"), ("no", "No")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        help_text="Only published categories are offered on the form of a stage.",
    )

    class Meta:
        model = Category
        fields = ["title", "alias", "colour", "is_published", "description"]
        widgets = {"colour": forms.TextInput({"type": "color"}), "description": forms.Textarea({"rows": 3})}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        self.fields["title"].error_messages["required"] = "Give the category a title."
        self.fields["alias"].required = False
        self.fields["alias"].error_messages["unique"] = "There is a category of this alias already."
        self.fields["alias"].help_text = "How applications name it. Left empty, it is made from the title."
        self.initial["is_published"] = "yes" if self.initial.get("is_published", True) else "no"

    def clean_title(self) -> str:
        return " ".join(self.cleaned_data["title"].split())

    def clean_colour(self) -> str:
        return self.cleaned_data["colour"].lower()

    @property
    def values(self) -> dict[str, Any]:
        """What was given, by name of the model's field."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}
