"""`/api/v1`: every resource, who calls, how often they may, and what becomes of what goes wrong."""

import json
from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.urls import URLPattern, URLResolver
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

from config.api.answers import ApiError
from config.api.callers import bearer_of
from config.api.v1 import problems
from config.api.v1.examples import example_of
from config.api.v1.operations import CalledRequest
from config.api.v1.problems import CONTENT_TYPE, Problem, Wrong
from config.disk import DiskNearlyFull
from config.team.calls.actions import count_request

DESCRIPTION = "Contacts, where they stand in the funnel and how they got there. By example: docs/api.md."


class _StrictParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        return json.loads(request.body.decode(), parse_constant=_no_number)


def _no_number(constant: str) -> float:
    raise ValueError(constant)


class Api(NinjaAPI):
    """Ninja's API, answering failures as problem details and to applications alone."""

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        """Every path, each behind the same door. The page about it and the schema are addresses of their own."""
        patterns = [pattern for router in self._get_bound_routers() for pattern in router.urls_paths(router.prefix)]
        for pattern in patterns:
            pattern.callback = called(pattern.callback)
        return patterns  # type: ignore[return-value]

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The OpenAPI description."""
        described = json.loads(json.dumps(self.get_openapi_schema(path_prefix=problems.PREFIX)))
        for path in described["paths"].values():
            for one in path.values():
                for status, response in one["responses"].items():
                    said = response["content"].pop("application/json")
                    kind = CONTENT_TYPE if status >= "400" else "application/json"
                    response["content"][kind] = {**said, "example": example_of(said["schema"], described)}
        return described


def called(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view for callers that are known and do not call too often. No cookie, and never a page."""

    @csrf_exempt
    @login_not_required
    @wraps(view)
    def answered(request: CalledRequest, **named: Any) -> HttpResponse:
        try:
            request.caller = bearer_of(request)
            request.afterwards = []
            _slow_down(request)
            response = view(request, **named)
        except ApiError as error:
            return Problem.of(error).answer()
        except Problem as problem:
            return problem.answer()
        if response.status_code == 405:
            return Problem(problems.OTHER_METHOD, headers={"Allow": response["Allow"]}).answer()
        response["Cache-Control"] = "no-store"
        return response

    return answered


def _slow_down(request: CalledRequest) -> None:
    caller = request.caller
    wait = count_request(caller=caller.name, at_most=settings.API_REQUESTS_A_MINUTE, by=caller.member)
    if wait:
        raise Problem(
            problems.TOO_MANY_REQUESTS,
            f"More than {settings.API_REQUESTS_A_MINUTE:,} requests came within a minute. Wait {wait} s.",
            headers={"Retry-After": str(wait)},
        )


@login_not_required
@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI description. It says nothing about anybody, so anybody may read it."""
    return JsonResponse(api.schema)


@csrf_exempt
@login_not_required
def no_such_path(request: HttpRequest, **named: Any) -> HttpResponse:
    """Whatever else is under `/api/v1`."""
    return Problem(problems.NOT_FOUND, "There is no such path.").answer()


api = Api(
    title="Funnelbook",
    version="1",
    description=DESCRIPTION,
    urls_namespace="v1",
    openapi_url=None,
    docs_url=None,
    parser=_StrictParser(),
)


@api.exception_handler(Problem)
def _problem(request: HttpRequest, problem: Any) -> HttpResponse:
    return problem.answer()


@api.exception_handler(ApiError)
def _error(request: HttpRequest, error: Any) -> HttpResponse:
    return Problem.of(error).answer()


@api.exception_handler(DiskNearlyFull)
def _disk_nearly_full(request: HttpRequest, refused: Any) -> HttpResponse:
    return Problem(problems.DISK_NEARLY_FULL, str(refused)).answer()


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: Any) -> HttpResponse:
    return Problem(problems.UNREADABLE, "The body is not JSON that can be read.").answer()


@api.exception_handler(UnreadablePostError)
def _cut_off(request: HttpRequest, error: Any) -> HttpResponse:
    return Problem(problems.UNREADABLE).answer()


@api.exception_handler(RequestDataTooBig)
def _too_large(request: HttpRequest, error: Any) -> HttpResponse:
    return Problem(problems.TOO_LARGE).answer()


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    wrong = [Wrong(_field(one["loc"]), _sentence(one)) for one in error.errors[:MOST_WRONG]]
    return Problem(problems.INVALID, wrong=wrong).answer()


MOST_WRONG = 100
"""So many wrong fields are named at once."""


def _sentence(error: dict[str, Any]) -> str:
    return "Give a JSON object." if error["type"] == "model_type" else error["msg"].removeprefix("Value error, ")


def _field(place: tuple[Any, ...]) -> str:
    """`stage` or `contacts.3.email`, for ninja's `("body", "said", "contacts", 3, "email")`."""
    parts = [str(part) for part in place if part not in ("body", "query", "path", "said", "asked")]
    return ".".join(parts)[:200] or "body"


@api.exception_handler(Exception)
def _anything_else(request: HttpRequest, error: Any) -> HttpResponse:
    raise error
