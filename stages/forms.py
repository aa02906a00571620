"""The form of a stage, and where one is dropped."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone

from stages.models import Category, Stage
from stages.queries import stages_in_use


def _article(name: str) -> str:
    return "an" if name[:1].lower() in "aeiou" else "a"


class MomentInput(forms.DateTimeInput):
    """A date and time in the reader's zone, to the second where there are seconds."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> str | None:
        if hasattr(value, "strftime"):
            return value.strftime("%Y-%m-%dT%H:%M:%S" if value.second else "%Y-%m-%dT%H:%M")
        return value


class StageForm(forms.ModelForm):
    """What a stage is. `last_changed_at` says which state of it the person saw."""

    is_published = forms.TypedChoiceField(
        label="Published",
        choices=[("yes", "Yes"), ("no", "No")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        help_text="Contacts can only be moved into a published stage. Those in it stay where they are.",
    )
    last_changed_at = forms.DateTimeField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Stage
        fields = [
            "name",
            "description",
            "colour",
            "weight",
            "category",
            "is_published",
            "publish_up",
            "publish_down",
            "target_days",
        ]
        widgets = {
            "description": forms.Textarea({"rows": 3}),
            "colour": forms.TextInput({"type": "color"}),
            "publish_up": MomentInput,
            "publish_down": MomentInput,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        name = self.instance.name or "customer"
        zone = timezone.get_current_timezone_name()
        self.fields["name"].error_messages["required"] = "Give the stage a name."
        self.fields["description"].help_text = (
            "Shown as help wherever the stage is named. Plain text."
            if (self.data if self.is_bound else self.initial).get("description")
            else f"What makes somebody {_article(name)} {name}? Who decides it, from what?"
        )
        self.fields["weight"].error_messages["required"] = "Give a weight; 0 is the lightest of all by custom."
        self.fields["category"].empty_label = "No category"  # type: ignore[attr-defined]
        offered = Category.objects.filter(Q(is_published=True) | Q(pk=self.instance.category_id))
        self.fields["category"].queryset = offered  # type: ignore[attr-defined]
        self.fields["colour"].help_text = "Shown beside its name, and in bars."
        self.fields["target_days"].widget.attrs["max"] = 3650
        self.fields["publish_up"].help_text = f"Nobody can be moved into it before. Your time zone: {zone}."
        self.fields["publish_down"].help_text = "Nobody can be moved into it from then on."
        self.initial["is_published"] = "yes" if self.initial.get("is_published", True) else "no"
        self.initial["last_changed_at"] = self.instance.last_changed_at.isoformat() if self.instance.pk else ""

    def clean_colour(self) -> str:
        return self.cleaned_data["colour"].lower()

    @property
    def values(self) -> dict[str, Any]:
        """What was given, by name of the model's field."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

    @property
    def changed_values(self) -> dict[str, Any]:
        """What differs from what the page showed. What it cannot show, such as parts of a second, stays."""
        return {name: value for name, value in self.values.items() if name in self.changed_data}


class PlaceForm(forms.Form):
    """Where a stage was dropped: before another one, or last of all."""

    LAST = "last"

    before = forms.ChoiceField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stages = {str(stage.pk): stage for stage in stages_in_use()} if self.is_bound else {}
        self.fields["before"].choices = [(key, key) for key in (*self._stages, self.LAST)]  # type: ignore[attr-defined]

    @property
    def next_stage(self) -> Stage | None:
        """The stage that comes next; None for last of all."""
        return self._stages.get(self.cleaned_data["before"])
