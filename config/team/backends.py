"""How a role becomes a permission."""

from django.contrib.auth.backends import ModelBackend

from config.team.models import TeamMember
from config.team.roles import Role


class RoleBackend(ModelBackend):
    """Signing in by e-mail; in the Django admin an Administrator has every permission, others none."""

    def has_perm(self, user_obj, perm, obj=None) -> bool:
        return isinstance(user_obj, TeamMember) and user_obj.role is Role.ADMINISTRATOR

    def has_module_perms(self, user_obj, app_label) -> bool:
        return self.has_perm(user_obj, app_label)
