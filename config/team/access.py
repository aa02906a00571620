"""Who may open a view: the role it needs, and what others are told."""

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config.team.roles import Role

View = Callable[..., HttpResponseBase]


def role_required(role: Role) -> Callable[[View], View]:
    """Let in team members of at least this role. Others get PermissionDenied, naming the role needed."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponseBase:
            require(request, role)
            return view(request, *args, **kwargs)

        guarded.role_required = role  # type: ignore[attr-defined]
        return guarded

    return decorate


def require(request: HttpRequest, role: Role) -> None:
    """Raise PermissionDenied, naming the role needed, unless the person signed in has it."""
    if request.user.role < role:  # type: ignore[union-attr]
        raise PermissionDenied(f"This needs the role {role.label}.")
