"""The form of a contact."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Value
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from contacts.attributes.forms import attribute_field, from_form, to_form, validate_year
from contacts.models import Attribute, Contact
from journeys.book.actions import ATTRIBUTE, DEFAULT_STATUS
from stages.models import Stage

IDENTITY = ["first_name", "last_name", "email", "external_id", "phone", "company", "city", "country"]
MOMENTS = ["subscribed_at", "unsubscribed_at", "last_open_at", "last_click_at", "last_reply_at"]
DEFAULT, NO_STATUS = "default", "none"
SOMETHING_ELSE = object()
"""Stands for a value that the book does not hold."""


class MomentField(forms.DateTimeField):
    """A moment in the reader's time zone, to the second. Of an hour that comes twice, the first is meant."""

    widget = forms.DateTimeInput({"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")
    default_validators = [validate_year]
    default_error_messages = {"invalid": "Give a date and time such as 2026-05-03 14:05."}

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.get_current_timezone())


class ContactForm(forms.ModelForm):
    """Fields and attributes of a contact. It sends along what it showed, so that only what was changed is saved."""

    class Meta:
        model = Contact
        fields = [*IDENTITY, "account_state", *MOMENTS]
        field_classes = dict.fromkeys(MOMENTS, MomentField)
        widgets = {"account_state": forms.RadioSelect}
        help_texts = {
            "account_state": "Inactive marks the contact lost from its stage. Making it active again does not recover "
            "the contact: that is a change of its own.",
        }

    def __init__(self, *args: Any, attributes: Sequence[Attribute], **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        self.attributes = {f"attribute_{attribute.pk}": attribute for attribute in attributes}
        for name, attribute in self.attributes.items():
            present = self.instance.attributes.get(attribute.key)
            self.fields[name] = attribute_field(attribute, present)
            self.initial[name] = to_form(attribute, present)
        if self.instance.pk:
            for field in self.fields.values():
                field.show_hidden_initial = True

    @property
    def identity_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in IDENTITY]

    @property
    def moment_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in MOMENTS]

    @property
    def attribute_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.attributes]

    @property
    def has_moment_errors(self) -> bool:
        return any(name in self.errors for name in MOMENTS)

    @property
    def what_was_shown(self) -> list[SafeString]:
        """Hidden fields with what each field began with."""
        return [
            self[name].as_hidden(only_initial=True) for name in self.fields if self.fields[name].show_hidden_initial
        ]

    def clean_email(self) -> str | None:
        email = self.cleaned_data["email"]
        same = Contact.objects.annotate(lower_email=Lower("email")).filter(lower_email=Lower(Value(email)))
        return self._refuse_taken("e-mail", email, same)

    def clean_external_id(self) -> str | None:
        number = self.cleaned_data["external_id"]
        return self._refuse_taken("external id", number, Contact.objects.filter(external_id=number))

    def _refuse_taken(self, what: str, value: str | None, same: Any) -> str | None:
        other = (
            same.exclude(pk=self.instance.pk).only("pk", "first_name", "last_name", "email").first() if value else None
        )
        if other:
            address = reverse("contacts:contact", args=[other.pk])
            raise ValidationError(
                format_html('There is a contact with this {} already: <a href="{}">{}</a>.', what, address, other)
            )
        return value

    def say_taken(self) -> None:
        """Somebody else took the e-mail or the external id between the check and the saving: check again."""
        self.full_clean()
        if not self.errors:
            self.add_error(None, "Somebody saved a contact like this at the same moment. Save again.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        tells_apart = ("email", "external_id", "first_name", "last_name", "phone", "company")
        if not any(cleaned.get(name) or name in self.errors for name in tells_apart):
            raise ValidationError("Give at least an e-mail, an external id, a name, a phone or a company.")
        return cleaned

    @property
    def values(self) -> dict[str, Any]:
        """Every field's value by its name in the model."""
        values = {name: self.cleaned_data[name] for name in [*IDENTITY, "account_state", *MOMENTS]}
        kept = {
            attribute.key: from_form(attribute, self.cleaned_data[name]) for name, attribute in self.attributes.items()
        }
        return {**values, "attributes": {key: value for key, value in kept.items() if value is not None}}

    @property
    def changed_values(self) -> dict[str, Any]:
        """New values of the fields that the person changed, as `change_contact_as_seen` names them."""
        return {self._stored_name(name): self._kept(name) for name in self.changed_data}

    @property
    def seen_values(self) -> dict[str, Any]:
        """What the person saw in those fields: what the book holds now, or something else."""
        return {
            self._stored_name(name): self._present(name) if self._still_shows(name) else SOMETHING_ELSE
            for name in self.changed_data
        }

    def say_changed_meanwhile(self, changed: Mapping[str, Any]) -> None:
        """Say beside each field what somebody else made of it. Sent once more, the form puts its own values there."""
        self.data = self.data.copy()  # type: ignore[attr-defined]
        for name in self.fields:
            if self._stored_name(name) in changed:
                shown = self._as_shown(name)
                self.data[self[name].html_initial_name] = shown  # type: ignore[index]
                words = f"“{shown}”" if shown else "nothing"
                self.add_error(
                    name, f"Somebody changed this to {words} meanwhile. Save again to put yours in its place."
                )

    def _still_shows(self, name: str) -> bool:
        return self.data.get(self[name].html_initial_name, "") == self._as_shown(name)

    def _as_shown(self, name: str) -> str:
        """What a page shows in a field before anybody types, as it is sent along."""
        field = self.fields[name]
        value = field.prepare_value(self.get_initial_for_field(field, name))
        return "" if value is None else str(value)

    def _present(self, name: str) -> Any:
        attribute = self.attributes.get(name)
        return self.instance.attributes.get(attribute.key) if attribute else self.initial[name]

    def _kept(self, name: str) -> Any:
        value = self.cleaned_data[name]
        return from_form(self.attributes[name], value) if name in self.attributes else value

    def _stored_name(self, name: str) -> str:
        return f"{ATTRIBUTE}{self.attributes[name].key}" if name in self.attributes else name


class NewContactForm(ContactForm):
    """A contact that comes into the book, and where it stands."""

    stage = forms.ChoiceField(
        error_messages={"invalid_choice": "This stage is not open any more. Choose another one."},
    )

    field_order = [*IDENTITY, "account_state", "stage", *MOMENTS]

    def __init__(self, *args: Any, stages: Sequence[Stage], default: Stage | None, **options: Any) -> None:
        super().__init__(*args, **options)
        self._stages = {str(stage.pk): stage for stage in stages if stage != default}
        name = default.name if default else "No status yet"
        choices = [(DEFAULT, f"{name} (default status)"), *((pk, stage.name) for pk, stage in self._stages.items())]
        if default:
            choices.append((NO_STATUS, "No status yet"))
        self.fields["stage"].choices = choices  # type: ignore[attr-defined]
        self.fields["account_state"].help_text = "With an inactive account the contact is lost from the start."

    @property
    def chosen_stage(self) -> Any:
        """As `add_contact` takes it."""
        chosen = self.cleaned_data["stage"]
        return DEFAULT_STATUS if chosen == DEFAULT else self._stages.get(chosen)


class EraseForm(forms.Form):
    """Erasing cannot be undone, so it is said twice."""

    sure = forms.BooleanField(
        label="Erase this person for good",
        error_messages={"required": "Tick this to erase the contact. It cannot be undone."},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
