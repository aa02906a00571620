"""What may be asked of the list of contacts in the address of the page."""

from dataclasses import dataclass
from typing import Any

import django_filters
from django import forms
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.functional import cached_property

from config.team.models import TeamMember
from contacts.labels.queries import labels
from contacts.models import Contact
from journeys.book.queries import Anywhere, ContactQuery
from journeys.segments.queries import Matching, segments_for
from journeys.webforms.models import WebForm
from stages.models import Stage

LOST = {"yes": True, "no": False}
ANYWHERE = {"any": Anywhere.ANY_STAGE, "none": Anywhere.NO_STAGE}


OF_AN_IMPORT = RegexValidator(r"\A[0-9]{1,9}-(created|updated|unchanged)\Z")
"""A run and what became of contacts in it, such as `41-created`."""


class LostCheckbox(forms.CheckboxInput):
    """`lost=yes` as a checkbox. An address may also say `lost=no`."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:  # type: ignore[override]
        return data.get(name, "")

    def format_value(self, value: Any) -> str:
        return "yes"


class LostField(forms.ChoiceField):
    """Lost, not lost, or nothing said."""

    def __init__(self, **options: Any) -> None:
        options.pop("null_label", None)
        options.pop("empty_label", None)
        super().__init__(choices=[("", ""), ("yes", "Lost"), ("no", "Not lost")], **options)
        self.widget = LostCheckbox(check_test=lambda value: value == "yes")
        self.widget.is_required = False


class LostFilter(django_filters.Filter):
    field_class = LostField


class ContactFilter(django_filters.FilterSet):
    """Narrows the list of contacts. A value that means nothing narrows nothing, and is said beside the list."""

    q = django_filters.CharFilter(label="Search", max_length=200)
    stage = django_filters.ChoiceFilter(label="Stage", empty_label="All contacts")
    lost = LostFilter(label="Lost")
    label = django_filters.ChoiceFilter(label="Label", empty_label="Any label")
    segment = django_filters.ChoiceFilter(label="Segment", empty_label="Any segment")
    account_state = django_filters.ChoiceFilter(
        label="Account state", choices=Contact.AccountState, empty_label="Active or not"
    )
    imported = django_filters.CharFilter(label="Import", validators=[OF_AN_IMPORT])
    web_form = django_filters.ModelChoiceFilter(label="Web form", queryset=WebForm.objects.all())

    class Meta:
        model = Contact
        fields: list[str] = []

    def __init__(self, data: QueryDict, member: TeamMember) -> None:
        """Three queries: the stages, the labels and the segments that may be chosen.

        Args:
            member: who asks, and sees their own segments.
        """
        super().__init__(data, queryset=Contact.objects.none())
        self.stages = {str(stage.pk): stage for stage in Stage.objects.order_by("weight", "pk")}
        self.labels = {str(label.pk): label for label in labels()}
        self.segments = {str(segment.pk): segment for segment in segments_for(member)}
        self.filters["stage"].extra["choices"] = _stage_choices(list(self.stages.values()))
        self.filters["label"].extra["choices"] = [(pk, label.name) for pk, label in self.labels.items()]
        self.filters["segment"].extra["choices"] = [(pk, segment.name) for pk, segment in self.segments.items()]
        self.filters["q"].extra["widget"] = forms.TextInput(
            {"type": "search", "autocomplete": "off", "placeholder": "Name, e-mail, company, phone"}
        )
        self.problems = self._leave_out_what_means_nothing(data)

    def _leave_out_what_means_nothing(self, data: QueryDict) -> list[str]:
        """Take values that no choice has out of the form, and say so in a sentence each."""
        problems = []
        meant = data.copy()
        for name in self.form.errors:
            label = self.filters[name].label
            problems.append(f"{label}: the address asks for something unknown, and the list is not narrowed by it.")
            meant.pop(name, None)
        self.data = meant
        del self._form
        return problems

    @property
    def said(self) -> dict[str, str]:
        """What the address says that means something."""
        self.form.is_valid()
        return {name: _as_said(value) for name, value in self.form.cleaned_data.items() if value}

    @cached_property
    def query(self) -> ContactQuery:
        """What the list is asked for. One query, if a segment is."""
        said = self.said
        stage = said.get("stage", "")
        return ContactQuery(
            search=said.get("q", ""),
            stage=ANYWHERE.get(stage) or (int(stage) if stage else None),
            lost=LOST.get(said.get("lost", "")),
            labels=(int(said["label"]),) if "label" in said else (),
            account_state=said.get("account_state", ""),
            imported=said.get("imported", ""),
            segment=Matching.of(self.segments[said["segment"]]) if "segment" in said else None,
            web_form=int(said["web_form"]) if "web_form" in said else None,
        )

    @property
    def chips(self) -> "list[FilterChip]":
        """The conditions that hold, in words, each with the address parameters that say it."""
        said = self.said
        chips = []
        if "q" in said:
            chips.append(FilterChip(f"“{said['q']}”", ("q",)))
        if "stage" in said or "lost" in said:
            chips.append(self._place_chip(said.get("stage", ""), is_lost=said.get("lost") == "yes"))
        if "label" in said:
            label = self.labels[said["label"]]
            chips.append(FilterChip(f"Carries {label.name}", ("label",), label.colour))
        if "segment" in said:
            chips.append(FilterChip(f"Matches {self.segments[said['segment']]}", ("segment",)))
        if "account_state" in said:
            chips.append(FilterChip(f"Account {said['account_state']}", ("account_state",)))
        if "web_form" in said:
            chips.append(FilterChip(f"Sent {self.form.cleaned_data['web_form']}", ("web_form",)))
        if "imported" in said:
            run, _, outcome = said["imported"].partition("-")
            chips.append(FilterChip(f"{outcome.capitalize()} by run {run}", ("imported",)))
        return chips

    def _place_chip(self, value: str, *, is_lost: bool) -> "FilterChip":
        stage = self.stages.get(value)
        names = {"": "", "any": "any stage", "none": ""}
        name = stage.name if stage else names[value]
        if is_lost:
            words = f"Lost from {name}" if name else "Lost, no stage" if value == "none" else "Lost"
        else:
            words = f"In {name}" if name else "No status yet" if value == "none" else "Not lost"
        return FilterChip(words, ("stage", "lost"), stage.colour if stage else "")


@dataclass(frozen=True, slots=True)
class FilterChip:
    """A condition that holds: in words, and the parameters of the address that say it."""

    words: str
    parameters: tuple[str, ...]
    colour: str = ""


def _as_said(value: Any) -> str:
    """What an address says: of a web form, its number."""
    return str(value.pk) if isinstance(value, WebForm) else value


def _stage_choices(stages: list[Stage]) -> list[tuple[str, Any]]:
    retired = [(str(stage.pk), stage.name) for stage in stages if stage.retired_at]
    in_use = [(str(stage.pk), stage.name) for stage in stages if not stage.retired_at]
    choices: list[tuple[str, Any]] = [("any", "In any stage"), *in_use, ("none", "No status yet")]
    return [*choices, ("Retired", retired)] if retired else choices
