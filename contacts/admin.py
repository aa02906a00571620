"""Contacts and labels in the Django admin."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from config.admin import DataFixAdmin
from contacts.causes import Cause
from contacts.labels.actions import change_label, create_label
from contacts.models import Contact, Label
from journeys.book.actions import add_contact, change_contact
from journeys.book.queries import ContactQuery, matching_ids
from stages.models import validate_moment

FOUND = 1000
"""So many contacts are found by words; more words find the right one."""

_LARGEST_ID = 2**63 - 1


def found_contacts(words: str) -> list[int]:
    """Ids of contacts that a search finds: by words, or by its own number. At most `FOUND`."""
    ids = matching_ids(ContactQuery(search=words), limit=FOUND)
    is_number = words.isascii() and words.isdigit() and int(words[:20]) <= _LARGEST_ID
    return [*ids, int(words)] if is_number else ids


class AttributesField(forms.JSONField):
    """Attribute values as JSON that PostgreSQL can keep: an object, without NUL, NaN or halves of characters."""

    def to_python(self, value: Any) -> Any:
        try:
            attributes = super().to_python(value)
            text = json.dumps(attributes, ensure_ascii=False, allow_nan=False)
            text.encode()
        except (ValueError, RecursionError):
            raise ValidationError("This is not JSON that can be kept.", code="invalid") from None
        if "\\u0000" in text:
            raise ValidationError("A NUL character cannot be kept.", code="invalid")
        return attributes or {}

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What cannot be kept is shown again as it was typed."""
        try:
            self.to_python(data)
        except ValidationError:
            return InvalidJSONInput(data or "")
        return super().bound_data(data, initial)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if not isinstance(value, dict):
            raise ValidationError('Give an object, such as {"plan": "gold"}.', code="invalid")


class ContactForm(forms.ModelForm):
    class Meta:
        model = Contact
        fields = [
            "email",
            "external_id",
            "first_name",
            "last_name",
            "phone",
            "company",
            "city",
            "country",
            "account_state",
            "subscribed_at",
            "unsubscribed_at",
            "last_open_at",
            "last_click_at",
            "last_reply_at",
            "last_active_at",
            "attributes",
        ]
        field_classes = {"attributes": AttributesField}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.SplitDateTimeField):
                field.validators.append(validate_moment)

    def clean_email(self) -> str | None:
        return self.cleaned_data["email"] or None

    def clean_external_id(self) -> str | None:
        return self.cleaned_data["external_id"] or None


@admin.register(Contact)
class ContactAdmin(DataFixAdmin):
    """Where a contact stands is repaired under funnel statuses. Erasing people is done in the Contact Book itself."""

    form = ContactForm
    list_display = ["__str__", "email", "external_id", "company", "account_state", "created_at"]
    list_filter = ["account_state"]
    ordering = ["-id"]
    search_fields = ["email"]
    search_help_text = "Name, company, e-mail, external id, phone or number."
    readonly_fields = ["stands", "labels", "created_at", "updated_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("search")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        words = search_term.strip()
        return (queryset.filter(pk__in=found_contacts(words)) if words else queryset), False

    def get_readonly_fields(self, request: HttpRequest, obj: Contact | None = None) -> list[str]:
        return self.readonly_fields if obj else []

    @admin.display(description="funnel status")
    def stands(self, contact: Contact) -> str:
        address = reverse("admin:journeys_funnelstatus_change", args=[contact.pk])
        return format_html('<a href="{}">{}</a>', address, contact.status)

    @admin.display(description="carries")
    def labels(self, contact: Contact) -> str:
        carried = contact.carried_labels.select_related("label").order_by("label__name")
        return ", ".join(str(carries.label) for carries in carried) or "no label"

    def save_model(self, request: HttpRequest, obj: Contact, form: ContactForm, change: bool) -> None:
        """Through the actions: the account state decides where a contact stands."""
        if change:
            stored = Contact.objects.get(pk=obj.pk)
            fields = {name: form.cleaned_data[name] for name in form.changed_data}
            change_contact(contact=stored, fields=fields, by=request.user)  # type: ignore[arg-type]
        else:
            added = add_contact(fields=form.cleaned_data, by=request.user, cause=Cause.DATA_FIX)  # type: ignore[arg-type]
            obj.pk = added.pk


@admin.register(Label)
class LabelAdmin(DataFixAdmin):
    list_display = ["name", "colour", "created_by", "created_at"]
    list_select_related = ["created_by"]
    ordering = ["name", "id"]
    search_fields = ["name"]
    fields = ["name", "colour", "created_by", "created_at"]
    readonly_fields = ["created_by", "created_at"]

    def save_model(self, request: HttpRequest, obj: Label, form: forms.ModelForm, change: bool) -> None:
        if change:
            change_label(label=obj, name=obj.name, colour=obj.colour, by=request.user)  # type: ignore[arg-type]
        else:
            obj.pk = create_label(name=obj.name, colour=obj.colour, by=request.user).pk  # type: ignore[arg-type]
