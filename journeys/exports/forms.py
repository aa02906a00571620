"""The form of an export: which columns, and for which program."""

from collections.abc import Sequence
from itertools import groupby

from django import forms
from django.forms.boundfield import BoundWidget

from journeys.exports.columns import Column


class ExportForm(forms.Form):
    """Columns of a file. All are chosen to begin with."""

    columns = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one column.",
            "invalid_choice": "One of these columns is gone. Look at them again.",
        },
    )
    for_excel = forms.BooleanField(
        label="For Excel",
        required=False,
        help_text="Begins with a mark (UTF-8 with BOM) without which Excel shows Zoë as ZoÃ«.",
    )

    def __init__(self, *args, columns: Sequence[Column], **options) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        self.known = {column.code: column for column in columns}
        self.fields["columns"].choices = [(column.code, column.heading) for column in columns]  # type: ignore[attr-defined]
        self.fields["columns"].initial = list(self.known)

    @property
    def groups(self) -> list[tuple[str, list[BoundWidget]]]:
        """The boxes to tick, under the words that they belong to."""
        boxes = zip(self.known.values(), self["columns"].subwidgets, strict=True)
        return [
            (group, [box for _, box in members]) for group, members in groupby(boxes, key=lambda pair: pair[0].group)
        ]

    @property
    def chosen(self) -> list[Column]:
        """The columns chosen, in the order in which they are offered."""
        codes = set(self.cleaned_data["columns"])
        return [column for code, column in self.known.items() if code in codes]
