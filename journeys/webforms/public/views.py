"""The public page of a web form: for anybody, without signing in, cookies or scripts.

A post from another site is what a form in a frame is, so it carries the token of its page in place of a cookie.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from csp.decorators import csp_replace
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from journeys.webforms.models import WebForm
from journeys.webforms.public.actions import FormClosed, SentBefore, submit_web_form
from journeys.webforms.public.forms import PublicForm
from journeys.webforms.public.limits import seconds_to_wait
from journeys.webforms.public.tokens import new_token, read_token
from journeys.webforms.queries import askable, web_form_called

THEMES = ("light", "dark", "system")

TOO_MANY = "Too much was sent just now. Everything is still here: wait a minute, and send it once more."
OLD_PAGE = "This page was open for too long. Everything is still here: send it once more."
SENT_FROM_HERE = "Something else was sent from this page already. Send it once more to send this too."


@login_not_required
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def public_web_form(request: HttpRequest, slug: str) -> HttpResponse:
    """What a web form asks; what was wrong with what was sent; and the thanks for it."""
    return _answer(request, slug, is_embedded=False)


@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]
@xframe_options_exempt
@login_not_required
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def embedded_web_form(request: HttpRequest, slug: str) -> HttpResponse:
    """The same in a frame of anybody's page."""
    return _answer(request, slug, is_embedded=True)


@dataclass(frozen=True, slots=True)
class _Page:
    """The page of a form, as it is asked for."""

    request: HttpRequest
    web_form: WebForm
    is_embedded: bool

    def show(self, status: int = 200, **context: Any) -> HttpResponse:
        asked = self.request.GET.get("theme")
        known = {
            "web_form": self.web_form,
            "is_embedded": self.is_embedded,
            "theme": asked if asked in THEMES else "light" if self.is_embedded else "system",
            "here": self.request.get_full_path(),
        }
        return render(self.request, "journeys/public_web_form.html", {**known, **context}, status=status)

    def ask(self, filled_in: PublicForm, *, token: str = "", problem: str = "", status: int = 200) -> HttpResponse:
        """The form with everything that was filled in, and a token of its own unless the page it came from is good."""
        if problem:
            filled_in.add_error(None, problem)
        return self.show(status, form=filled_in, token=token or new_token(self.web_form))


def _answer(request: HttpRequest, slug: str, *, is_embedded: bool) -> HttpResponse:
    form = web_form_called(slug)
    if form is None:
        raise Http404("There is no such web form.")
    page = _Page(request, form, is_embedded)
    if "sent" in request.GET:
        return page.show(is_sent=True, host=urlsplit(form.thanks_address).netloc)
    if not form.is_open:
        return page.show(409 if request.method == "POST" else 200, is_closed=True)
    if request.method == "POST":
        return _take(page, PublicForm(request.POST, web_form=form, askable=askable()))
    return page.ask(PublicForm(None, web_form=form, askable=askable()))


def _take(page: _Page, filled_in: PublicForm) -> HttpResponse:
    request, form = page.request, page.web_form
    said = request.POST.get("token", "")
    token = read_token(form, said)
    if token is None:
        return page.ask(filled_in, problem=OLD_PAGE, status=422)
    if wait := seconds_to_wait(form, str(request.META.get("REMOTE_ADDR", ""))):
        response = page.ask(filled_in, token=said, problem=TOO_MANY, status=429)
        response["Retry-After"] = str(wait)
        return response
    if not filled_in.is_valid():
        return page.ask(filled_in, token=said, status=422)
    try:
        submit_web_form(form=form, token=token, answers=filled_in.answers, consent=filled_in.consent, by=None)
    except SentBefore:
        return page.ask(filled_in, problem=SENT_FROM_HERE, status=422)
    except FormClosed:
        return page.show(409, is_closed=True)
    query = request.GET.copy()
    query["sent"] = "1"
    return HttpResponseRedirect(f"{request.path}?{query.urlencode()}")
