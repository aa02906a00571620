"""An application that calls the API, as tests see it: with a token of its own, in JSON or as a form."""

import json
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client

from config.team.actions import create_token
from config.team.models import ApiToken, TeamMember

JSON, FORM = "json", "form"


class Application:
    """Calls `/api` as a team member. `encoding` says how it writes bodies."""

    def __init__(
        self, member: TeamMember | None, *, encoding: str = JSON, scope: ApiToken.Scope = ApiToken.Scope.ADMIN
    ) -> None:
        self.client = Client(raise_request_exception=True)
        self.encoding = encoding
        self.headers: dict[str, str] = {}
        self.token: ApiToken | None = None
        if member:
            self.token, secret = create_token(name="Sync", scope=scope, expires_at=None, by=member)
            self.headers["Authorization"] = f"Bearer {secret}"

    def call(self, method: str, path: str, said: Any = None, **headers: str) -> HttpResponse:
        """One request. `said` is written in this application's encoding; `bytes` and `str` go as they are."""
        content_type = "application/json" if self.encoding == JSON else "application/x-www-form-urlencoded"
        if said is None:
            body: Any = b""
        elif isinstance(said, bytes | str):
            body = said
        else:
            body = json.dumps(said) if self.encoding == JSON else urlencode(form_pairs(said), errors="surrogatepass")
        return self.client.generic(method, f"/api{path}", body, content_type, headers={**self.headers, **headers})

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, said: Any = None) -> HttpResponse:
        return self.call("POST", path, said)

    def put(self, path: str, said: Any = None) -> HttpResponse:
        return self.call("PUT", path, said)

    def patch(self, path: str, said: Any = None) -> HttpResponse:
        return self.call("PATCH", path, said)

    def delete(self, path: str, said: Any = None) -> HttpResponse:
        return self.call("DELETE", path, said)


def form_pairs(said: Any, name: str = "") -> list[tuple[str, str]]:
    """Data as PHP writes it into a form: `a[b][0]=x`, true as 1, and nothing as an empty text."""
    if isinstance(said, dict | list):
        items = said.items() if isinstance(said, dict) else enumerate(said)
        return [pair for key, value in items for pair in form_pairs(value, f"{name}[{key}]" if name else str(key))]
    text = "" if said is None else str(int(said)) if isinstance(said, bool) else str(said)
    return [(name, text)]


def error(status: int, message: str, details: Any = None) -> dict[str, Any]:
    """The one shape of errors."""
    return {"errors": [{"code": status, "message": message, "details": details or [], "type": None}]}
