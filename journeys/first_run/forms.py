"""The forms of the first run, which are one page and sent together."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundWidget

from config.team.forms import OrganisationForm
from config.team.links.forms import JoinForm
from config.team.models import Organisation
from journeys.rules.movement import Preset
from stages.models import Stage

NO_STAGE = "none"


class AdministratorForm(JoinForm):
    """Whoever begins: they are the first administrator."""

    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        help_text="You sign in with it.",
        widget=forms.EmailInput({"autocomplete": "username"}),
        error_messages={"required": "Give your e-mail."},
    )
    field_order = ("name", "email", "password")


class BeginningForm(forms.Form):
    """How contacts may move, and where those come to stand that come without a status."""

    preset = forms.TypedChoiceField(
        label="Movement rules",
        choices=[(preset.value, f"{preset.label}: {preset.sentence}") for preset in Preset],
        coerce=Preset,  # type: ignore[arg-type]
        initial=Preset.PEOPLE_DECIDE.value,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose one of the two."),
    )
    default = forms.ChoiceField(
        label="New contacts without a status come to",
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose a stage, or none."),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, stages: Sequence[Stage], default: str) -> None:
        super().__init__(data, label_suffix="", initial={"default": default})
        choices = [*((str(stage.pk), stage.name) for stage in stages), (NO_STAGE, "None: they have no status yet")]
        self.fields["default"].choices = choices  # type: ignore[attr-defined]


class StageForm(forms.Form):
    """What a stage is called, and what it means. A name that another stage gives up at the same time may be taken."""

    name = forms.CharField(max_length=100, error_messages={"required": "Give the stage a name."})
    description = forms.CharField(label="Meaning", required=False, widget=forms.Textarea({"rows": 2}))

    def __init__(self, data: Mapping[str, Any] | None = None, *, stage: Stage) -> None:
        initial = {"name": stage.name, "description": stage.description}
        super().__init__(data, prefix=f"stage-{stage.pk}", label_suffix="", initial=initial)
        self.stage = stage


class FirstRunForms:
    """Everything the page asks for. The stages are in order of weight."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        organisation: Organisation,
        stages: Sequence[Stage],
        default: Stage | None,
    ) -> None:
        self.administrator = AdministratorForm(data, prefix="administrator")
        self.organisation = OrganisationForm(data, instance=organisation, prefix="organisation")
        self.organisation.fields["time_zone"].widget.attrs["data-guesses-time-zone"] = True
        self.beginning = BeginningForm(data, stages=stages, default=str(default.pk) if default else NO_STAGE)
        self.stages = [StageForm(data, stage=stage) for stage in stages]

    @property
    def all(self) -> list[forms.BaseForm]:
        return [self.administrator, self.organisation, self.beginning, *self.stages]

    @property
    def stages_with_choice(self) -> list[tuple[StageForm, BoundWidget]]:
        """Each stage with the radio button that makes it the default status."""
        return list(zip(self.stages, self.beginning["default"].subwidgets, strict=False))

    @property
    def no_stage(self) -> BoundWidget:
        """The radio button for no default status."""
        return list(self.beginning["default"].subwidgets)[-1]

    @property
    def errors(self) -> bool:
        return any(form.errors for form in self.all)

    def is_valid(self) -> bool:
        return all(form.is_valid() for form in self.all) and self._names_differ()

    def _names_differ(self) -> bool:
        seen: set[str] = set()
        for form in self.stages:
            name = form.cleaned_data["name"].lower()
            if name in seen:
                form.add_error("name", "There is a stage of this name already.")
            seen.add(name)
        return not self.errors

    def refuse(self, stage: Stage, errors: ValidationError) -> None:
        """The database refused what a stage would be called."""
        form = next(form for form in self.stages if form.stage == stage)
        for field, said in errors.message_dict.items():
            form.add_error(field if field in form.fields else None, said)
