"""What went wrong, as `/api/v1` says it: problem details (RFC 9457) with a code that does not change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from config.api.answers import ApiError

PREFIX = "/api/v1"
CONTENT_TYPE = "application/problem+json"

UNREADABLE = "unreadable"
UNKNOWN_CALLER = "unknown_caller"
NOT_ALLOWED = "not_allowed"
NOT_FOUND = "not_found"
OTHER_METHOD = "other_method"
TAKEN = "taken"
IN_PROGRESS = "in_progress"
CHANGED_MEANWHILE = "changed_meanwhile"
NUMBERS_CHANGED = "numbers_changed"
CANNOT_BE_UNDONE = "cannot_be_undone"
RUN_HAS_ENDED = "run_has_ended"
DECIDED_BEFORE = "decided_before"
ERASED = "erased"
TOO_LARGE = "too_large"
INVALID = "invalid"
KEY_REUSED = "key_reused"
TOO_MANY_REQUESTS = "too_many_requests"
BROKEN = "broken"
DISK_NEARLY_FULL = "disk_nearly_full"

CODES: dict[str, tuple[int, str]] = {
    UNREADABLE: (400, "The request cannot be read."),
    UNKNOWN_CALLER: (401, "Nobody is known by this."),
    NOT_ALLOWED: (403, "The role or the scope does not reach so far."),
    NOT_FOUND: (404, "There is no such thing."),
    OTHER_METHOD: (405, "This path knows another method."),
    TAKEN: (409, "Something else has this already."),
    IN_PROGRESS: (409, "The same request is not answered yet."),
    CHANGED_MEANWHILE: (409, "Somebody changed this meanwhile."),
    NUMBERS_CHANGED: (409, "It would do something else now than was shown."),
    CANNOT_BE_UNDONE: (409, "There is nothing to put back."),
    RUN_HAS_ENDED: (409, "There is nothing left to cancel."),
    DECIDED_BEFORE: (409, "Somebody decided before."),
    ERASED: (410, "Whom this was about was erased since."),
    TOO_LARGE: (413, "The body is too large."),
    INVALID: (422, "Something in the request is not valid."),
    KEY_REUSED: (422, "The Idempotency-Key was sent before, with something else."),
    TOO_MANY_REQUESTS: (429, "Too many requests."),
    BROKEN: (500, "Something broke. It was written down."),
    DISK_NEARLY_FULL: (507, "The disk of the database is nearly full."),
}
"""Status and title by code. Moves that are refused have the codes of `Refusal` beside these, with 409."""

_CODES_OF_STATUSES = {400: UNREADABLE, 401: UNKNOWN_CALLER, 403: NOT_ALLOWED, 404: NOT_FOUND, 405: OTHER_METHOD}
_CODES_OF_STATUSES |= {413: TOO_LARGE, 429: TOO_MANY_REQUESTS, 500: BROKEN}


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one field: `stage`, or `contacts.3.email`."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class Problem(Exception):
    """Ends a request. `more` is said beside the members that every problem has."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        wrong: Sequence[Wrong] = (),
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status, self.title = CODES.get(code, (409, detail))
        self.status = status or self.status
        self.detail = detail or "; ".join(map(str, wrong[:3])) or self.title
        self.wrong = wrong
        self.headers = dict(headers or {})
        self.more = more

    @classmethod
    def of_field(cls, field: str, message: str) -> "Problem":
        """422: one field is wrong."""
        return cls(INVALID, wrong=[Wrong(field, message)])

    @classmethod
    def of(cls, error: ApiError) -> "Problem":
        """What the code shared with Mautic's clients says."""
        headers = {name: value for name, value in error.headers.items() if name != "WWW-Authenticate"}
        return cls(_CODES_OF_STATUSES.get(error.status, INVALID), error.message, status=error.status, headers=headers)

    def answer(self) -> HttpResponse:
        data: dict[str, Any] = {
            "type": f"{PREFIX}/docs#{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.more,
        }
        if self.wrong:
            data["errors"] = [{"field": wrong.field, "message": wrong.message} for wrong in self.wrong]
        response = JsonResponse(data, status=self.status, content_type=CONTENT_TYPE, headers=self.headers)
        response["Cache-Control"] = "no-store"
        if self.status == 401:
            response["WWW-Authenticate"] = 'Bearer realm="Funnelbook"'
        return response


def is_of_v1(request: HttpRequest) -> bool:
    """Whether our own API is asked."""
    return request.path == PREFIX or request.path.startswith(f"{PREFIX}/")


def failure(request: HttpRequest, status: int, message: str) -> HttpResponse:
    """A failure outside of any endpoint, in the shape of the API that is asked."""
    error = ApiError(status, message)
    return Problem.of(error).answer() if is_of_v1(request) else error.answer()
