"""An operation of `/api/v1`: who may, what it answers, what it may refuse; and each POST done once for its key."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel, Field

from config.api.callers import Caller
from config.api.v1 import problems
from config.api.v1.problems import Problem, Wrong
from config.api.v1.schemas import Shown
from config.team.calls import actions as calls
from config.team.models import KeptAnswer
from config.team.roles import Role

LONGEST_KEY = 200
KEY = "Idempotency-Key"

_KEY_PARAMETER = {
    "name": KEY,
    "in": "header",
    "required": False,
    "description": "Sent again with the same body within a day, it does nothing more and is answered the same.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
}


class CalledRequest(HttpRequest):
    """A request of a known caller. `afterwards` is done when what it asked for is safe, before it is answered."""

    caller: Caller
    afterwards: list[Callable[[], None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered, where the new thing is, and which contact the words are about, so that erasing takes them."""

    shown: Shown
    location: str = ""
    contact: int | None = None


class WrongField(Shown):
    """What is wrong with one field."""

    field: str
    message: str


class ProblemShown(BaseModel):
    """Problem details. `code` does not change; titles and details are for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[WrongField] = Field(default_factory=list)


class Token:
    """Lets in callers of at least this role."""

    openapi_security_schema = {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of Settings → API tokens, or an OAuth2 access token.",
    }

    def __init__(self, role: Role) -> None:
        self.role = role

    def __call__(self, request: CalledRequest) -> Caller:
        require(request, self.role)
        return request.caller


def require(request: CalledRequest, role: Role) -> None:
    """Raises Problem unless the caller has this role or a stronger one."""
    if request.caller.role < role:
        raise Problem(problems.NOT_ALLOWED, f"This needs the role {role.label}, and a scope that reaches it.")


Handler = Callable[..., Any]


def operation(
    router: Router,
    method: str,
    path: str,
    *,
    name: str,
    role: Role,
    shows: type[Shown],
    status: int = 200,
    may_refuse: tuple[int, ...] = (),
) -> Callable[[Handler], Handler]:
    """Make a function an operation. Its name is that of the operation, its docstring is read by callers.

    The function takes `request`, what the path names, `asked` (the query string) and `said` (the body), and returns
    what is shown or an `Answer`. A POST is done in one transaction, and once for its Idempotency-Key.

    Args:
        name: of the address, the same for every method.
        role: the weakest that may; a token's scope counts as in `ApiToken.strongest_role_of`.
        may_refuse: statuses beside those that any operation may answer.
    """

    def decorate(handler: Handler) -> Handler:
        refusals = {401, 403, 405, 413, 422, 429, *may_refuse, *((409, 410) if method == "POST" else ()), 400}
        router.api_operation(
            [method],
            path,
            auth=Token(role),
            response={status: shows, **dict.fromkeys(sorted(refusals), ProblemShown)},
            operation_id=handler.__name__,
            url_name=name,
            summary=(handler.__doc__ or handler.__name__).partition("\n")[0].rstrip("."),
            openapi_extra={"x-role": role.label, **({"parameters": [_KEY_PARAMETER]} if method == "POST" else {})},
        )(_answered(handler, method, status))
        return handler

    return decorate


def _answered(handler: Handler, method: str, status: int) -> Handler:
    """The handler, with the query string checked for names it does not know, and its result as an answer."""
    asked = inspect.signature(handler, eval_str=True).parameters.get("asked")
    model = asked and asked.annotation
    known = {field.alias or name for name, field in _query_model(model).model_fields.items()} if model else set()

    @wraps(handler)
    def answered(request: CalledRequest, **named: Any) -> HttpResponse:
        _refuse_unknown(request, known)
        if method == "POST":
            return _once(request, lambda: handler(request, **named), status)
        return _response(_as_answer(handler(request, **named)), status)

    return answered


def _query_model(annotation: Any) -> type[BaseModel]:
    """The model in `Query[Model]`."""
    return getattr(annotation, "__origin__", annotation)


def _refuse_unknown(request: HttpRequest, known: set[str]) -> None:
    wrong = [Wrong(name[:60], "There is no such parameter.") for name in request.GET if name not in known]
    wrong += [Wrong(name, "Say this once.") for name in known if len(request.GET.getlist(name)) > 1]
    if wrong:
        raise Problem(problems.INVALID, wrong=wrong)


def _as_answer(result: Shown | Answer) -> Answer:
    return result if isinstance(result, Answer) else Answer(result)


def _response(answer: Answer, status: int) -> HttpResponse:
    return _written(answer.shown.model_dump_json(), status, answer.location)


def _written(body: str, status: int, location: str) -> HttpResponse:
    headers = {"Location": location} if location else {}
    return HttpResponse(body, status=status, content_type="application/json", headers=headers)


def _once(request: CalledRequest, act: Callable[[], Any], status: int) -> HttpResponse:
    """Do it in one transaction together with what is kept of it; or answer what was answered before."""
    key = _key(request)
    with transaction.atomic():
        kept = _kept(request, key) if key else None
        if kept:
            return _again(kept)
        answer = _as_answer(act())
        response = _response(answer, status)
        if key:
            calls.keep_answer(
                **_sender(request, key),
                status=status,
                location=answer.location,
                answer=response.content.decode(),
                contact=answer.contact,
            )
    for afterwards in request.afterwards:
        afterwards()
    return response


def _key(request: HttpRequest) -> str:
    key = request.headers.get(KEY)
    if key is None:
        return ""
    if not 1 <= len(key) <= LONGEST_KEY or not all("!" <= character <= "~" for character in key):
        raise Problem.of_field(KEY, f"Give up to {LONGEST_KEY} letters, digits and signs, without spaces.")
    return key


def _sender(request: CalledRequest, key: str) -> dict[str, Any]:
    said = f"{request.method} {request.get_full_path()}\n".encode() + request.body
    return {"caller": request.caller.name, "key": key, "request": said, "by": request.caller.member}


def _kept(request: CalledRequest, key: str) -> KeptAnswer | None:
    try:
        return calls.answer_kept(**_sender(request, key))
    except calls.AnswerUnderWay:
        raise Problem(problems.IN_PROGRESS, headers={"Retry-After": "1"}) from None
    except calls.KeyOfAnotherRequest:
        raise Problem(problems.KEY_REUSED) from None


def _again(kept: KeptAnswer) -> HttpResponse:
    if kept.answer is None:
        raise Problem(problems.ERASED)
    return _written(kept.answer, kept.status, kept.location)
