"""Funnel statuses and their history in the Django admin."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from config.admin import DataFixAdmin, ReadOnlyAdmin
from contacts.admin import found_contacts
from contacts.causes import Cause
from contacts.models import Contact
from journeys.rules.queries import funnel_settings
from journeys.runs.models import Run
from journeys.status.actions import return_to_status
from journeys.status.models import FunnelStatus, LostReason, StatusChange
from journeys.status.transitions import Refusal
from stages.models import Stage


class FunnelStatusForm(forms.ModelForm):
    """Another stage, lost or not, another reason. `signature` says which status the person looked at."""

    lost = forms.BooleanField(required=False)
    why = forms.CharField(
        label="Note", required=False, max_length=2000, widget=forms.Textarea({"rows": 3}), help_text="Kept in history."
    )
    signature = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = FunnelStatus
        fields: ClassVar = ["stage", "lost_reason"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        status = self.instance
        stages = Stage.objects.filter(Q(retired_at=None) | Q(pk=status.stage_id))
        reasons = LostReason.objects.filter(Q(is_retired=False) | Q(pk=status.lost_reason_id))
        self.fields["stage"].queryset = stages  # type: ignore[attr-defined]
        self.fields["lost_reason"].queryset = reasons  # type: ignore[attr-defined]
        self.initial.update(lost=status.is_lost, signature=status.signature)

    def clean(self) -> dict[str, Any]:
        """Say beside its field what the action would refuse."""
        given = super().clean() or {}
        if self.errors:
            return given
        status, stage, lost, reason = self.instance, given["stage"], given["lost"], given["lost_reason"]
        if given["signature"] != status.signature:
            raise ValidationError(f"{Refusal.CHANGED_MEANWHILE.sentence} It is {status} now. Reload and look again.")
        if (stage, lost, reason) == (status.stage, status.is_lost, status.lost_reason):
            raise ValidationError("Nothing here is different from what is stored.")
        if reason and not lost:
            self.add_error("lost_reason", "Only a lost contact has a lost reason.")
        if not lost and status.contact.account_state == Contact.AccountState.INACTIVE:
            self.add_error("lost", f"{Refusal.ACCOUNT_INACTIVE.sentence} Make it active first, on the contact.")
        if lost and not reason and status.lost_reason:
            self.add_error("lost_reason", "Choose another reason, or leave the one there is.")
        elif lost and not reason and funnel_settings().lost_reason_required:
            self.add_error("lost_reason", Refusal.REASON_REQUIRED.sentence)
        return given


class LostFilter(admin.SimpleListFilter):
    title = "lost"
    parameter_name = "lost"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Lost"), ("no", "Not lost")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(lost_at__isnull=self.value() == "no")


class OfContacts(DataFixAdmin):
    """For rows of contacts: searched as contacts are, linked to them."""

    search_fields = ("pk",)
    search_help_text = "Name, company, e-mail, external id, phone or number of the contact."

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        words = search_term.strip()
        return (queryset.filter(contact__in=found_contacts(words)) if words else queryset), False

    @admin.display(description="contact")
    def of_contact(self, row: Any) -> str:
        """The contact, or the number of one that was erased."""
        contact = Contact.objects.filter(pk=row.contact_id).defer("search").first()
        if not contact:
            return f"erased contact {row.contact_id}"
        return format_html('<a href="{}">{}</a>', reverse("admin:contacts_contact_change", args=[contact.pk]), contact)


@admin.register(FunnelStatus)
class FunnelStatusAdmin(OfContacts):
    """Where contacts stand. An edit is a data fix, signed by whoever makes it, and undone like any other change."""

    form = FunnelStatusForm
    list_display = ["contact", "stage", "is_lost", "lost_reason", "since", "cause", "changed_by"]
    list_filter = ["stage", LostFilter]
    list_select_related = ["contact", "stage", "lost_reason", "changed_by"]
    ordering = ["-contact_id"]
    fields = [
        "of_contact",
        "stage",
        "lost",
        "lost_reason",
        "why",
        "signature",
        "since",
        "stage_since",
        "lost_at",
        "cause",
        "changed_by",
    ]
    readonly_fields = ["of_contact", "since", "stage_since", "lost_at", "cause", "changed_by"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("contact__search")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Choosing a stage is not editing it."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget.can_add_related = field.widget.can_change_related = field.widget.can_view_related = False
        return field

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A contact gets its status from the database."""
        return False

    def save_model(self, request: HttpRequest, obj: FunnelStatus, form: FunnelStatusForm, change: bool) -> None:
        """Through the one door. Raises ValidationError if somebody was first."""
        given = form.cleaned_data
        outcome = return_to_status(
            contacts=[obj.pk],
            to=given["stage"],
            lost=given["lost"],
            reason=given["lost_reason"],
            cause=Cause.DATA_FIX,
            by=request.user,  # type: ignore[arg-type]
            note=given["why"],
            signatures={obj.pk: given["signature"]},
        )
        if outcome.refusal:
            raise ValidationError(outcome.refusal.sentence)
        obj.refresh_from_db()


@admin.register(StatusChange)
class StatusChangeAdmin(OfContacts, ReadOnlyAdmin):
    """Every change of every contact, as the database wrote it down."""

    list_display = ["id", "contact_id", "start", "end", "cause", "changed_by", "changed_at"]
    list_filter = ["cause"]
    list_select_related = ["from_stage", "to_stage", "changed_by"]
    ordering = ["-id"]
    fields = [
        "of_contact",
        "start",
        "end",
        "from_lost_reason",
        "to_lost_reason",
        "from_since",
        "from_stage_since",
        "from_lost_at",
        "changed_at",
        "recorded_at",
        "stated_at",
        "direction",
        "cause",
        "changed_by",
        "run",
        "note",
        "undoes",
        "review_needed",
        "database_user",
        "transaction_id",
    ]

    @admin.display(description="from")
    def start(self, change: StatusChange) -> str:
        return "outside the book" if change.from_outside else _place(change.from_stage, change.from_lost)

    @admin.display(description="to")
    def end(self, change: StatusChange) -> str:
        return "outside the book" if change.to_outside else _place(change.to_stage, change.to_lost)


def _place(stage: Stage | None, lost: bool) -> str:
    if lost:
        return f"lost from {stage}" if stage else "lost, no stage"
    return str(stage) if stage else "no status yet"


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """What was done to many contacts at once, as it was started and as it came out."""

    list_display = ["id", "kind", "words", "started_by", "started_at", "state", "records", "updated", "refused"]
    list_filter = ["kind", "state"]
    list_select_related = ["started_by"]
    search_fields = ["words"]
    fields = [
        "kind",
        "words",
        "note",
        "operation",
        "rule",
        "undoes",
        "stage",
        "started_by",
        "started_at",
        "progressed_at",
        "finished_at",
        "cancelled_by",
        "state",
        "slices",
        "cursor",
        "records",
        "created",
        "updated",
        "unchanged",
        "refused",
        "forward",
        "back",
        "tries",
        "next_try_at",
        "problem",
        "details_dropped_at",
    ]
