"""What every request passes through."""

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from config.api.answers import is_of_api
from config.disk import DiskNearlyFull
from config.errors import disk_nearly_full
from config.public_address import client_address, is_proxy
from config.team.queries import is_anybody_there, organisation

GetResponse = Callable[[HttpRequest], HttpResponse]


class TrustedProxyMiddleware:
    """Who asks, and whether by https: as a proxy of `TRUSTED_PROXIES` says. Nobody else's headers are believed.

    Under an https address nothing but a proxy is in front, so that what no trusted one says otherwise came by https.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        said = request.META
        sender = said.get("REMOTE_ADDR", "")
        forwarded_for = said.pop("HTTP_X_FORWARDED_FOR", "")
        scheme = said.pop("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
        is_believed = is_proxy(sender, settings.TRUSTED_PROXIES)
        if is_believed:
            said["REMOTE_ADDR"] = client_address(sender, forwarded_for, settings.TRUSTED_PROXIES)
        if is_believed and scheme in ("http", "https"):
            said["wsgi.url_scheme"] = scheme
        elif settings.PUBLIC_URL.startswith("https:"):
            said["wsgi.url_scheme"] = "https"
        return self.get_response(request)


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
    if not hasattr(request, "organisation"):
        request.organisation = organisation()  # type: ignore[attr-defined]
    return request.organisation  # type: ignore[attr-defined]


class FirstRunMiddleware:
    """Until there is a team member, every page says how to get to the first run, which only its own address opens.

    Whoever is signed in is somebody, so that only strangers cost a query. Applications are told that they are unknown.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begins = reverse("journeys:first_run", args=["-"]).removesuffix("-")
        is_open = is_of_api(request) or request.path.startswith(begins) or request.user.is_authenticated
        if is_open or is_anybody_there():
            return self.get_response(request)
        response = render(request, "not_set_up.html", status=503)
        response["Cache-Control"] = "no-store"
        response._has_been_logged = True  # type: ignore[attr-defined]  # Django would log each as an error
        return response
