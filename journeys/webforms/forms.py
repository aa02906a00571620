"""The builder of a web form."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.core.validators import URLValidator
from django.forms import BoundField
from django.http import QueryDict

from contacts.models import Label
from journeys.retiring.forms import TypedForm
from journeys.webforms.actions import MOST_FIELDS, Plan
from journeys.webforms.models import Asked, WebForm
from journeys.webforms.queries import EMAIL, Askable
from stages.models import Stage

DEFAULT, NO_STATUS = "default", "none"

_POSTED = re.compile(r"([0-9]{1,3})-field")


# The fields, as they are being put together


def asked_in(data: Mapping[str, str], known: Mapping[str, Askable]) -> list[Asked]:
    """What the builder posted, in its order. The e-mail is there, and required, whatever was posted."""
    numbers = sorted(int(found[1]) for key in data if (found := _POSTED.fullmatch(key)))[:MOST_FIELDS]
    asked = [
        Asked(data[f"{n}-field"], f"{n}-is_required" in data, " ".join(data.get(f"{n}-caption", "").split()))
        for n in numbers
        if f"{n}-field" in data
    ]
    once = {one.field: one for one in reversed(asked) if one.field in known}
    return _with_email([once[one.field] for one in asked if one is once.get(one.field)])


def _with_email(asked: Sequence[Asked]) -> list[Asked]:
    if not any(one.field == EMAIL for one in asked):
        return [Asked(EMAIL, is_required=True), *asked]
    return [replace(one, is_required=True) if one.field == EMAIL else one for one in asked]


def edited(asked: list[Asked], act: str, added: str) -> tuple[list[Asked], str]:
    """The fields after a button of the builder was pressed, and the id of the control that takes the focus.

    Args:
        act: `add`, `remove-1`, `up-1` or `down-1`; anything else changes nothing.
        added: the field that is to be added.
    """
    if act == "add" and added and added not in {one.field for one in asked}:
        return [*asked, Asked(added)], f"id_{len(asked)}-caption"
    found = re.fullmatch(r"(remove|up|down)-([0-9]{1,3})", act)
    if found is None or int(found[2]) >= len(asked):
        return asked, "id_added"
    place = int(found[2])
    if found[1] == "remove":
        is_email = asked[place].field == EMAIL
        return asked if is_email else [*asked[:place], *asked[place + 1 :]], "id_added"
    target = min(max(place + (-1 if found[1] == "up" else 1), 0), len(asked) - 1)
    moved = [*asked[:place], *asked[place + 1 :]]
    moved.insert(target, asked[place])
    way = {0: "down", len(asked) - 1: "up"}.get(target, found[1])
    return moved, f"{way}-{target}"


@dataclass(frozen=True, slots=True)
class Row:
    """One field in the builder: which it is, and what may be said about it."""

    number: int
    label: str
    field: BoundField
    caption: BoundField
    is_required: BoundField
    is_email: bool


class WebFormForm(forms.Form):
    """A web form. Bound with what was posted it says what is wrong; else it shows `asked` without complaint."""

    use_required_attribute = False

    name = forms.CharField(
        max_length=100,
        help_text="What your team calls it.",
        error_messages={"required": "Give the web form a name."},
    )
    heading = forms.CharField(
        required=False, max_length=200, help_text="Over the page that people see. Without one, the name stands there."
    )
    introduction = forms.CharField(required=False, max_length=2000, widget=forms.Textarea)
    added = forms.ChoiceField(label="Add a field", required=False)
    consent = forms.CharField(
        label="Consent text",
        required=False,
        max_length=2000,
        widget=forms.Textarea,
        help_text="People have to tick it before they can send. Each submission keeps the text that was agreed to.",
    )
    status = forms.ChoiceField(
        label="Status of new contacts",
        initial=DEFAULT,
        error_messages={"invalid_choice": "This stage is not open any more. Choose another one."},
    )
    moves_known = forms.BooleanField(
        label="Move contacts there too who are in the book already",
        required=False,
        help_text="As far as the movement rules for web forms let them. Otherwise they stay where they are.",
    )
    labels = forms.ModelMultipleChoiceField(
        Label.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Put on everybody who sends the form.",
        error_messages={"invalid_choice": "There is no such label any more."},
    )
    thanks = forms.CharField(
        label="Thanks",
        required=False,
        max_length=2000,
        widget=forms.Textarea,
        help_text="What people read after sending.",
    )
    thanks_address = forms.CharField(
        label="Or a page to go on to",
        required=False,
        max_length=500,
        widget=forms.TextInput({"inputmode": "url", "autocomplete": "off", "placeholder": "https://"}),
        validators=[URLValidator(["http", "https"], message="Give an address that begins with https:// or http://.")],
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None,
        *,
        asked: Sequence[Asked],
        known: Mapping[str, Askable],
        stages: Sequence[Stage],
        default: Stage | None,
        **options: Any,
    ) -> None:
        """
        Args:
            asked: the fields, in order.
            known: what may be asked for.
            stages: those that may be chosen; default: the default status.
        """
        self.asked = [one for one in asked if one.field in known]
        self.known = known
        self._stages = {str(stage.pk): stage for stage in stages}
        numbered: dict[str, Any] = {}
        for number, one in enumerate(self.asked):
            numbered |= {f"{number}-field": one.field, f"{number}-caption": one.caption}
            numbered |= {f"{number}-is_required": "on"} if one.is_required else {}
        if data is not None:
            base = {name: data.getlist(name) for name in self.base_fields if name in data}
            posted = QueryDict(mutable=True)
            for name, values in base.items():
                posted.setlist(name, values)
            for name, value in numbered.items():
                posted[name] = value
            super().__init__(posted, label_suffix="", **options)
        else:
            options["initial"] = {**options.get("initial", {}), **numbered}
            super().__init__(label_suffix="", **options)
        self._offer(default)
        self.rows = [self._row(number, one) for number, one in enumerate(self.asked)]

    def _offer(self, default: Stage | None) -> None:
        name = default.name if default else "No status yet"
        chosen = [(key, stage.name) for key, stage in self._stages.items()]
        self.fields["status"].choices = [  # type: ignore[attr-defined]
            (DEFAULT, f"The default status: {name} now"),
            (NO_STATUS, "No status yet"),
            ("A stage", chosen),
        ]
        left = [(one.name, one.label) for one in self.known.values() if one.name not in {a.field for a in self.asked}]
        self.fields["added"].choices = [("", "Choose a field"), *left]  # type: ignore[attr-defined]

    def _row(self, number: int, asked: Asked) -> Row:
        label = self.known[asked.field].label
        self.fields[f"{number}-field"] = forms.CharField(widget=forms.HiddenInput)
        self.fields[f"{number}-caption"] = forms.CharField(
            label=f"What {label} is called on the page",
            required=False,
            max_length=200,
            widget=forms.TextInput({"placeholder": label, "autocomplete": "off"}),
        )
        self.fields[f"{number}-is_required"] = forms.BooleanField(label="Required", required=False)
        return Row(
            number,
            label,
            field=self[f"{number}-field"],
            caption=self[f"{number}-caption"],
            is_required=self[f"{number}-is_required"],
            is_email=asked.field == EMAIL,
        )

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("moves_known") and cleaned.get("status") in (DEFAULT, NO_STATUS):
            self.add_error("status", "Choose the stage that contacts are to come to.")
        return cleaned

    @property
    def plan(self) -> Plan:
        """What is kept."""
        said = self.cleaned_data
        texts = ("name", "heading", "introduction", "consent", "thanks", "thanks_address")
        return Plan(
            **{name: said[name] for name in texts},
            asks=[replace(one, caption=said[f"{number}-caption"]) for number, one in enumerate(self.asked)],
            labels=list(said["labels"]),
            default_status=said["status"] == DEFAULT,
            stage=self._stages.get(said["status"]),
            moves_known=said["moves_known"],
        )


def form_of(form: WebForm | None, *, is_copy: bool = False) -> dict[str, Any]:
    """What the builder begins with."""
    if form is None:
        return {}
    texts = ("heading", "introduction", "consent", "thanks", "thanks_address", "moves_known")
    begins = {
        **{name: getattr(form, name) for name in texts},
        "name": f"Copy of {form.name}"[:100] if is_copy else form.name,
        "labels": [label.pk for label in form.labels.all()],
        "status": DEFAULT if form.default_status else str(form.stage_id or NO_STATUS),
    }
    return begins if is_copy else {**begins, "seen": form.revision}


class DeleteWebFormForm(TypedForm):
    """The name of the form, typed, if anybody sent it."""

    def __init__(self, *args: Any, web_form: WebForm, sent: int, **options: Any) -> None:
        super().__init__(*args, name=web_form.name, contacts=sent, loss="", typed_from=1, **options)
        if sent:
            what = "1 submission is" if sent == 1 else f"{sent:,} submissions are"
            self.fields["typed"].help_text = f"{what} deleted with it, and there is no undo."
