"""Forms of whoever comes by a single-use link."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from config.team.models import TeamMember

PASSWORD_HELP = "At least 8 characters, not only digits, nothing that is easily guessed."


class NewPasswordField(forms.CharField):
    """A password that somebody chooses. What they typed stays, where something else has to be corrected."""

    def __init__(self, *, label: str = "Password") -> None:
        super().__init__(
            label=label,
            strip=False,
            help_text=PASSWORD_HELP,
            widget=forms.PasswordInput({"autocomplete": "new-password"}, render_value=True),
            error_messages={"required": "Choose a password."},
        )


class AnotherPasswordForm(forms.Form):
    """A password of one's own choosing."""

    password = NewPasswordField(label="New password")

    def __init__(self, *args: Any, member: TeamMember, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        self._member = member

    def clean_password(self) -> str:
        validate_password(self.cleaned_data["password"], self._member)
        return self.cleaned_data["password"]


class JoinForm(forms.Form):
    """Name and password of somebody new."""

    name = forms.CharField(
        max_length=150,
        help_text="History shows it beside what you change.",
        widget=forms.TextInput({"autocomplete": "name"}),
        error_messages={"required": "Give your name."},
    )
    password = NewPasswordField()

    def __init__(self, *args: Any, email: str = "", **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        self._email = email

    def clean(self) -> dict[str, Any]:
        """A password that resembles name or e-mail is refused beside it."""
        given = super().clean() or self.cleaned_data
        if password := given.get("password"):
            member = TeamMember(email=given.get("email", self._email), name=given.get("name", ""))
            try:
                validate_password(password, member)
            except ValidationError as weak:
                self.add_error("password", weak)
        return given


class ForgottenPasswordForm(forms.Form):
    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "username"}),
        error_messages={"required": "Give your e-mail."},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
