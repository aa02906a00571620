"""Review: flagged changes, kept or reverted."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from config.announce import announce
from config.htmx import came_from, go_to, render_page
from config.team.access import role_required
from config.team.models import ApiToken, TeamMember
from config.team.roles import Role
from journeys.review import actions
from journeys.review.queries import COUNTED, PAGE, how_many_wait, kept_tokens, review_page

DECIDED = "decided"
PART = "review-list"


@role_required(Role.MARKETER)
@require_safe
def review(request: HttpRequest) -> HttpResponse:
    """The flagged changes that wait for somebody, the newest first; `?show=decided`: those that were decided."""
    return _page(request, request.GET)


@role_required(Role.MARKETER)
@require_POST
def keep_flagged(request: HttpRequest) -> HttpResponse:
    """Flagged changes stay as they are."""
    decided = actions.keep_flagged(changes=_changes(request), by=_me(request))
    _say(request, decided, "kept")
    return _back(request)


@role_required(Role.MARKETER)
@require_POST
def revert_flagged(request: HttpRequest) -> HttpResponse:
    """Contacts go back to where they were before."""
    try:
        decided = actions.revert_flagged(changes=_changes(request), by=_me(request))
    except actions.DecidedMeanwhile:
        announce(request, "Nothing was reverted: somebody decided meanwhile.", level=messages.ERROR)
    else:
        _say(request, decided, "reverted")
    return _back(request)


@role_required(Role.MARKETER)
@require_POST
def always_keep(request: HttpRequest, token: int) -> HttpResponse:
    """Whatever comes from this token is kept, and so is what waits."""
    found = get_object_or_404(ApiToken, pk=token)
    count = actions.always_keep(token=found, by=_me(request))
    kept = f" {_how_many(count)} that waited {'was' if count == 1 else 'were'} kept." if count else ""
    announce(request, f"Changes from {found} are always kept from now on.{kept}")
    return _back(request)


@role_required(Role.MARKETER)
@require_POST
def keep_no_longer(request: HttpRequest, token: int) -> HttpResponse:
    """What comes from this token waits again."""
    found = get_object_or_404(ApiToken, pk=token)
    actions.keep_no_longer(token=found, by=_me(request))
    announce(request, f"Flagged changes from {found} wait for review again.")
    return _back(request)


def _me(request: HttpRequest) -> TeamMember:
    return request.user  # type: ignore[return-value]


def _changes(request: HttpRequest) -> list[int]:
    """The changes that were sent; what is no number is none."""
    found = {int(said) for said in request.POST.getlist("change") if _is_number(said)}
    return sorted(found)[: PAGE * 2]


def _is_number(said: str) -> bool:
    return said.isascii() and said.isdecimal() and len(said) < 19


def _how_many(count: int) -> str:
    return f"{count:,} change{'' if count == 1 else 's'}"


def _say(request: HttpRequest, decided: actions.Decided, word: str) -> None:
    if decided.done:
        was = "was" if len(decided.done) == 1 else "were"
        announce(request, f"{_how_many(len(decided.done))} {was} {word}.")
    for refusal, changes in decided.refused.items():
        announce(request, f"Not reverted: {_how_many(len(changes))}. {refusal.sentence}", level=messages.ERROR)
    if decided.before:
        text = f"Somebody decided about {_how_many(len(decided.before))} before."
        announce(request, text, level=messages.INFO)
    if not (decided.done or decided.refused or decided.before):
        announce(request, "Choose changes first.", level=messages.INFO)


def _back(request: HttpRequest) -> HttpResponse:
    """The list as it is now; the whole page without htmx."""
    here = came_from(request, reverse("journeys:review"))
    if request.htmx and request.htmx.target == PART:  # type: ignore[attr-defined]
        return _page(request, QueryDict(urlsplit(here).query))
    return go_to(request, here)


def _page(request: HttpRequest, query: QueryDict) -> HttpResponse:
    is_decided = query.get("show") == DECIDED
    page = review_page(decided=is_decided, newer_than=_key(query, "newer_than"), older_than=_key(query, "older_than"))
    waiting = how_many_wait()
    context: dict[str, Any] = {
        "page": page,
        "is_decided": is_decided,
        "here": f"{reverse('journeys:review')}?{query.urlencode()}" if query else reverse("journeys:review"),
        "waiting": f"more than {COUNTED:,}" if waiting > COUNTED else f"{waiting:,}",
        "tabs": _tabs(is_decided),
        "kept_tokens": kept_tokens(),
        "newer": _read_on(query, newer_than=page.newer_than),
        "older": _read_on(query, older_than=page.older_than),
        "is_further": "newer_than" in query or "older_than" in query,
    }
    return render_page(request, "journeys/review.html", context, parts=[PART])


def _tabs(is_decided: bool) -> list[dict[str, Any]]:
    address = reverse("journeys:review")
    return [
        {"label": "Waiting", "address": address, "is_current": not is_decided, "count": None},
        {"label": "Decided", "address": f"{address}?show={DECIDED}", "is_current": is_decided, "count": None},
    ]


def _key(query: QueryDict, name: str) -> int | None:
    said = query.get(name, "")
    return int(said) if _is_number(said) else None


def _read_on(query: QueryDict, **key: int | None) -> str:
    """The address of this list from a change on; empty without one."""
    if not any(key.values()):
        return ""
    other = query.copy()
    for name in ("newer_than", "older_than"):
        other.pop(name, None)
    for name, value in key.items():
        other[name] = str(value)
    return f"{reverse('journeys:review')}?{other.urlencode()}"
