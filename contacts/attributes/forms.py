"""Forms of attributes, and the fields that attributes become on the contact form."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from contacts.models import Attribute

MOST_CHOICES = 200
YES, NO = "yes", "no"


class ChoicesField(forms.CharField):
    """Choices, one on a line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        lines = [" ".join(line.split()) for line in super().clean(value).splitlines()]
        choices = list(dict.fromkeys(line for line in lines if line))
        if len(choices) > MOST_CHOICES:
            raise ValidationError(f"Give at most {MOST_CHOICES} choices.")
        if too_long := next((choice for choice in choices if len(choice) > 100), None):
            raise ValidationError(f"“{too_long[:40]}…” is longer than 100 characters.")
        if len({choice.lower() for choice in choices}) < len(choices):
            raise ValidationError("Two choices differ only in capital letters.")
        return choices


class AttributeForm(forms.ModelForm):
    """Name and choices of an attribute; its type is chosen once, when it is new."""

    choices = ChoicesField(required=False, max_length=MOST_CHOICES * 102, help_text="One on a line.")

    class Meta:
        model = Attribute
        fields = ["name", "type", "choices"]
        widgets = {"type": forms.RadioSelect}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        self.fields["name"].error_messages["required"] = "Give the attribute a name."
        self.fields["choices"].widget.attrs["rows"] = 5
        if not self.instance.pk:
            self.fields["choices"].help_text = "For the type Choice. One on a line."
            return
        del self.fields["type"]
        if self.instance.type != Attribute.Type.CHOICE:
            del self.fields["choices"]

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        kind = cleaned.get("type", self.instance.type)
        if kind == Attribute.Type.CHOICE and not cleaned.get("choices") and "choices" not in self.errors:
            self.add_error("choices", "Give at least one choice.")
        if kind != Attribute.Type.CHOICE and "choices" in self.fields:
            cleaned["choices"] = []
        return cleaned


def validate_year(day: date) -> None:
    """Raise ValidationError for a date that is surely a slip of the pen, or that some time zone could not show."""
    if not 1900 <= day.year < 2200:
        raise ValidationError("Give a year between 1900 and 2199.", code="year")


class NumberField(forms.DecimalField):
    """A number that JSON keeps exactly: up to fifteen digits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=15, decimal_places=6, **options)
        self.widget.attrs["step"] = "any"


def attribute_field(attribute: Attribute, present: Any) -> forms.Field:
    """The field of the contact form for an attribute. `present` stays offered, even if it is no choice any more."""
    match attribute.type:
        case Attribute.Type.NUMBER:
            field: forms.Field = NumberField(required=False)
        case Attribute.Type.DATE:
            widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
            errors = {"invalid": "Give a date such as 2026-05-03."}
            field = forms.DateField(required=False, widget=widget, validators=[validate_year], error_messages=errors)
        case Attribute.Type.YES_NO:
            field = forms.ChoiceField(required=False, choices=[("", "–"), (YES, "Yes"), (NO, "No")])
        case Attribute.Type.CHOICE:
            choices = [("", "–"), *((choice, choice) for choice in attribute.choices)]
            if isinstance(present, str) and present and present not in attribute.choices:
                choices.append((present, f"{present} (not offered any more)"))
            field = forms.ChoiceField(required=False, choices=choices)
        case _:
            field = forms.CharField(required=False, max_length=2000)
    field.label = attribute.name
    return field


def to_form(attribute: Attribute, value: Any) -> Any:
    """A value as its field begins with it."""
    if attribute.type == Attribute.Type.YES_NO and isinstance(value, bool):
        return YES if value else NO
    return value


def from_form(attribute: Attribute, value: Any) -> Any:
    """What the field says, as contacts keep it: text, number, true or false, a date as 2026-05-03; None for nothing."""
    if value in (None, ""):
        return None
    keep: Callable[[Any], Any] = _KEEP.get(Attribute.Type(attribute.type), str)
    return keep(value)


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


_KEEP: dict[Attribute.Type, Callable[[Any], Any]] = {
    Attribute.Type.NUMBER: _number,
    Attribute.Type.DATE: date.isoformat,
    Attribute.Type.YES_NO: lambda value: value == YES,
}
