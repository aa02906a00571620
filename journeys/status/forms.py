"""Forms of one contact's moves. Each keeps the `signature` of the status that the person saw."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms

from journeys.status.models import Direction, FunnelStatus, LostReason
from journeys.status.queries import StageChoice
from journeys.status.transitions import Refusal
from stages.models import Stage

SAME = "same"
"""In place of a stage: back to the stage it was lost from."""

RECOVER, ACTIVATE, KEEP_LOST = "recover", "activate", "keep"


class StageSelect(forms.Select):
    """A list of stages in which those that the movement rules refuse cannot be chosen."""

    refused: frozenset[str] = frozenset()

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if str(value) in self.refused:
            option["attrs"]["disabled"] = True
        return option


class MoveForm(forms.Form):
    """What the dialogs of one contact share."""

    fields_of_refusals: Mapping[Refusal, str] = {}
    """Beside which field a refusal is said; the others are said on top."""

    note = forms.CharField(label="Why", required=False, max_length=2000, widget=forms.Textarea({"rows": 3}))
    signature = forms.IntegerField(
        min_value=0,
        max_value=2**31 - 1,
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), "Open this again: the page did not send all of it."),
    )

    def __init__(self, data: Mapping[str, Any] | None, *, status: FunnelStatus, **options: Any) -> None:
        options["initial"] = {"signature": status.signature, **options.get("initial", {})}
        super().__init__(data, label_suffix="", **options)
        self.status = status

    @property
    def note_given(self) -> str:
        return self.cleaned_data["note"]

    @property
    def signatures(self) -> dict[int, int]:
        """What the person saw, as the actions ask for it."""
        return {self.status.pk: self.cleaned_data["signature"]}

    @property
    def activates(self) -> bool:
        """The account is made active in one go with the move."""
        return False

    def say(self, refusal: Refusal) -> None:
        """Say a refusal where it belongs."""
        self.add_error(self.fields_of_refusals.get(refusal), refusal.sentence)


class StageForm(MoveForm):
    """A form with a stage to choose."""

    fields_of_refusals = {
        Refusal.LIGHTER_STAGE: "to",
        Refusal.CLOSED_STAGE: "to",
        Refusal.RETIRED_STAGE: "to",
        Refusal.LOST_CONTACT: "to",
    }

    to = forms.ChoiceField(
        label="Stage",
        widget=StageSelect,
        error_messages={
            "required": "Choose a stage.",
            "invalid_choice": "This stage cannot be chosen: it is closed, or the contact is in it already.",
        },
    )

    field_order = ["to", "lost", "activate", "note", "signature"]

    def __init__(self, data: Mapping[str, Any] | None, *, choices: Sequence[StageChoice], **options: Any) -> None:
        super().__init__(data, **options)
        self._stages = {str(choice.stage.pk): choice.stage for choice in choices}
        self.choices = {str(choice.stage.pk): choice for choice in choices}
        field = self.fields["to"]
        field.widget.refused = frozenset(key for key, choice in self.choices.items() if choice.refusal)
        field.choices = [*self.first_choices(), *_groups(choices, of_lost=self.status.is_lost)]  # type: ignore[attr-defined]

    def first_choices(self) -> list[tuple[str, str]]:
        return [("", "Choose a stage")]

    @property
    def stage(self) -> Stage:
        """The stage that was chosen."""
        return self._stages[self.cleaned_data["to"]]

    @property
    def choice(self) -> StageChoice | None:
        """What is chosen at the moment, before anything is saved."""
        return self.choices.get(str(self["to"].value() or ""))


def _groups(choices: Iterable[StageChoice], *, of_lost: bool) -> list[tuple[str, list[tuple[str, str]]]]:
    """The stages by the way they lead. For a contact without a stage there is one group."""
    names = {
        None: "Where it was lost from" if of_lost else "Stages",
        Direction.FORWARD: "Forward",
        Direction.LEVEL: "Of the same weight",
        Direction.BACK: "Back, to a lower weight",
    }
    groups = []
    for direction, name in names.items():
        stages = [(str(choice.stage.pk), _words(choice)) for choice in choices if choice.direction == direction]
        if stages:
            groups.append((name, stages))
    return groups


def _words(choice: StageChoice) -> str:
    return f"{choice.stage} (the movement rules refuse it)" if choice.refusal else str(choice.stage)


class ChangeStatusForm(StageForm):
    """Another stage for a contact; for a lost one, whether that recovers it."""

    fields_of_refusals = {**StageForm.fields_of_refusals, Refusal.ACCOUNT_INACTIVE: "lost"}

    lost = forms.ChoiceField(
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose what happens to the lost contact.",
            "invalid_choice": "Choose one of these.",
        },
    )

    def __init__(self, data: Mapping[str, Any] | None, *, status: FunnelStatus, **options: Any) -> None:
        super().__init__(data, status=status, **options)
        if not status.is_lost:
            del self.fields["lost"]
            return
        field = self.fields["lost"]
        if status.contact.account_state == status.contact.AccountState.INACTIVE:
            field.label = "The contact is lost and the account is inactive"
            field.choices = [  # type: ignore[attr-defined]
                (ACTIVATE, "Also make the account active, and recover into this stage"),
                (KEEP_LOST, "Leave the account inactive: lost, from this stage instead"),
            ]
        else:
            field.label = "The contact is lost"
            field.initial = RECOVER
            field.choices = [  # type: ignore[attr-defined]
                (RECOVER, "Recover into this stage"),
                (KEEP_LOST, "Stay lost, from this stage instead"),
            ]

    @property
    def keeps_lost(self) -> bool:
        return self.cleaned_data.get("lost") == KEEP_LOST

    @property
    def activates(self) -> bool:
        return self.cleaned_data.get("lost") == ACTIVATE


class RecoverForm(StageForm):
    """A lost contact comes back: to the stage it was lost from, or to another."""

    fields_of_refusals = {**StageForm.fields_of_refusals, Refusal.ACCOUNT_INACTIVE: "activate"}

    activate = forms.BooleanField(
        label="Also make the account active",
        help_text="The account is inactive, and a contact with an inactive account stays lost.",
        error_messages={"required": "The account is inactive: the contact comes back only together with it."},
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        status: FunnelStatus,
        choices: Sequence[StageChoice],
        **options: Any,
    ) -> None:
        others = [choice for choice in choices if choice.stage.pk != status.stage_id]
        super().__init__(data, status=status, choices=others, **options)
        self.fields["to"].label = "Back to"
        if status.contact.account_state != status.contact.AccountState.INACTIVE:
            del self.fields["activate"]

    def first_choices(self) -> list[tuple[str, str]]:
        stage = self.status.stage
        if stage is None:
            return [(SAME, "No status yet, as before it was lost")]
        if stage.retired_at:
            return [("", f"Choose a stage ({stage} was retired)")]
        return [(SAME, f"{stage}, where it was lost from")]

    @property
    def to_same_stage(self) -> bool:
        return self.cleaned_data["to"] == SAME

    @property
    def activates(self) -> bool:
        return self.cleaned_data.get("activate", False)


class MarkLostForm(MoveForm):
    """Why a contact is lost; for one that is lost already, another reason."""

    fields_of_refusals = {Refusal.REASON_REQUIRED: "reason"}

    reason = forms.ModelChoiceField(
        LostReason.objects.none(),
        required=False,
        empty_label="No reason given",
        error_messages={
            "required": Refusal.REASON_REQUIRED.sentence,
            "invalid_choice": "This reason is no longer in use. Choose another one.",
        },
    )

    field_order = ["reason", "note", "signature"]

    def __init__(self, data: Mapping[str, Any] | None, *, is_required: bool, **options: Any) -> None:
        super().__init__(data, **options)
        field = self.fields["reason"]
        field.queryset = LostReason.objects.filter(is_retired=False)  # type: ignore[attr-defined]
        field.required = is_required
        if is_required:
            field.empty_label = "Choose a reason"  # type: ignore[attr-defined]
        self.fields["note"].label = "Note"
