"""The public form: what a web form asks, as fields."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField

from contacts.attributes.forms import attribute_field, from_form
from contacts.models import Contact
from journeys.webforms.models import Asked, WebForm
from journeys.webforms.public.actions import Answer
from journeys.webforms.queries import EMAIL, Askable

_AUTOCOMPLETE = {
    "email": "email",
    "first_name": "given-name",
    "last_name": "family-name",
    "phone": "tel",
    "company": "organization",
    "city": "address-level2",
    "country": "country-name",
}

_TYPES = {"email": "email", "phone": "tel"}


class PublicForm(forms.Form):
    """What a web form asks; the consent, if there is a text for it; and a field that people do not see."""

    use_required_attribute = False

    def __init__(
        self, data: Mapping[str, Any] | None, *, web_form: WebForm, askable: Mapping[str, Askable], **options: Any
    ) -> None:
        """
        Args:
            askable: what may be asked for now; what the form asks beside that is left out.
        """
        super().__init__(data, **{"label_suffix": "", **options})
        self.web_form = web_form
        self._asked: dict[str, tuple[Asked, Askable]] = {}
        for asked in web_form.asks:
            if about := askable.get(asked.field):
                self._ask(asked, about)
        if web_form.consent:
            errors = {"required": "Tick this to send the form."}
            self.fields["consent"] = forms.BooleanField(label=web_form.consent, error_messages=errors)
        self.fields["message"] = forms.CharField(label="Leave this empty", required=False, max_length=200)

    def _ask(self, asked: Asked, about: Askable) -> None:
        name = f"attribute_{about.attribute.pk}" if about.attribute else about.name
        field = attribute_field(about.attribute, None) if about.attribute else _own_field(about.name)
        field.label = asked.caption or about.label
        field.required = asked.is_required
        field.error_messages["required"] = "Fill this in."
        self.fields[name] = field
        self._asked[name] = asked, about

    @property
    def asked_fields(self) -> list[BoundField]:
        return [self[name] for name in self._asked]

    @property
    def consent_field(self) -> BoundField | None:
        return self["consent"] if "consent" in self.fields else None

    def clean_message(self) -> str:
        """Programs fill in whatever they find; people are told, should a browser have done it for them."""
        if self.cleaned_data["message"]:
            raise ValidationError("Leave this empty, and send the form again.")
        return ""

    @property
    def answers(self) -> list[Answer]:
        """What was filled in. A field that was left empty says nothing."""
        return [
            Answer(asked.field, str(self.fields[name].label), value)
            for name, (asked, about) in self._asked.items()
            if (value := _kept(about, self.cleaned_data[name])) not in (None, "")
        ]

    @property
    def consent(self) -> str:
        """The text that was agreed to."""
        return self.web_form.consent if self.cleaned_data.get("consent") else ""


def _own_field(name: str) -> forms.Field:
    """The field for one of contacts' own."""
    attrs = {"autocomplete": _AUTOCOMPLETE[name], "type": _TYPES.get(name, "text")}
    longest = Contact._meta.get_field(name).max_length  # type: ignore[union-attr]
    if name == EMAIL:
        errors = {"invalid": "Give an e-mail such as ana@example.com."}
        return forms.EmailField(max_length=longest, widget=forms.EmailInput(attrs), error_messages=errors)
    return forms.CharField(max_length=longest, widget=forms.TextInput(attrs))


def _kept(about: Askable, value: Any) -> Any:
    return from_form(about.attribute, value) if about.attribute else value
