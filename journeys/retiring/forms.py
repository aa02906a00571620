"""Forms of the end of a stage: where its contacts go."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from journeys.runs.sentences import TYPED_FROM
from stages.models import Stage

NONE = "none"
"""In place of a stage: no stage at all."""


class TypedForm(forms.Form):
    """Has a name typed where what is done cannot be undone and concerns many contacts."""

    typed = forms.CharField(max_length=200, widget=forms.TextInput({"autocomplete": "off"}))

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        name: str,
        contacts: int,
        loss: str,
        typed_from: int | None = None,
        **options: Any,
    ) -> None:
        """`name` has to be typed from so many contacts on, else `TYPED_FROM`; `loss` is what happens to them."""
        super().__init__(data, label_suffix="", **options)
        self.name = name
        self.fields["typed"].label = f"Type {name} to confirm"
        self.fields["typed"].help_text = f"{contacts:,} contacts {loss}, and there is no undo."
        self.fields["typed"].error_messages["required"] = f"Type {name} to confirm that you mean it."
        if contacts < (TYPED_FROM if typed_from is None else typed_from):
            del self.fields["typed"]

    def clean_typed(self) -> str:
        typed = " ".join(self.cleaned_data["typed"].split())
        if typed.lower() != " ".join(self.name.split()).lower():
            raise ValidationError(f"That is not {self.name}. Nothing was done.")
        return typed


class EndForm(TypedForm):
    """What retiring and merging share: why, and the name typed where many contacts are moved."""

    note = forms.CharField(label="Why", required=False, max_length=2000, widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: Any, stage: Stage, choices: Sequence[Stage], contacts: int, **options: Any) -> None:
        super().__init__(*args, name=stage.name, contacts=contacts, loss="are moved", **options)
        self.stages = {str(choice.pk): choice for choice in choices}

    def offer(self, name: str, *first: tuple[str, str]) -> None:
        """Have a field offer these choices, and the stages."""
        named = [(key, stage.name) for key, stage in self.stages.items()]
        self.fields[name].choices = [*first, *named]  # type: ignore[attr-defined]

    def chosen(self, name: str) -> Stage | None:
        """The stage that a field names; None for none."""
        return self.stages.get(self.cleaned_data.get(name, ""))


class RetireForm(EndForm):
    """Where the contacts of a stage go, and which stage new ones get, if it was the default."""

    to = forms.ChoiceField(
        label="Its contacts go to",
        error_messages={"required": "Say where its contacts go.", "invalid_choice": "This stage is closed by now."},
    )
    default = forms.ChoiceField(
        label="Default status from now on",
        help_text="It is the default now: what new contacts get where nothing else is said.",
        error_messages={"required": "Say what new contacts get.", "invalid_choice": "This stage is closed by now."},
    )

    field_order = ["to", "default", "note", "typed"]

    def __init__(self, *args: Any, is_default: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer("to", ("", "Choose a stage"), (NONE, "No stage"))
        self.offer("default", ("", "Choose a stage"), (NONE, "No status"))
        if not is_default:
            del self.fields["default"]


class MergeForm(EndForm):
    """The stage that another one becomes part of."""

    into = forms.ChoiceField(
        label="Merge it into",
        error_messages={"required": "Choose a stage.", "invalid_choice": "This stage is closed by now."},
    )

    field_order = ["into", "note", "typed"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer("into", ("", "Choose a stage"))
