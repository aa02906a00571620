"""Who calls: by password, by a token of ours, or by an OAuth2 token. Never by cookie."""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils import timezone
from oauth2_provider.models import AccessToken

from config.api.answers import NOT_ALLOWED, UNKNOWN_CALLER, ApiError
from config.api.bodies import body_of, is_form, query_of
from config.api.passwords import verified
from config.team.actions import note_use_of_token
from config.team.models import ApiToken, TeamMember
from config.team.queries import member_signing_in, token_of
from config.team.roles import Role

LOCKED_OUT = "Too many wrong passwords. Wait a quarter of an hour."
TOKEN_INVALID = "The access token provided is invalid."
TOKEN_EXPIRED = "The access token provided has expired."
LOCKED_OUT_SECONDS = 900

_CHALLENGE = 'Basic realm="Funnelbook", charset="UTF-8"'


@dataclass(frozen=True, slots=True)
class Caller:
    """The person behind a request, and the role it has: that of the person, or less where a token's scope is less.

    `token` is the id of the token of ours that was used, `application` that of the OAuth2 application. `may_write` is
    not so for a token that may only read, whoever it belongs to.
    """

    member: TeamMember
    role: Role
    token: int | None = None
    application: int | None = None
    may_write: bool = True

    @property
    def name(self) -> str:
        """What tells callers apart: each token, and each application together with whom it acts as."""
        return f"token {self.token}" if self.token else f"application {self.application} for {self.member.pk}"

    def needs(self, role: Role) -> None:
        """Raise ApiError, 403, unless the caller has this role or a stronger one."""
        if self.role < role:
            raise ApiError(403, NOT_ALLOWED)


def caller_of(request: HttpRequest) -> Caller:
    """Who calls. Two queries by token, and by a password that was verified lately.

    Raises:
        ApiError: 401 for nobody, or somebody unknown; 429 after too many wrong passwords.
    """
    scheme, _, credentials = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == "basic":
        return _by_password(request, credentials.strip())
    if scheme and scheme.lower() != "bearer":
        raise _unknown(UNKNOWN_CALLER)
    token = next(filter(None, (credentials.strip(), *_tokens_said(request))), None)
    if not token:
        raise _unknown(UNKNOWN_CALLER)
    return _by_token(token)


def bearer_of(request: HttpRequest) -> Caller:
    """Who calls, by a token in the header alone. Two queries.

    Raises:
        ApiError: 401.
    """
    scheme, _, credentials = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or not credentials.strip():
        raise _unknown(UNKNOWN_CALLER)
    return _by_token(credentials.strip())


def _tokens_said(request: HttpRequest) -> Iterator[str]:
    """Tokens in the query string and in a form."""
    yield str(query_of(request).get("access_token") or "")
    if is_form(request):
        form = body_of(request)
        yield str(form.get("access_token") or "") if isinstance(form, dict) else ""


def _by_token(token: str) -> Caller:
    return _by_token_of_ours(token) if token.startswith(ApiToken.BEGINNING) else _by_oauth(token)


def _by_token_of_ours(secret: str) -> Caller:
    token = token_of(secret)
    if token is None or token.revoked_at or not token.owner.is_active:
        raise _unknown(TOKEN_INVALID)
    if token.expires_at and token.expires_at <= timezone.now():
        raise _unknown(TOKEN_EXPIRED)
    note_use_of_token(token=token, by=token.owner)
    return _within(token.strongest_role, token.owner, token=token.pk)


def _by_oauth(secret: str) -> Caller:
    """An application acts as the person who let it in; with its own credentials, as the person it belongs to."""
    checksum = hashlib.sha256(secret.encode(errors="replace")).hexdigest()
    token = AccessToken.objects.select_related("user", "application__user").filter(token_checksum=checksum).first()
    member = token and (token.user or (token.application and token.application.user))
    if not token or not member or not member.is_active:
        raise _unknown(TOKEN_INVALID)
    if token.is_expired():
        raise _unknown(TOKEN_EXPIRED)
    return _within(ApiToken.strongest_role_of(token.scope.split()), member, application=token.application_id)


def _within(strongest: Role, member: TeamMember, **by: int | None) -> Caller:
    """A member who calls by what is worth at most this role."""
    return Caller(member, min(member.role, strongest), may_write=strongest > Role.VIEWER, **by)


def _by_password(request: HttpRequest, credentials: str) -> Caller:
    """Raises ApiError, 401 or 429. Wrong passwords count as on the sign-in page, by name and address together."""
    try:
        name, colon, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise _unknown(UNKNOWN_CALLER) from None
    if not name or not colon or "\0" in name + password:
        raise _unknown(UNKNOWN_CALLER)
    member = member_signing_in(name)
    if not member or not member.is_active:
        return _verified(request, name, password)
    if verified.know(member, password):
        return Caller(member, member.role)
    with verified.turn_of(member):
        if verified.know(member, password):
            return Caller(member, member.role)
        return _verified(request, member.email, password)


def _verified(request: HttpRequest, email: str, password: str) -> Caller:
    found = authenticate(request, username=email, password=password)
    if request.__dict__.pop("axes_locked_out", False):
        raise ApiError(429, LOCKED_OUT, Retry_After=str(LOCKED_OUT_SECONDS))
    if not isinstance(found, TeamMember):
        raise _unknown(UNKNOWN_CALLER)
    verified.remember(found, password)
    return Caller(found, found.role)


def _unknown(message: str) -> ApiError:
    return ApiError(401, message, WWW_Authenticate=_CHALLENGE)
