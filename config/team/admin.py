"""Team members and their roles in the Django admin, until they have a page of their own."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from config.admin import DataFixAdmin
from config.team.actions import LastAdministrator, add_team_member, change_team_member
from config.team.models import TeamMember
from config.team.queries import administrators
from config.team.roles import Role


class TeamMemberForm(forms.ModelForm):
    """Who somebody is and what they may do."""

    role = forms.TypedChoiceField(
        choices=[(role.value, role.label) for role in Role],
        coerce=lambda value: Role(int(value)),
        initial=Role.VIEWER.value,
    )
    new_password = forms.CharField(
        label="Password", required=False, strip=False, widget=forms.PasswordInput({"autocomplete": "new-password"})
    )

    class Meta:
        model = TeamMember
        fields: ClassVar = ["email", "name", "is_active"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs["autocomplete"] = "username"
        if self.instance.pk:
            self.initial["role"] = self.instance.role.value if self.instance.is_active else self._stored_role()
            self.fields["new_password"].help_text = "Leave empty to keep the present one."
        else:
            self.fields["new_password"].required = True

    def _stored_role(self) -> int:
        """The role that somebody inactive had and would have again."""
        names = set(self.instance.groups.values_list("name", flat=True))
        return max((role for role in Role if role.label in names), default=Role.NONE).value

    def clean_new_password(self) -> str:
        password = self.cleaned_data["new_password"]
        if password:
            validate_password(password, self.instance)
        return password

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        stays = given.get("is_active") and given.get("role") is Role.ADMINISTRATOR
        is_last = self.instance.pk and list(administrators()[:2]) == [self.instance]
        if is_last and not stays and "role" in given:
            self.add_error("role" if given.get("is_active") else "is_active", LastAdministrator.sentence)
        return given


@admin.register(TeamMember)
class TeamMemberAdmin(DataFixAdmin):
    """People are deactivated when they leave, never deleted: history names them."""

    form = TeamMemberForm
    list_display = ["name", "email", "role_name", "is_active", "last_login"]
    list_filter = ["is_active"]
    ordering = ["name", "id"]
    search_fields = ["name", "email"]
    fields = ["email", "name", "role", "is_active", "new_password"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="role")
    def role_name(self, member: TeamMember) -> str:
        return member.role.label

    def save_model(self, request: HttpRequest, obj: TeamMember, form: TeamMemberForm, change: bool) -> None:
        """Through the actions. Raises ValidationError for the last administrator."""
        given = dict(form.cleaned_data)
        given["password"] = given.pop("new_password")
        by: TeamMember = request.user  # type: ignore[assignment]
        if not change:
            obj.pk = add_team_member(
                email=given["email"], name=given["name"], password=given["password"], role=given["role"], by=by
            ).pk
            return
        try:
            change_team_member(member=obj, by=by, **given)
        except LastAdministrator as last:
            raise ValidationError(str(last)) from last
        if given["password"] and obj == by:
            update_session_auth_hash(request, obj)
