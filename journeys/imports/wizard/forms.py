"""Forms of an import: the file, what its columns are, and what is wanted of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.text import capfirst

from contacts.labels.queries import labels_by_name
from contacts.models import Attribute, Contact
from journeys.imports.columns import LABEL, SINCE, STAGE, guess, is_date
from journeys.imports.dates import DateFormat
from journeys.imports.fields import FIELDS, CellRefused, parse_label
from journeys.imports.models import Import
from journeys.imports.options import Does, ImportOptions, Key, OnEarlier, Whom
from journeys.imports.reading import MAX_LABELS, tidy
from stages.models import Stage

OVERWRITE, FILL = "overwrite", "fill"
REFUSE, NOBODY = "refuse", "nobody"
"""In place of a stage: rows with a name are refused, or move nobody."""

BOTH_KEYS = "both"


class NewImportForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label="CSV file",
        widget=forms.FileInput({"accept": ".csv,.tsv,.txt,text/csv"}),
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        self.fields["file"].help_text = (
            f"Up to {_size(settings.IMPORT_LARGEST_FILE)}, in UTF-8, with one line of column names. In Excel: File, "
            "Save As, “CSV UTF-8”."
        )

    def clean_file(self) -> UploadedFile:
        file = self.cleaned_data["file"]
        if file.size > settings.IMPORT_LARGEST_FILE:
            largest = _size(settings.IMPORT_LARGEST_FILE)
            raise ValidationError(
                f"The file is larger than {largest}. Cut it into several, each with its column names."
            )
        return file


def _size(number: int) -> str:
    return filesizeformat(number).replace("\xa0", " ").replace(".0 ", " ")


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """One column as the form shows it: its name, some of its cells, and the fields about it."""

    name: str
    samples: Sequence[str]
    target: forms.BoundField
    overwrite: forms.BoundField
    dates: forms.BoundField | None
    written: str


class ColumnsForm(forms.Form):
    """What each column is, whether it overwrites, and how its dates are written where several ways fit."""

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        asked: Import,
        options: ImportOptions | None,
        attributes: Sequence[Attribute],
    ) -> None:
        """Begin with what was matched before; without that, with a guess."""
        super().__init__(data, label_suffix="")
        self._asked = asked
        self._attributes = {f"attributes.{attribute.key}": attribute for attribute in attributes}
        self._date_attributes = [
            target for target, attribute in self._attributes.items() if attribute.type == Attribute.Type.DATE
        ]
        self._seen = asked.notes["columns"]
        choices = self._choices()
        before = options or ImportOptions(mapping={})
        targets = _targets(asked, options) or self._guess()
        for number, (column, target) in enumerate(zip(asked.columns, targets, strict=True)):
            self.fields[f"target-{number}"] = forms.ChoiceField(
                label=f"What “{column}” is", choices=choices, required=False, initial=target
            )
            self.fields[f"overwrite-{number}"] = forms.ChoiceField(
                label=f"What “{column}” does",
                choices=[(OVERWRITE, "Overwrite"), (FILL, "Only where empty")],
                required=False,
                initial=FILL if column in before.only_where_empty else OVERWRITE,
            )
            if ways := self._ways(number):
                self.fields[f"dates-{number}"] = forms.ChoiceField(
                    label=f"How the dates in “{column}” are written",
                    choices=[("", "Which date format?"), *((written, _in_words(written)) for written in ways)],
                    required=False,
                    initial=before.date_formats.get(column, ""),
                )

    def _guess(self) -> list[str]:
        names = {
            name.lower(): attribute.key
            for attribute in self._attributes.values()
            for name in (attribute.key, attribute.name)
        }
        return guess(self._asked.columns, self._asked.notes, names)

    def _choices(self) -> list[tuple[str, Any]]:
        of_contact = [(name, capfirst(Contact._meta.get_field(name).verbose_name)) for name in FIELDS]  # type: ignore[union-attr]
        of_attributes = [(target, attribute.name) for target, attribute in self._attributes.items()]
        groups: list[tuple[str, Any]] = [
            ("", "Leave out"),
            ("Contact", of_contact),
            ("Customer journey", [(STAGE, "Stage"), (SINCE, "In that stage since"), (LABEL, "Label")]),
        ]
        return [*groups, ("Attributes", of_attributes)] if of_attributes else groups

    def _ways(self, number: int) -> list[DateFormat]:
        """The date formats to choose from: those that fit every cell, or, for what is called a date, any."""
        fit = self._fitting(number)
        if len(fit) > 1:
            return fit
        is_called_a_date = self.is_bound and is_date(self.data.get(f"target-{number}", ""), self._date_attributes)
        return list(DateFormat) if is_called_a_date and not fit else []

    def _fitting(self, number: int) -> list[DateFormat]:
        return [DateFormat(written) for written in self._seen[number]["dates"]]

    @property
    def rows(self) -> list[ColumnRow]:
        return [
            ColumnRow(
                name=column,
                samples=self._seen[number]["samples"],
                target=self[f"target-{number}"],
                overwrite=self[f"overwrite-{number}"],
                dates=self[f"dates-{number}"] if f"dates-{number}" in self.fields else None,
                written=fit[0].example if len(fit := self._fitting(number)) == 1 else "",
            )
            for number, column in enumerate(self._asked.columns)
        ]

    def clean(self) -> dict[str, Any]:
        taken: dict[str, str] = {}
        for number, column in enumerate(self._asked.columns):
            target = self.cleaned_data.get(f"target-{number}")
            if not target:
                continue
            if target in taken:
                words = self._in_words(target)
                self.add_error(f"target-{number}", f"“{taken[target]}” is {words} already. Leave one of them out.")
            taken.setdefault(target, column)
            if target == LABEL and not self._seen[number]["may_be_labels"]:
                self.add_error(
                    f"target-{number}", f"It has more than {MAX_LABELS:,} different values: too many for labels."
                )
            if is_date(target, self._date_attributes) and self._needs_a_format(number):
                self.add_error(f"dates-{number}", "Say how the dates of this column are written.")
        if not self.errors and not {"email", "external_id"} & taken.keys():
            raise ValidationError("Match a column to E-mail or External id: contacts are known by one of them.")
        return self.cleaned_data

    def _needs_a_format(self, number: int) -> bool:
        name = f"dates-{number}"
        return name in self.fields and name not in self.errors and not self.cleaned_data.get(name)

    def _in_words(self, target: str) -> str:
        for key, words in self._choices():
            for one, name in words if isinstance(words, list) else [(key, words)]:
                if one == target:
                    return name
        return target

    def options_after(self, before: ImportOptions) -> ImportOptions:
        """The options with the columns as this form says; all else as it was."""
        of: dict[str, str] = {}
        formats: dict[str, DateFormat] = {}
        filling = []
        for number, column in enumerate(self._asked.columns):
            target = self.cleaned_data[f"target-{number}"]
            if not target:
                continue
            of[target] = column
            if self.cleaned_data[f"overwrite-{number}"] == FILL:
                filling.append(column)
            if is_date(target, self._date_attributes):
                fit = self._fitting(number)
                said = self.cleaned_data.get(f"dates-{number}")
                formats[column] = DateFormat(said) if said else fit[0] if fit else DateFormat.ISO
        journey = {target: of.pop(target, None) for target in (STAGE, SINCE, LABEL)}
        moved: dict[str, Any] = {}
        if journey[STAGE] != before.stage_column:  # what was said of the other column means nothing here
            moved = {"stage_for": Whom.ALL if journey[STAGE] else Whom.NONE, "stage": None, "stage_names": {}}
        return replace(
            before,
            mapping={column: target for target, column in of.items()},
            only_where_empty=tuple(column for column in filling if column not in journey.values()),
            date_formats=formats,
            stage_column=journey[STAGE],
            since_column=journey[SINCE],
            label_column=journey[LABEL],
            **moved,
        )


def _targets(asked: Import, options: ImportOptions | None) -> list[str]:
    """What each column was matched to; nothing where the columns are others."""
    if options is None:
        return []
    by_column = {tidy(column).casefold(): target for column, target in options.mapping.items()}
    for target, column in ((STAGE, options.stage_column), (SINCE, options.since_column), (LABEL, options.label_column)):
        if column:
            by_column[tidy(column).casefold()] = target
    return [by_column.get(column.casefold(), "") for column in asked.columns]


def _in_words(written: DateFormat) -> str:
    order = {
        DateFormat.ISO: "Year first",
        DateFormat.YEAR_FIRST: "Year first",
        DateFormat.DAY_FIRST: "Day first",
        DateFormat.MONTH_FIRST: "Month first",
    }
    return f"{order[written]}: {written.example} is 26 February"


class OptionsForm(forms.Form):
    """What is wanted: whom to add or change, labels, moves."""

    does = forms.ChoiceField(
        label="What the import does",
        widget=forms.RadioSelect,
        choices=[
            (Does.BOTH, "Add new contacts and change known ones"),
            (Does.CREATE, "Only add new contacts"),
            (Does.UPDATE, "Only change known ones"),
        ],
        error_messages={"required": "Say what the import does."},
    )
    key = forms.ChoiceField(
        label="A contact is known by",
        widget=forms.RadioSelect,
        choices=[
            (BOTH_KEYS, "External id, then e-mail"),
            (Key.EMAIL, "E-mail alone"),
            (Key.EXTERNAL_ID, "External id alone"),
        ],
        error_messages={"required": "Say what a contact is known by."},
    )
    labels = forms.CharField(
        label="Labels", required=False, widget=forms.Textarea({"rows": 2}), help_text="One a line. They are put on."
    )
    makes_labels = forms.BooleanField(
        label="Make labels that do not exist yet",
        required=False,
        help_text="Otherwise a row with the name of an unknown label is refused.",
    )
    labels_for = forms.ChoiceField(
        label="Labels are for",
        widget=forms.RadioSelect,
        choices=[(Whom.ALL, "All contacts of the file"), (Whom.NEW, "New contacts only")],
        error_messages={"required": "Say whom labels are for."},
    )
    stage_for = forms.ChoiceField(
        label="Who moves",
        widget=forms.RadioSelect,
        choices=[
            (Whom.NONE, "Nobody: new contacts get the default status"),
            (Whom.NEW, "New contacts only"),
            (Whom.ALL, "All contacts of the file"),
        ],
        error_messages={"required": "Say who moves."},
    )
    stage = forms.ChoiceField(
        label="Stage",
        required=False,
        error_messages={"invalid_choice": "This stage is closed by now. Choose another one."},
    )
    only_forward = forms.BooleanField(
        label="Move only forward",
        required=False,
        help_text="A row that would move a contact back, or recover a lost one, is refused.",
    )
    on_earlier = forms.ChoiceField(
        label="A date before the contact’s present status",
        widget=forms.RadioSelect,
        choices=[
            (OnEarlier.REFUSE, "Refuse the row"),
            (OnEarlier.NOW, "Move as of now, and keep the date beside it in the history"),
        ],
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        asked: Import,
        options: ImportOptions,
        stages: Sequence[Stage],
    ) -> None:
        super().__init__(data, label_suffix="", initial=_shown(options, stages))
        self._options = options
        self._stages = {str(stage.pk): stage for stage in stages}
        self.fields["stage"].choices = [("", "Choose a stage"), *self._named()]  # type: ignore[attr-defined]
        self.unknown = {f"stage-{number}": name for number, name in enumerate(_unknown_stages(asked, options, stages))}
        for field, name in self.unknown.items():
            meant = options.stage_names.get(name, REFUSE)
            self.fields[field] = forms.ChoiceField(
                label=f"“{name}”",
                choices=[(REFUSE, "Refuse these rows"), (NOBODY, "Move nobody"), *self._named()],
                initial=NOBODY if meant is None else str(meant),
                error_messages={
                    "required": "Say what this name means.",
                    "invalid_choice": "This stage is closed by now. Choose another one.",
                },
            )
        not_asked = set()
        if set(Key) - set(options.mapping.values()):
            not_asked.add("key")
        if options.stage_column:
            not_asked.add("stage")
        if not options.since_column:
            not_asked.add("on_earlier")
        for name in not_asked:
            del self.fields[name]

    def _named(self) -> list[tuple[str, str]]:
        return [(key, stage.name) for key, stage in self._stages.items()]

    @property
    def unknown_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.unknown]

    def clean_labels(self) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(name for line in self.cleaned_data["labels"].splitlines() if (name := tidy(line))))
        for name in names:
            try:
                parse_label(name)
            except CellRefused as refused:
                raise ValidationError(str(refused)) from None
        return names

    def clean(self) -> dict[str, Any]:
        names = self.cleaned_data.get("labels", ())
        if names and not self.cleaned_data.get("makes_labels"):
            known = labels_by_name(names)
            if unknown := [f"“{name}”" for name in names if name.lower() not in known]:
                self.add_error(
                    "labels",
                    f"There is no label {', '.join(unknown)}. Correct the name, or have it made: see the box below.",
                )
        moves = self.cleaned_data.get("stage_for") not in (None, Whom.NONE)
        if "stage" in self.fields and "stage" not in self.errors and moves and not self.cleaned_data.get("stage"):
            self.add_error("stage", "Choose a stage, or say that nobody moves.")
        return self.cleaned_data

    @property
    def options(self) -> ImportOptions:
        """The options with what this form says; the columns as they were."""
        said = self.cleaned_data
        stage = self._stages.get(said.get("stage", ""))
        moves = said["stage_for"] != Whom.NONE
        return replace(
            self._options,
            does=Does(said["does"]),
            key=Key(said["key"]) if said.get("key", BOTH_KEYS) != BOTH_KEYS else None,
            labels=said["labels"],
            makes_labels=said["makes_labels"],
            labels_for=Whom(said["labels_for"]),
            stage=stage.name if stage and moves else None,
            stage_for=Whom(said["stage_for"]),
            stage_names={
                name: None if meant == NOBODY else int(meant)
                for field, name in self.unknown.items()
                if (meant := said[field]) != REFUSE
            },
            backward=not said["only_forward"],
            on_earlier=OnEarlier(said.get("on_earlier") or OnEarlier.REFUSE),
        )


def _shown(options: ImportOptions, stages: Sequence[Stage]) -> dict[str, Any]:
    chosen = next((str(stage.pk) for stage in stages if stage.name == options.stage), "")
    return {
        "does": options.does,
        "key": options.key or BOTH_KEYS,
        "labels": "\n".join(options.labels),
        "makes_labels": options.makes_labels,
        "labels_for": options.labels_for,
        "stage_for": options.stage_for,
        "stage": chosen,
        "only_forward": not options.backward,
        "on_earlier": options.on_earlier,
    }


def _unknown_stages(asked: Import, options: ImportOptions, stages: Sequence[Stage]) -> list[str]:
    """Names in the column of stages that are no open stage's, whatever their case."""
    if not options.stage_column:
        return []
    known = {tidy(stage.name).lower() for stage in stages}
    names = asked.notes["columns"][asked.columns.index(options.stage_column)]["names"] or []
    return list({name.lower(): name for name in names if name.lower() not in known}.values())
