"""Forms of the team: who is invited, and what a team member may do."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from config.team.models import TeamMember
from config.team.roles import Role

MAY = {
    Role.VIEWER: "Reads everything, and keeps segments of their own",
    Role.OPERATOR: "Also edits contacts, moves single ones, and marks lost up to 500",
    Role.MARKETER: "Also moves many, imports, exports, and shapes the funnel",
    Role.ADMINISTRATOR: "Also manages the team, erases people, and lets applications in",
}


EMAIL_TAKEN = "A team member with this e-mail exists already."


class RoleField(forms.TypedChoiceField):
    """A choice of a role, with what each may do."""

    def __init__(self, **options: Any) -> None:
        choices = [(str(role.value), f"{role.label}: {may[0].lower()}{may[1:]}") for role, may in MAY.items()]
        super().__init__(
            choices=choices,
            coerce=lambda value: Role(int(value)),
            widget=forms.RadioSelect,
            error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose a role."),
            **options,
        )


class InviteForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        label="E-mail", max_length=254, error_messages={"required": "Give the e-mail of whom you invite."}
    )
    role = RoleField(initial=str(Role.VIEWER.value))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})


class EditMemberForm(forms.ModelForm):
    """What somebody is called, where mail for them goes, and what they may do."""

    role = RoleField()

    class Meta:
        model = TeamMember
        fields = ["name", "email"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        role = self.instance.stored_role
        self.initial["role"] = str(role.value) if role else None
        self.fields["name"].error_messages["required"] = "Give a name."
        self.fields["email"].help_text = "They sign in with it."
        self.fields["email"].error_messages["required"] = "Give an e-mail."

    def clean_email(self) -> str:
        email = TeamMember.objects.normalize_email(self.cleaned_data["email"])
        if TeamMember.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(EMAIL_TAKEN)
        return email
