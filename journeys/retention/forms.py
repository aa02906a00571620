"""The form of how long details are kept."""

from django import forms


class RetentionForm(forms.Form):
    days = forms.IntegerField(
        label="Days after the end of a run",
        min_value=7,
        max_value=3650,
        error_messages={
            "required": "Give a number of days.",
            "invalid": "Give a number of days, such as 90.",
            "min_value": "Keep them for a week at least: until then, whoever did it can undo it.",
            "max_value": "Give 3,650 days at most: ten years.",
        },
    )

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
