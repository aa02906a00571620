"""Forms of signing in, of one's own account and of the organisation."""

import zoneinfo
from functools import lru_cache
from itertools import groupby

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from config.team.models import Organisation, TeamMember

_CONTINENTS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)

Choices = list[tuple[str, str | list[tuple[str, str]]]]


@lru_cache(maxsize=1)
def time_zone_choices() -> Choices:
    """UTC, then the zones of the IANA database that are named after a place, by continent."""
    names = sorted(name for name in zoneinfo.available_timezones() if name.partition("/")[0] in _CONTINENTS)
    by_continent = groupby(names, key=lambda name: name.partition("/")[0])
    return [
        ("UTC", "UTC"),
        *((continent, [(name, _place(name)) for name in zones]) for continent, zones in by_continent),
    ]


def _place(name: str) -> str:
    """America/Argentina/Buenos_Aires is Buenos Aires, Argentina."""
    _, *places = name.replace("_", " ").split("/")
    return ", ".join(reversed(places))


class TimeZoneField(forms.ChoiceField):
    """A list of time zones. One stored under an older name stays choosable."""

    def __init__(self, *, nothing: str = "", **options) -> None:
        """`nothing` is what an empty choice says; without it there is none."""
        super().__init__(choices=[*([("", nothing)] if nothing else []), *time_zone_choices()], **options)

    def valid_value(self, value: str) -> bool:
        return value in zoneinfo.available_timezones()

    def prepare_value(self, value: str | None) -> str | None:
        """What is stored or was typed is in the list, to be kept or corrected where it stands."""
        if value and not super().valid_value(value):
            self.choices = [*self.widget.choices, (value, value)]
        return value


class SignInForm(AuthenticationForm):
    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "E-mail and password do not belong together.",
        "inactive": "This account was switched off. An administrator can switch it on again.",
    }

    def __init__(self, request=None, *args, **kwargs) -> None:
        super().__init__(request, *args, **kwargs)
        self.label_suffix = ""
        self.fields["username"].label = "E-mail"
        self.fields["username"].widget = forms.EmailInput(attrs={"autocomplete": "username", "maxlength": 254})
        self.fields["username"].error_messages["required"] = "Give your e-mail."
        self.fields["password"].error_messages["required"] = "Give your password."

    def get_invalid_login_error(self) -> ValidationError:
        """The error beside the password. It does not say whether the e-mail is known."""
        return ValidationError(
            {"password": ValidationError(self.error_messages["invalid_login"], code="invalid_login")}
        )


class ConfirmPasswordForm(forms.Form):
    """The password of the person signed in, once more. Wrong ones count as on the sign-in page."""

    present_password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password", "data-takes-focus": True}),
        error_messages={"required": "Give your password."},
    )

    def __init__(self, *args, request: HttpRequest, **kwargs) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self._request = request

    def clean_present_password(self) -> str:
        password = self.cleaned_data["present_password"]
        member = self._request.user
        if authenticate(self._request, username=member.email, password=password) != member:  # type: ignore[union-attr]
            raise ValidationError("This is not your password.")
        return password


class MyAccountForm(forms.ModelForm):
    time_zone = TimeZoneField(required=False, help_text="Times of single changes are shown in it.")

    class Meta:
        model = TeamMember
        fields = ["name", "theme", "time_zone", "shortcuts", "mail_when_run_ends"]
        widgets = {"theme": forms.RadioSelect}
        help_texts = {"name": "History shows it beside what you change."}
        labels = {"shortcuts": "Single-letter shortcuts", "mail_when_run_ends": "E-mail when a run has ended"}

    def __init__(self, *args, organisation: Organisation, **kwargs) -> None:
        kwargs["label_suffix"] = ""
        super().__init__(*args, **kwargs)
        self.fields["time_zone"] = TimeZoneField(
            required=False,
            nothing=f"As the organisation ({organisation.time_zone})",
            help_text="Times of single changes are shown in it.",
        )
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        told = "A run that you started, and that took longer than a minute."
        silent = "" if settings.SENDS_MAIL else " At present this Funnelbook sends no mail."
        self.fields["mail_when_run_ends"].help_text = told + silent
        self.fields["shortcuts"].help_text = "Keys without Ctrl or Alt: / goes to the search, g and a letter to a page."


class MyPasswordForm(PasswordChangeForm):
    def __init__(self, *args, **kwargs) -> None:
        kwargs["label_suffix"] = ""
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = "Present password"
        self.fields["old_password"].widget.attrs.pop("autofocus", None)
        self.fields["new_password1"].label = "New password"
        self.fields[
            "new_password1"
        ].help_text = "At least 8 characters, not only digits, nothing that is easily guessed."
        self.fields["new_password2"].label = "New password again"
        self.fields["new_password2"].help_text = ""


class OrganisationForm(forms.ModelForm):
    time_zone = TimeZoneField(help_text="Days, weeks and months of reports begin at its midnight.")

    class Meta:
        model = Organisation
        fields = ["name", "time_zone", "first_day_of_week"]
        widgets = {"first_day_of_week": forms.RadioSelect}

    def __init__(self, *args, **kwargs) -> None:
        kwargs["label_suffix"] = ""
        super().__init__(*args, **kwargs)
