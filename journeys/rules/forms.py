"""Forms of Manage Funnel and of the lost reasons."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst

from contacts.labels.queries import label_named
from contacts.models import Label
from journeys.rules.models import FunnelSettings
from journeys.rules.movement import COLUMNS, PERMISSIONS, Line, Preset, table_of
from journeys.status.models import LostReason
from journeys.status.transitions import PEOPLE_DECIDE, MovementRules, Permission, Policy
from stages.models import Stage

NO_STAGE = "none"


class LabelRuleForm(forms.Form):
    """Everybody who carries a label to a stage, and the choices that narrow it."""

    label = forms.CharField(
        widget=forms.TextInput({"list": "labels", "autocomplete": "off"}),
        max_length=100,
        error_messages={"required": "Choose a label."},
    )
    stage = forms.ModelChoiceField(
        Stage.objects.none(),
        empty_label="Choose a stage",
        error_messages={
            "required": "Choose a stage.",
            "invalid_choice": "This stage cannot be chosen: it is closed. A stage is open while it is published.",
        },
    )
    only_forward = forms.BooleanField(
        label="Move only forward", required=False, help_text="Contacts in a heavier stage stay there."
    )
    leave_lost = forms.BooleanField(
        label="Leave lost contacts as they are", required=False, help_text="Otherwise they recover into the stage."
    )
    note = forms.CharField(required=False, max_length=2000, widget=forms.Textarea({"rows": 2}))

    def __init__(self, data: Mapping[str, Any] | None = None, *, at: datetime, **options: Any) -> None:
        super().__init__(data, label_suffix="", **options)
        self.fields["stage"].queryset = Stage.objects.open_at(at)  # type: ignore[attr-defined]

    def clean_label(self) -> Label:
        name = " ".join(self.cleaned_data["label"].split())
        label = label_named(name)
        if label is None:
            raise ValidationError(f"There is no label {name}.")
        return label


class DefaultStageForm(forms.Form):
    """Where contacts come to stand that come without a status."""

    stage = forms.ChoiceField(
        label="New contacts without a status come to",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose a stage, or none.",
            "invalid_choice": "This stage cannot be chosen: it is closed. Choose another one.",
        },
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, default: Stage | None, stages: Sequence[Stage]
    ) -> None:
        initial = {"stage": str(default.pk) if default else NO_STAGE}
        super().__init__(data, prefix="default", label_suffix="", initial=initial)
        self._stages = {str(stage.pk): stage for stage in stages}
        choices = [(key, str(stage)) for key, stage in self._stages.items()]
        if default and str(default.pk) not in self._stages:
            self._stages[str(default.pk)] = default
            choices.append((str(default.pk), f"{default} ({'retired' if default.retired_at else 'closed now'})"))
        self.fields["stage"].choices = [*choices, (NO_STAGE, "None")]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> Stage | None:
        """The stage that was chosen, or None."""
        return self._stages.get(self.cleaned_data["stage"])


class MovementRulesForm(forms.Form):
    """The table of movement rules, each cell a field such as `import-onto_lost`."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, policy: Policy) -> None:
        super().__init__(data, label_suffix="", initial=cells_of(policy))
        for cause in PEOPLE_DECIDE:
            for column, heading in COLUMNS.items():
                self.fields[f"{cause}-{column}"] = forms.ChoiceField(
                    label=f"{capfirst(cause.label)}, {heading.lower()}",
                    choices=[(permission.value, words) for permission, words in PERMISSIONS.items()],
                )

    @property
    def rows(self) -> list[tuple[Line, list[tuple[str, forms.BoundField]]]]:
        """Each line with the headings and the fields of its cells."""
        return [
            (line, [(heading, self[f"{line.cause}-{column}"]) for column, heading in COLUMNS.items()])
            for line in table_of(PEOPLE_DECIDE)
        ]

    @property
    def rules(self) -> Policy:
        """The table as it was filled in."""
        given = self.cleaned_data
        return {
            cause: MovementRules(*(Permission(given[f"{cause}-{column}"]) for column in COLUMNS))
            for cause in PEOPLE_DECIDE
        }


def cells_of(policy: Policy) -> dict[str, str]:
    """A table as `MovementRulesForm` names and sends its cells."""
    return {
        f"{line.cause}-{column}": getattr(line.rules, column).value for line in table_of(policy) for column in COLUMNS
    }


class MovementPresetForm(forms.Form):
    """A whole table by its name."""

    preset = forms.TypedChoiceField(
        choices=[(preset.value, preset.label) for preset in Preset],
        coerce=Preset,  # type: ignore[arg-type]
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose one of the two."),
    )


class LostReasonForm(forms.ModelForm):
    """The name of one reason."""

    class Meta:
        model = LostReason
        fields = ["name"]

    def __init__(self, *args: Any, label: str = "Name", **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.fields["name"].label = label
        self.fields["name"].error_messages["required"] = "Give the reason a name."


class LostReasonRequiredForm(forms.Form):
    """Whether a reason has to be given."""

    required = forms.TypedChoiceField(
        label="When a contact is marked lost, a reason is",
        choices=[("no", "optional"), ("yes", "required")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, settings: FunnelSettings, **kwargs: Any) -> None:
        initial = {"required": "yes" if settings.lost_reason_required else "no"}
        super().__init__(*args, **{"initial": initial, "label_suffix": "", **kwargs})
