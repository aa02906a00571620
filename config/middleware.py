"""What every request passes through."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from config.api.answers import is_of_api
from config.disk import DiskNearlyFull
from config.errors import disk_nearly_full

GetResponse = Callable[[HttpRequest], HttpResponse]


class RefuseNulMiddleware:
    """Answer 400 to a NUL in path, query or form: PostgreSQL cannot store it in text. The API says so itself."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_of_api(request):
            return self.get_response(request)
        if "\0" in request.path or _holds_nul(request.GET) or self._body_holds_nul(request):
            return render(request, "400.html", {"reason": "The request holds a NUL character."}, status=400)
        return self.get_response(request)

    def _body_holds_nul(self, request: HttpRequest) -> bool:
        is_form = request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data")
        return request.method == "POST" and is_form and _holds_nul(request.POST)


def _holds_nul(query) -> bool:
    return any("\0" in key or any("\0" in value for value in values) for key, values in query.lists())


class DiskNearlyFullMiddleware:
    """Whatever was not begun because the disk is nearly full says so where the person looks."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return disk_nearly_full(request, str(exception)) if isinstance(exception, DiskNearlyFull) else None


class ReaderTimeZoneMiddleware:
    """Show times in the zone of the person who reads, else in the organisation's. Applications get them in UTC."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_of_api(request):
            return self.get_response(request)
        zone = getattr(request.user, "time_zone", "") or request_organisation(request).time_zone
        with timezone.override(zoneinfo.ZoneInfo(zone)):
            return self.get_response(request)


def request_organisation(request: HttpRequest):
    """The organisation, read once a request."""
    from config.team.queries import organisation

    if not hasattr(request, "organisation"):
        request.organisation = organisation()  # type: ignore[attr-defined]
    return request.organisation  # type: ignore[attr-defined]
