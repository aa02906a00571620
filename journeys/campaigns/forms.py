"""The forms of campaigns, of their steps, and of who is added by hand."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from contacts.models import Contact, Label
from journeys.campaigns.models import Campaign, CampaignSource, CampaignStep
from journeys.campaigns.plan import MOST
from journeys.segments.models import Segment
from journeys.status.models import LostReason
from journeys.webforms.models import WebForm
from stages.forms import MomentInput
from stages.models import Stage, validate_moment

Kind, When, Unit = CampaignStep.Kind, CampaignStep.When, CampaignStep.Unit


class CampaignForm(forms.ModelForm):
    """What a campaign is called, who comes into it, and while when."""

    segments = forms.ModelMultipleChoiceField(
        Segment.objects.none(), label="From segments", required=False, widget=forms.CheckboxSelectMultiple
    )
    web_forms = forms.ModelMultipleChoiceField(
        WebForm.objects.all(), label="From web forms", required=False, widget=forms.CheckboxSelectMultiple
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Campaign
        fields = ["name", "description", "may_restart", "publish_up", "publish_down"]
        widgets = {"description": forms.Textarea({"rows": 2}), "publish_up": MomentInput, "publish_down": MomentInput}
        help_texts = {"may_restart": "Who left it and comes again goes through it from the beginning."}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        zone = timezone.get_current_timezone_name()
        chosen = CampaignSource.objects.filter(campaign=self.instance.pk, segment=OuterRef("pk"))
        offered = Segment.objects.filter(Q(is_for_all=True) | Exists(chosen))
        self.fields["segments"].queryset = offered  # type: ignore[attr-defined]
        self.fields["segments"].help_text = (
            "Whoever matches one of them comes in; whoever matches none any more leaves, and what waits is cancelled."
            if offered
            else "There is no segment for everybody yet."
        )
        self.fields["web_forms"].help_text = (
            "Whoever sends one of them comes in, and stays."
            if WebForm.objects.exists()
            else "There is no web form yet."
        )
        self.fields["name"].error_messages["required"] = "Give the campaign a name."
        self.fields["publish_up"].help_text = f"Nothing moves before. Your time zone: {zone}."
        self.fields["publish_down"].help_text = "Nothing moves from then on: whoever waits goes on waiting."

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    @property
    def values(self) -> dict[str, Any]:
        """What is kept, by the names of the model's fields."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


_TITLES = {
    Kind.IN_STAGES: "Condition that the contact belongs to at least one of the selected stages.",
    Kind.CARRIES_LABEL: "Condition that the contact carries a label.",
    Kind.MATCHES_SEGMENT: "Condition that the contact matches a segment.",
    Kind.IS_LOST: "Condition that the contact is lost.",
    Kind.CHANGE_STAGE: "Choose a stage to change a contact to.",
    Kind.PUT_ON_LABEL: "Put a label on the contact.",
    Kind.TAKE_OFF_LABEL: "Take a label off the contact.",
    Kind.MARK_LOST: "Mark the contact lost in the stage where it is.",
}
"""What each kind of step does, as the chooser and the form say it."""


def choices_of_kinds(typed: str = "") -> list[tuple[str, list[tuple[str, str, str]]]]:
    """The kinds of steps under their headings, each with its words, as far as they hold what was typed."""
    words = typed.casefold().split()

    def offered(kinds: list[CampaignStep.Kind]) -> list[tuple[str, str, str]]:
        rows = [(str(kind), str(kind.label), _TITLES[kind]) for kind in kinds]
        return [row for row in rows if all(word in f"{row[1]} {row[2]}".casefold() for word in words)]

    conditions = [kind for kind in Kind if kind in CampaignStep.CONDITIONS]
    actions = [kind for kind in Kind if kind not in CampaignStep.CONDITIONS]
    groups = [("Conditions", offered(conditions)), ("Actions", offered(actions))]
    return [(heading, rows) for heading, rows in groups if rows]


