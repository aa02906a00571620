"""Pages for what went wrong: what happened, what was kept, how to go on."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django_htmx.http import retarget

from config.api.answers import is_of_api
from config.api.v1.problems import failure

BAD_REQUEST = "Funnelbook cannot read this request."
STALE_PAGE = "This page was open for too long. Reload it and try again."


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 400, title="That address does not work", what=BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Names the role needed, which `config.team.access` put into the exception."""
    return error_page(request, 403, title="Not for your role", what=str(exception or "You may not open this."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 404, title="Nothing here", what="There is no such page, or what it showed is gone.")


def conflict(request: HttpRequest, what: str) -> HttpResponse:
    """Somebody was first. `what` says who did what meanwhile. Nothing was saved."""
    return error_page(request, 409, title="Changed meanwhile", what=what)


def disk_nearly_full(request: HttpRequest, what: str) -> HttpResponse:
    """What would write much was not begun. `what` says so, and how much room there is."""
    return error_page(request, 507, title="The disk is nearly full", what=what)


def gone(request: HttpRequest, what: str) -> HttpResponse:
    """A link that works once, and did, or was not opened in time. `what` says where there is another one."""
    return error_page(request, 410, title="This link does not work any more", what=what)


def server_error(request: HttpRequest) -> HttpResponse:
    """Without the database and without the request's context: either may be what is broken."""
    if is_of_api(request):
        return failure(request, 500, "Something broke. It was written down.")
    if request.headers.get("HX-Request"):
        context = {"title": "Something broke.", "what": "It was written down. Reload the page to see what was saved."}
        return _in_messages(HttpResponse(render_to_string("_components/failure.html", context), status=500))
    return HttpResponse(render_to_string("500.html"), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from a page that is too old: nothing was saved, reload and send it again."""
    return error_page(request, 403, title="Nothing was saved", what=STALE_PAGE)


def error_page(request: HttpRequest, status: int, *, title: str, what: str) -> HttpResponse:
    """The page for an error; for htmx a message, shown where the person looks; for an application JSON."""
    if is_of_api(request):
        return failure(request, status, what)
    context: dict[str, Any] = {"status": status, "title": title, "what": what}
    if request.headers.get("HX-Request"):
        response = render(request, "_components/failure.html", {**context, "title": f"{title}."}, status=status)
        return _in_messages(response)
    return render(request, f"{status}.html", context, status=status)


def _in_messages(response: HttpResponse) -> HttpResponse:
    retarget(response, "#messages")
    response["HX-Reswap"] = "innerHTML"
    return response
