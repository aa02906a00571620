"""The form of a new API token."""

from datetime import datetime, timedelta

from django import forms
from django.utils import timezone

from config.team.models import ApiToken
from config.team.roles import Role

NEVER = "never"
LIFETIMES = [("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"), (NEVER, "Never")]

_NEEDS = {
    ApiToken.Scope.READ: Role.VIEWER,
    ApiToken.Scope.WRITE: Role.OPERATOR,
    ApiToken.Scope.ADMIN: Role.ADMINISTRATOR,
}
"""The weakest role to which a scope gives more than the one before it."""


class NewTokenForm(forms.ModelForm):
    """Name, scope and expiry. A scope that its owner's role does not reach is not offered."""

    lifetime = forms.ChoiceField(label="Expires", choices=LIFETIMES, initial="90", widget=forms.RadioSelect)

    class Meta:
        model = ApiToken
        fields = ["name", "scope"]
        widgets = {"scope": forms.RadioSelect}

    def __init__(self, *args, role: Role, **options) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        self.fields["name"].error_messages["required"] = "Say which application uses it."
        offered = [(scope.value, scope.label) for scope in ApiToken.Scope if _NEEDS[scope] <= role]
        self.fields["scope"].choices = offered  # type: ignore[attr-defined]

    @property
    def expires_at(self) -> datetime | None:
        """When the token that was asked for opens nothing any more."""
        chosen = self.cleaned_data["lifetime"]
        return None if chosen == NEVER else timezone.now() + timedelta(days=int(chosen))
