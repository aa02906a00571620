"""The form of a bulk change: whom, what, and what the act needs to know."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils import timezone

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Label
from journeys.bulk.acts import acts_for, role_for, too_many
from journeys.bulk.queries import MOST_ENTRIES, Found, entries_in, find_entries
from journeys.runs.operations import Act, Operation, Selection
from journeys.runs.words import how_many
from journeys.status.models import LostReason
from journeys.status.transitions import Refusal
from stages.models import Stage

OF_ACTS: Mapping[str, frozenset[str]] = {
    Act.CHANGE_STATUS: frozenset({"stage", "only_forward", "leave_lost"}),
    Act.MARK_LOST: frozenset({"reason"}),
    Act.PUT_ON_LABEL: frozenset({"label"}),
    Act.TAKE_OFF_LABEL: frozenset({"label"}),
}
"""The fields that an act needs, by their names in `Operation` too."""

_OF_EVERY_ACT = frozenset({"pasted", "act", "note"})


class BulkChangeForm(forms.Form):
    """What is to be done to many contacts. What the chosen act does not need may be wrong or missing."""

    pasted = forms.CharField(
        label="Contacts",
        widget=forms.Textarea({"rows": 8, "autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
        help_text="E-mails, external ids or phones: one a line, or with commas, semicolons or tabs between them. "
        f"Up to {MOST_ENTRIES:,}.",
        error_messages={"required": "Paste e-mails, external ids or phones."},
    )
    act = forms.ChoiceField(
        label="What to do",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what to do.", "invalid_choice": "Choose one of these."},
    )
    stage = forms.ModelChoiceField(
        Stage.objects.none(),
        empty_label="Choose a stage",
        error_messages={
            "required": "Choose a stage.",
            "invalid_choice": "This stage is no longer open. Choose another one.",
        },
    )
    only_forward = forms.BooleanField(
        label="Move only forward", required=False, help_text="Whoever would go back stays where they are."
    )
    leave_lost = forms.BooleanField(
        label="Leave lost contacts as they are", required=False, help_text="Otherwise this recovers them."
    )
    reason = forms.ModelChoiceField(
        LostReason.objects.filter(is_retired=False),
        label="Lost reason",
        required=False,
        empty_label="No reason given",
        error_messages={
            "required": Refusal.REASON_REQUIRED.sentence,
            "invalid_choice": "This reason is no longer in use. Choose another one.",
        },
    )
    label = forms.ModelChoiceField(
        Label.objects.all(),
        empty_label="Choose a label",
        error_messages={"required": "Choose a label.", "invalid_choice": "There is no such label any more."},
    )
    note = forms.CharField(required=False, max_length=2000, widget=forms.Textarea({"rows": 2}))

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        chosen: Selection | None,
        reason_is_required: bool,
        by: TeamMember,
        **options: Any,
    ) -> None:
        super().__init__(data, label_suffix="", **options)
        self.chosen = chosen
        self.by = by
        if chosen:
            del self.fields["pasted"]
        acts = acts_for(by.role)
        self.fields["act"].choices = [(offered.act, offered.words) for offered in acts]  # type: ignore[attr-defined]
        self.fields["stage"].queryset = Stage.objects.open_at(timezone.now())  # type: ignore[attr-defined]
        self.fields["reason"].required = reason_is_required
        if reason_is_required:
            self.fields["reason"].empty_label = "Choose a reason"  # type: ignore[attr-defined]
        offered_fields = _OF_EVERY_ACT.union(*(OF_ACTS.get(offered.act, ()) for offered in acts))
        for name in set(self.fields) - offered_fields:
            del self.fields[name]

    def clean_pasted(self) -> Found:
        entries = entries_in(self.cleaned_data["pasted"])
        if not entries:
            raise ValidationError(self.fields["pasted"].error_messages["required"], code="required")
        if len(entries) > MOST_ENTRIES:
            raise ValidationError(
                f"These are {len(entries):,} entries, and up to {MOST_ENTRIES:,} are looked up at once."
            )
        found = find_entries(entries)
        if not found.contacts:
            raise ValidationError(_nobody(found))
        return found

    def clean(self) -> dict[str, Any]:
        act = self.cleaned_data.get("act", "")
        for name in set(self.errors) - _OF_EVERY_ACT - OF_ACTS.get(act, frozenset()):
            del self.errors[name]
        found = self.cleaned_data.get("pasted")
        if act and found and self.by.role < role_for(Act(act), len(found.contacts)):
            self.add_error("pasted", too_many(f"{len(found.contacts):,}"))
        return self.cleaned_data

    @property
    def found(self) -> Found | None:
        """Whom the pasted list names; None where the address says whom it is about."""
        return self.cleaned_data.get("pasted")

    @property
    def selection(self) -> Selection:
        found = self.found
        return Selection(contacts=tuple(found.contacts)) if found else self.chosen or Selection()

    @property
    def operation(self) -> Operation:
        act = Act(self.cleaned_data["act"])
        given = {name: self.cleaned_data[name] for name in OF_ACTS.get(act, ())}
        numbers = {name: value.pk if isinstance(value, Model) else value for name, value in given.items()}
        return Operation(act, Cause.ERASED if act is Act.ERASE else Cause.BULK, **numbers)


def _nobody(found: Found) -> str:
    unclear = [f"{entry} fits {how_many(contacts)}" for entry, contacts in found.unclear]
    if not unclear:
        return "None of these is in the book."
    left_out = f"{_listed(unclear)}: nobody guesses which one is meant."
    return f"None of the others is in the book, and {left_out}" if found.not_found else left_out


def _listed(things: Sequence[str]) -> str:
    """The first few: "a, b, c and 12 more"."""
    shown = ", ".join(things[:3])
    return f"{shown} and {len(things) - 3:,} more" if len(things) > 3 else shown
