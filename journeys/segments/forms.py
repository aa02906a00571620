"""The form of a segment: its name, and the conditions in their groups, with what each of them needs."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField

from journeys.segments.conditions import (
    Conditions,
    Field,
    InvalidConditions,
    Operator,
    Place,
    Typed,
    Vocabulary,
    checked,
)
from journeys.segments.models import Segment
from journeys.segments.sentences import PLACES, WORDS, place_in_words

Said = dict[str, str]
"""A condition as somebody typed it."""

Choices = list[tuple[str, Any]]

_POSTED = re.compile(r"([0-9]{1,3})-([0-9]{1,3})-([a-z_]{1,20})")
_LABELS = {
    "place": "Place",
    "stage": "Stage",
    "label": "Label",
    "choice": "Value",
    "text": "Text",
    "number": "Number",
    "most": "and",
    "day": "Day",
    "until": "and",
    "days": "Days",
    "or_never": "or never",
}


def typed_in(data: Mapping[str, Any]) -> list[list[Said]]:
    """The conditions that a form posted, in their groups."""
    groups: dict[int, dict[int, Said]] = {}
    for key in data:
        if found := _POSTED.fullmatch(key):
            group, condition, name = int(found[1]), int(found[2]), found[3]
            groups.setdefault(group, {}).setdefault(condition, {})[name] = data[key]
    return [[group[number] for number in sorted(group)] for _, group in sorted(groups.items())]


def as_typed(conditions: Conditions) -> list[list[Said]]:
    """Conditions as somebody would have typed them."""
    return [[{name: str(value) for name, value in one.items()} for one in group] for group in conditions.as_json()]


def edited(typed: list[list[Said]], act: str) -> tuple[list[list[Said]], str]:
    """The conditions after a button of the builder was pressed, and the name of the control that takes the focus.

    Args:
        act: `add-0`, `add-group` or `remove-0-1`; anything else changes nothing.
    """
    if act == "add-group":
        return [*typed, [{}]], f"{len(typed)}-0-field"
    if (found := re.fullmatch(r"add-([0-9]{1,3})", act)) and int(found[1]) < len(typed):
        group = int(found[1])
        typed[group].append({})
        return typed, f"{group}-{len(typed[group]) - 1}-field"
    if found := re.fullmatch(r"remove-([0-9]{1,3})-([0-9]{1,3})", act):
        return _without(typed, int(found[1]), int(found[2]))
    return typed, ""


def _without(typed: list[list[Said]], group: int, condition: int) -> tuple[list[list[Said]], str]:
    left = [
        [one for place, one in enumerate(some) if (number, place) != (group, condition)]
        for number, some in enumerate(typed)
    ]
    kept = [some for some in left if some] or [[{}]]
    return kept, f"add-{min(group, len(kept) - 1)}"


@dataclass(frozen=True, slots=True)
class Row:
    """A condition of the form: what it is about, how it is compared, and with what."""

    key: str
    about: BoundField
    operator: BoundField | None
    inputs: list[BoundField]


@dataclass(frozen=True, slots=True)
class GroupOfRows:
    """Conditions that have to hold together."""

    number: int
    rows: list[Row]


class InputField(forms.CharField):
    """Part of a condition. `checked` says what is wrong with it, and whether it is needed."""

    def validate(self, value: str) -> None:
        pass


class SegmentForm(forms.Form):
    """A segment. Bound with what was posted it says what is wrong; else it shows `typed` without complaint."""

    use_required_attribute = False

    name = forms.CharField(max_length=100, error_messages={"required": "Give the segment a name."})
    description = forms.CharField(required=False, max_length=1000, widget=forms.Textarea({"rows": 2}))
    is_for_all = forms.BooleanField(
        label="For everybody", required=False, help_text="Otherwise only you see it and can use it."
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        typed: Typed,
        vocabulary: Vocabulary,
        may_share: bool,
        **options: Any,
    ) -> None:
        self.vocabulary = vocabulary
        self.typed = [[_completed(said, vocabulary) for said in group] for group in typed]
        self.conditions = Conditions(())
        numbered = {
            f"{number}-{place}-{name}": value
            for number, group in enumerate(self.typed)
            for place, said in enumerate(group)
            for name, value in said.items()
        }
        if data is not None:
            base = {name: data[name] for name in self.base_fields if name in data}
            super().__init__({**base, **numbered}, label_suffix="", **options)
        else:
            options["initial"] = {**options.get("initial", {}), **numbered}
            super().__init__(label_suffix="", **options)
        if not may_share:
            del self.fields["is_for_all"]
        self.groups = [
            GroupOfRows(number, [self._row(f"{number}-{place}", said) for place, said in enumerate(group)])
            for number, group in enumerate(self.typed)
        ]

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean(self) -> dict[str, Any]:
        try:
            self.conditions = checked(self.typed, self.vocabulary)
        except InvalidConditions as invalid:
            for problem in invalid.problems:
                name = f"{problem.group}-{problem.condition}-{problem.input}"
                self.add_error(name if name in self.fields else None, problem.message)
        return self.cleaned_data

    @property
    def values(self) -> dict[str, Any]:
        """What is kept, by the names of the actions' arguments."""
        return {
            "name": self.cleaned_data["name"],
            "description": self.cleaned_data["description"],
            "is_for_all": self.cleaned_data.get("is_for_all", False),
            "conditions": self.conditions,
        }

    def _row(self, key: str, said: Mapping[str, str]) -> Row:
        about = self.vocabulary.fields.get(said.get("field", ""))
        self._add(f"{key}-field", "What the condition is about", _select(_fields(self.vocabulary)))
        if about is None:
            return Row(key, self[f"{key}-field"], None, [])
        operators = [(str(one), WORDS[one]) for one in about.operators]
        self._add(f"{key}-operator", "How it compares", _select(operators))
        inputs = about.inputs(Operator(said["operator"]))
        for name in inputs:
            self._add(f"{key}-{name}", _LABELS[name], _control(name, about, said, self.vocabulary))
        return Row(key, self[f"{key}-field"], self[f"{key}-operator"], [self[f"{key}-{name}"] for name in inputs])

    def _add(self, name: str, label: str, widget: forms.Widget) -> None:
        if isinstance(widget, forms.CheckboxInput):
            self.fields[name] = forms.BooleanField(label=label, required=False, widget=widget)
        else:
            self.fields[name] = InputField(label=label, widget=widget)