class StepForm(forms.Form):
    """A step of one kind: its name, when it is done, and what it is about."""

    name = forms.CharField(max_length=100, error_messages={"required": "Give the step a name."})
    when = forms.ChoiceField(
        label="Execute this step…", choices=When, initial=When.IMMEDIATELY, widget=forms.RadioSelect
    )
    amount = forms.IntegerField(label="After", required=False, widget=forms.NumberInput({"min": 1}))
    unit = forms.ChoiceField(label="Unit", choices=Unit, required=False, initial=Unit.DAYS)
    at = forms.DateTimeField(label="At", required=False, widget=MomentInput, validators=[validate_moment])
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None, *, kind: str, step: CampaignStep | None, seen: int) -> None:
        self.kind = Kind(kind)
        begins = _begins_with(step) if step else {"name": self.kind.label}
        super().__init__(data, label_suffix="", initial={**begins, "seen": seen})
        about = _ABOUT.get(self.kind)
        if about:
            name, make = about
            self.fields[name] = make(step)
        self.about = about[0] if about else ""
        self.fields["at"].help_text = f"Your time zone: {timezone.get_current_timezone_name()}."

    @property
    def explanation(self) -> str:
        return _TITLES[self.kind]

    @property
    def about_field(self) -> forms.BoundField | None:
        """What the step is about, if its kind is about anything."""
        return self[self.about] if self.about else None

    def clean(self) -> dict[str, Any]:
        when, amount, unit = (self.cleaned_data.get(name) for name in ("when", "amount", "unit"))
        if when == When.AFTER and "amount" not in self.errors:
            most = MOST.get(Unit(unit), 1) if unit else 1
            if not unit:
                self.add_error("unit", "Choose a unit.")
            elif not amount or not 1 <= amount <= most:
                self.add_error("amount", f"Give a number from 1 to {most:,}.")
        if when == When.AT and not self.cleaned_data.get("at") and "at" not in self.errors:
            self.add_error("at", "Give a date and a time.")
        return self.cleaned_data

    @property
    def values(self) -> dict[str, Any]:
        """What is kept, by the names of the model's fields. What the choice of when does not use is left empty."""
        given, when = self.cleaned_data, self.cleaned_data["when"]
        is_after = when == When.AFTER
        values: dict[str, Any] = {
            "name": given["name"],
            "when": when,
            "amount": given["amount"] if is_after else None,
            "unit": given["unit"] if is_after else "",
            "at": given["at"] if when == When.AT else None,
        }
        if self.about == "stages":
            return {**values, "stages": [stage.pk for stage in given["stages"]]}
        return {**values, self.about: given[self.about]} if self.about else values


def _begins_with(step: CampaignStep) -> dict[str, Any]:
    names = ("name", "when", "amount", "unit", "at", "stages", "stage", "label", "segment", "lost_reason")
    begins = {name: getattr(step, name if name == "stages" else f"{name}_id", None) for name in names[5:]}
    plain = {name: getattr(step, name) for name in names[:5]}
    return {**begins, **plain, "unit": step.unit or Unit.DAYS}


def _stages(step: CampaignStep | None) -> forms.Field:
    return forms.ModelMultipleChoiceField(
        Stage.objects.in_use(),
        label="Stages",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one stage."},
    )


def _stage(step: CampaignStep | None) -> forms.Field:
    return forms.ModelChoiceField(
        Stage.objects.in_use(),
        label="Select stage",
        empty_label="Choose a stage",
        error_messages={"required": "Choose a stage."},
    )


def _label(step: CampaignStep | None) -> forms.Field:
    return forms.ModelChoiceField(
        Label.objects.all(), empty_label="Choose a label", error_messages={"required": "Choose a label."}
    )


def _segment(step: CampaignStep | None) -> forms.Field:
    kept = Q(pk=step.segment_id) if step and step.segment_id else Q(pk=None)
    return forms.ModelChoiceField(
        Segment.objects.filter(Q(is_for_all=True) | kept),
        empty_label="Choose a segment",
        error_messages={"required": "Choose a segment."},
    )


def _lost_reason(step: CampaignStep | None) -> forms.Field:
    kept = Q(pk=step.lost_reason_id) if step and step.lost_reason_id else Q(pk=None)
    return forms.ModelChoiceField(
        LostReason.objects.filter(Q(is_retired=False) | kept),
        label="Lost reason",
        required=False,
        empty_label="No reason",
    )


_ABOUT = {
    Kind.IN_STAGES: ("stages", _stages),
    Kind.CHANGE_STAGE: ("stage", _stage),
    Kind.CARRIES_LABEL: ("label", _label),
    Kind.PUT_ON_LABEL: ("label", _label),
    Kind.TAKE_OFF_LABEL: ("label", _label),
    Kind.MATCHES_SEGMENT: ("segment", _segment),
    Kind.MARK_LOST: ("lost_reason", _lost_reason),
}


class AddContactsForm(forms.Form):
    """Who is let in by hand: one contact by e-mail, or all that match a segment now."""

    email = forms.EmailField(label="E-mail of a contact", required=False, max_length=254)
    segment = forms.ModelChoiceField(
        Segment.objects.filter(is_for_all=True),
        label="All that match a segment now",
        required=False,
        empty_label="No segment",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        self.contact: Contact | None = None

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        if email:
            self.contact = Contact.objects.filter(email__iexact=email).defer("search").first()
            if self.contact is None:
                raise ValidationError("Nobody in the Contact Book has this e-mail.")
        return email

    def clean(self) -> dict[str, Any]:
        if not self.errors and not (self.contact or self.cleaned_data.get("segment")):
            raise ValidationError("Say who is to come in: give an e-mail or choose a segment.")
        return self.cleaned_data
