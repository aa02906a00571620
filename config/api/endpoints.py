"""A view that answers applications: no cookie, no token against forgery, never a page and never a redirect."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from config.api.answers import NOT_FOUND, ApiError
from config.api.bodies import Data, body_of, object_of, query_of
from config.api.callers import Caller, caller_of
from config.team.models import TeamMember
from config.team.roles import Role


@dataclass(frozen=True)
class Call:
    """One request of an application: who calls, and what it says."""

    request: HttpRequest
    caller: Caller

    @property
    def by(self) -> TeamMember:
        return self.caller.member

    @property
    def via(self) -> int | None:
        """The token of ours behind it."""
        return self.caller.token

    @cached_property
    def query(self) -> Data:
        return query_of(self.request)

    @cached_property
    def body(self) -> Data | list[Any]:
        return body_of(self.request)

    @property
    def fields(self) -> Data:
        """The body of a request that is about one item."""
        return object_of(self.body)


Handler = Callable[..., HttpResponse]


def needs(role: Role) -> Callable[[Handler], Handler]:
    """A handler for callers of at least this role."""

    def decorate(handler: Handler) -> Handler:
        handler.needs = role  # type: ignore[attr-defined]
        return handler

    return decorate


def endpoint(**handlers: Handler) -> Callable[..., HttpResponse]:
    """A view that gives each HTTP method to its handler. HEAD is GET without the body.

    Handlers take the call and what the path names; they return an answer or raise ApiError.
    """
    handlers = {"HEAD": handlers["GET"], **handlers} if "GET" in handlers else handlers

    @csrf_exempt
    @login_not_required
    def view(request: HttpRequest, **named: Any) -> HttpResponse:
        try:
            caller = caller_of(request)
            handler = handlers.get(request.method or "")
            if not handler:
                raise ApiError(405, "This path knows another method.", Allow=", ".join(handlers))
            caller.needs(handler.needs)  # type: ignore[attr-defined]
            return handler(Call(request, caller), **named)
        except ApiError as error:
            return error.answer()

    return view


@csrf_exempt
@login_not_required
def no_such_path(request: HttpRequest, **named: Any) -> HttpResponse:
    """Whatever else is under `/api`."""
    return ApiError(404, NOT_FOUND).answer()
