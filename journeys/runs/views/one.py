"""A run: what it did and to whom; cancelling and undoing it."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from config.announce import announce
from config.htmx import go_to, render_page
from config.team.access import require, role_required
from config.team.roles import Role
from journeys.history.queries import at
from journeys.retention.queries import kept_until
from journeys.runs import actions, results
from journeys.runs.csv_file import lines
from journeys.runs.failures import TRIES
from journeys.runs.models import Run
from journeys.runs.outcomes import OutcomeCount, Place, outcome_counts, outcomes_page
from journeys.runs.progress import waits_for_a_worker
from journeys.runs.queries import role_of_run
from journeys.runs.results import Sighting
from journeys.runs.shown import preview_address
from journeys.runs.undos import can_be_undone, is_in_history, undos, why_not_undone

_PROGRESS = "run-progress"


@role_required(Role.VIEWER)
@require_safe
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """What a run did and to whom. While it goes on, the page asks for its progress every second."""
    shown = _run_or_404(pk)
    is_polled = request.htmx and request.htmx.target == _PROGRESS  # type: ignore[attr-defined]
    context = {**_progress(request, shown), "is_polled": is_polled}
    if not (is_polled and shown.is_running):
        context |= _outcomes(shown, request.path, _query_on_screen(request) if is_polled else request.GET)
    if is_polled and not shown.is_running:
        announce(request, f"{shown.get_state_display()}: {results.came_of(shown)}.")
    return render_page(request, "journeys/run.html", context, parts=[_PROGRESS, "run-outcomes"])


def _progress(request: HttpRequest, shown: Run) -> dict[str, Any]:
    """What is said of a run as a whole. At most four queries, and one for each undo in the chain that it undoes."""
    undo = undos().get(shown.pk)
    seen = Sighting.read(request.GET.get("seen", ""))
    may = request.user.role >= role_of_run(shown)  # type: ignore[union-attr]
    return {
        "run": shown,
        "here": request.path,
        "terms": results.terms(shown),
        "ways": results.ways(shown),
        "counted": results.what_is_counted(shown),
        "pace": results.pace(shown, seen),
        "seen": seen if seen and seen.done < shown.done else Sighting(shown.done, timezone.now()),
        "took": _took(shown),
        "waits": waits_for_a_worker(shown),
        "since": at(shown.progressed_at).partition(" ")[2],
        "undo": undo,
        "may_cancel": may and shown.is_running and bool(shown.slices),
        "may_undo": may and can_be_undone(shown, undo),
        "kept_until": kept_until(shown),
        "in_history": is_in_history(shown),
        "may_continue": may and shown.may_go_on and undo is None,
        "tried_again": at(shown.next_try_at) if shown.next_try_at else "",
        "tries_at_most": TRIES,
    }


def _took(shown: Run) -> str:
    return results.how_long(shown.finished_at - shown.started_at) if shown.finished_at else ""


def _query_on_screen(request: HttpRequest) -> QueryDict:
    """What the address of the page asks for, when a part of it asks for itself."""
    try:
        return QueryDict(urlsplit(request.htmx.current_url or "").query)  # type: ignore[attr-defined]
    except ValueError:
        return QueryDict()


def _outcomes(shown: Run, here: str, query: QueryDict) -> dict[str, Any]:
    """The outcomes, and a page of the contacts that have the one that the address asks for."""
    counts = outcome_counts(shown)
    asked = query.get("outcome", "")
    chosen = _chosen(counts, asked)
    before, after = (Place.read(query.get(name, "")) for name in ("before", "after"))
    page = outcomes_page(shown, chosen.code, before=before, after=after) if chosen else None
    return {
        "counts": counts,
        "chosen": chosen,
        "is_none_of_these": bool(asked) and (not chosen or chosen.code != asked),
        "page": page,
        "is_further": bool(before or after),
        "previous": _read_on(here, query, before=page.before) if page else "",
        "next": _read_on(here, query, after=page.after) if page else "",
    }


def _chosen(counts: list[OutcomeCount], asked: str) -> OutcomeCount | None:
    """The outcome that an address names; else the first that anybody has."""
    named = next((count for count in counts if count.code == asked), None)
    return named or next((count for count in counts if count.count != 0), None)


def _read_on(here: str, query: QueryDict, **place: Place | None) -> str:
    """The address of this list from a place on; empty without one."""
    if not any(place.values()):
        return ""
    other = query.copy()
    other.pop("before", None)
    other.pop("after", None)
    for name, value in place.items():
        other[name] = str(value)
    return f"{here}?{other.urlencode()}"


@role_required(Role.MARKETER)
@require_safe
def run_csv(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Every contact of a run with what became of it, as a file."""
    shown = _run_or_404(pk)
    return StreamingHttpResponse(
        lines(shown, timezone.get_current_timezone()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="run-{pk}.csv"'},
    )


@role_required(Role.OPERATOR)
@require_POST
def cancel_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a run. What it did stays, and can be undone."""
    stopped = _run_or_404(pk)
    require(request, role_of_run(stopped))
    try:
        left = actions.cancel_run(run=stopped, by=request.user)  # type: ignore[arg-type]
    except actions.RunHasEnded:
        announce(request, "Nothing was cancelled: there is nothing left to stop.", level=messages.INFO)
    else:
        announce(request, f"Run {pk} was cancelled. It left {left:,} contact{'' if left == 1 else 's'} as they were.")
    return go_to(request, _address(pk))


@role_required(Role.OPERATOR)
@require_POST
def continue_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a run that stopped before its end go on where it was."""
    stopped = _run_or_404(pk)
    require(request, role_of_run(stopped))
    try:
        if undos().get(pk):
            raise actions.RunCannotGoOn
        actions.continue_run(run=stopped, by=request.user)  # type: ignore[arg-type]
    except actions.RunCannotGoOn:
        announce(request, "Nothing was continued: there is nothing left that this run could do.", level=messages.INFO)
    else:
        announce(request, f"Run {pk} goes on.")
    return go_to(request, _address(pk))


@role_required(Role.OPERATOR)
@require_POST
def undo_run(request: HttpRequest, pk: int) -> HttpResponse:
    """What undoing a run would put back; whoever was moved since goes back too if `also_moved_since` is sent."""
    undone = _run_or_404(pk)
    require(request, role_of_run(undone))
    undo = undos().get(pk)
    if not can_be_undone(undone, undo):
        announce(request, f"Nothing was undone. {why_not_undone(undone, undo)}", level=messages.ERROR)
        return go_to(request, _address(pk))
    preview = actions.preview_undo(
        run=undone,
        by=request.user,  # type: ignore[arg-type]
        also_moved_since="also_moved_since" in request.POST,
    )
    return go_to(request, preview_address(preview, back=_address(pk)))


def _address(pk: int) -> str:
    return reverse("journeys:run", args=[pk])


def _run_or_404(pk: int) -> Run:
    found = (
        Run.objects.select_related("started_by", "cancelled_by", "undoes", "stage", "imported").filter(pk=pk).first()
    )
    if not found:
        raise Http404("There is no such run.")
    return found
