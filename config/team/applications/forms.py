"""The form of a new OAuth2 application."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from oauth2_provider.models import Application

GRANTS = [
    (Application.GRANT_CLIENT_CREDENTIALS, "By itself: with its own credentials, it acts as you"),
    (Application.GRANT_AUTHORIZATION_CODE, "For people: each is asked, and it acts as whoever let it in"),
]


class NewApplicationForm(forms.ModelForm):
    """Name, how it works, and where people are sent back to."""

    authorization_grant_type = forms.ChoiceField(
        label="How it works", choices=GRANTS, initial=GRANTS[0][0], widget=forms.RadioSelect
    )
    redirect_uris = forms.CharField(
        label="Redirect addresses",
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 2}),
        help_text="Where people are sent back to, one on a line. Only for an application that works for people.",
    )

    class Meta:
        model = Application
        fields = ["name", "authorization_grant_type", "redirect_uris"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        self.fields["name"].required = True
        self.fields["name"].label = "Name"
        self.fields["name"].error_messages["required"] = "Give the application a name."

    def _update_errors(self, errors: ValidationError) -> None:
        """What stands beside a field already is not said again in the model's words."""
        news = {field: said for field, said in errors.error_dict.items() if field not in self.errors}
        if news:
            super()._update_errors(ValidationError(news))  # type: ignore[misc]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        grant = given.get("authorization_grant_type")
        given["redirect_uris"] = " ".join(given.get("redirect_uris", "").split())
        if grant == Application.GRANT_CLIENT_CREDENTIALS:
            given["redirect_uris"] = ""
        elif grant and not given["redirect_uris"] and "redirect_uris" not in self.errors:
            self.add_error("redirect_uris", "Say where people are sent back to.")
        return given
