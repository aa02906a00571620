"""How guessing of passwords is slowed down: by e-mail and address together."""

from typing import Any

from django.http import HttpRequest


def attempted_email(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The e-mail somebody tries to sign in with, in one case: Ana@ and ana@ are one person and one count."""
    given = (credentials or {}).get("username") or request.POST.get("username") or ""
    return str(given).strip().lower()[:254]