def _completed(said: Mapping[str, str], vocabulary: Vocabulary) -> Said:
    """What was typed, with an operator that the field has: when the field was just chosen, its first."""
    about = vocabulary.fields.get(said.get("field", ""))
    if about is None:
        return {"field": said.get("field", "")}
    operator = next((one for one in about.operators if one == said.get("operator")), about.operators[0])
    given = {name: said[name] for name in about.inputs(operator) if name in said}
    return {"field": about.key, "operator": str(operator), **given}


def _select(choices: Iterable[tuple[str, Any]]) -> forms.Select:
    return forms.Select(choices=list(choices))


def _fields(vocabulary: Vocabulary) -> Choices:
    headings: dict[str, Choices] = {}
    for one in vocabulary.fields.values():
        headings.setdefault(one.heading, []).append((one.key, one.label))
    return [("", "Choose a field"), *headings.items()]


def _control(name: str, about: Field, said: Mapping[str, str], vocabulary: Vocabulary) -> forms.Widget:
    """What an input of a condition is typed or chosen in."""
    match name:
        case "place":
            return _select(_places(vocabulary))
        case "stage":
            return _select([("", "Choose a stage"), *_stages(vocabulary)])
        case "label":
            return _select([("", "Choose a label"), *((str(pk), label) for pk, label in vocabulary.labels.items())])
        case "choice":
            return _select([("", "Choose"), *about.choices.items()])
        case "day" | "until":
            return forms.DateInput({"type": "date", "min": "1900-01-01", "max": "2199-12-31"})
        case "days":
            return forms.NumberInput({"min": "1", "max": "36500"})
        case "or_never":
            return forms.CheckboxInput()
        case "number" | "most":
            return forms.TextInput({"inputmode": "decimal", "autocomplete": "off"})
    return forms.TextInput({"maxlength": "200", "autocomplete": "off"})


def _stages(vocabulary: Vocabulary) -> Choices:
    return [
        (str(pk), f"{name} (retired)" if pk in vocabulary.retired else name) for pk, name in vocabulary.stages.items()
    ]


def _places(vocabulary: Vocabulary) -> Choices:
    lost = [Place(str(pk), lost=True) for pk in vocabulary.stages]
    elsewhere = [(str(place), words) for place, words in PLACES.items()]
    return [
        ("", "Choose where"),
        ("In a stage, not lost", _stages(vocabulary)),
        ("Anywhere", elsewhere),
        ("Lost", [(str(place), place_in_words(place, vocabulary.stages)) for place in lost]),
    ]


def form_of(segment: Segment | None, *, is_copy: bool = False) -> dict[str, Any]:
    """What the form of a segment begins with."""
    if segment is None:
        return {}
    name = f"Copy of {segment.name}"[:100] if is_copy else segment.name
    begins = {"name": name, "description": segment.description}
    return begins if is_copy else {**begins, "is_for_all": segment.is_for_all, "seen": segment.revision}


def first_typed(segments: Sequence[Segment | None]) -> list[list[Said]]:
    """The conditions that the form begins with: those of the first segment there is, else one that is still empty."""
    segment = next((one for one in segments if one), None)
    return as_typed(segment.asks) if segment else [[{}]]
