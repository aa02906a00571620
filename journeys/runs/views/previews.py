"""What a run would do, who it concerns, and starting it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from config.htmx import came_from, go_to, render_page
from config.team.access import require, role_required
from config.team.confirmation import ask_for_password
from config.team.roles import Role
from journeys.book.queries import contacts_with_status
from journeys.rules.actions import keep_label_rule
from journeys.rules.models import LabelRule
from journeys.runs import actions
from journeys.runs.fates import Fate
from journeys.runs.models import Run, RunPreview
from journeys.runs.operations import Act, Operation, Selection
from journeys.runs.queries import contacts_of_preview, label_and_stage_of_rule, role_to_start
from journeys.runs.sentences import COLUMNS, Column
from journeys.runs.shown import do_if_small, preview_context
from stages.models import Stage

PAGE = 50
NUMBERS_CHANGED = "The book changed since you looked, and this is what it would do now. Nothing was started."


@role_required(Role.OPERATOR)
@require_safe
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What a run would do, and the form that starts it."""
    shown = _preview_or_404(pk)
    if shown.run:
        return go_to(request, _address_of(shown.run))
    return _page(request, shown)


def _page(request: HttpRequest, shown: RunPreview, *, status: int = 200, news: str = "", sent=None) -> HttpResponse:
    context = preview_context(shown, by=request.user, sent=sent)  # type: ignore[arg-type]
    context["back"] = came_from(request, "")
    return render_page(
        request, "journeys/preview.html", {**context, "news": news}, parts=["preview-effect"], status=status
    )


@role_required(Role.OPERATOR)
@require_POST
def start_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Start what the preview showed; small runs are done when their page arrives."""
    shown = _preview_or_404(pk)
    if shown.run:
        return go_to(request, _address_of(shown.run))
    operation = Operation.read(shown.operation)
    require(request, role_to_start(operation, shown.records))
    if operation.act is Act.ERASE and (asking := ask_for_password(request)):
        return asking
    if not preview_context(shown, by=request.user, sent=request.POST)["confirm"].is_valid():  # type: ignore[arg-type]
        return _page(request, shown, status=422, sent=request.POST)
    try:
        run = actions.start_run(preview=shown, by=request.user, rule=_rule(request, shown))  # type: ignore[arg-type]
    except actions.AlreadyStarted as started:
        return go_to(request, _address_of(started.run))
    except actions.NumbersChanged as changed:
        return _page(request, changed.preview, status=409, news=NUMBERS_CHANGED)
    do_if_small(run)
    return go_to(request, _address_of(run))


def _rule(request: HttpRequest, shown: RunPreview) -> LabelRule | None:
    """The label rule that this is a run of; kept now, if it was not before."""
    operation = Operation.read(shown.operation)
    moved = label_and_stage_of_rule(operation, Selection.read(shown.selection))
    if moved is None:
        return None
    label, stage = moved
    return keep_label_rule(
        label=label,
        stage=stage,
        only_forward=operation.only_forward,
        leave_lost=operation.leave_lost,
        note=shown.note,
        by=request.user,  # type: ignore[arg-type]
    )


@role_required(Role.OPERATOR)
@require_safe
def preview_contacts(request: HttpRequest, pk: int) -> HttpResponse:
    """The contacts behind a number of the preview, as they stand now."""
    shown = _preview_or_404(pk)
    stage, lost = _place(request.GET.get("place", ""))
    column = _column(request.GET.get("outcome", ""))
    outcomes = {fate.outcome for fate in map(Fate.read, shown.fates) if column.includes(fate.outcome)}
    after = request.GET.get("after", "")
    ids = contacts_of_preview(
        shown,
        stage=stage.pk if stage else None,
        lost=lost,
        outcomes=sorted(outcomes),
        after=int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else 0,
        limit=PAGE + 1,
    )
    contacts = sorted(contacts_with_status(ids[:PAGE]), key=lambda contact: contact.pk)
    query = request.GET.copy()
    query["after"] = str(ids[PAGE - 1]) if len(ids) > PAGE else ""
    context = {
        "preview": shown,
        "stage": stage,
        "lost": lost,
        "column": column,
        "contacts": contacts,
        "next": f"{request.path}?{query.urlencode()}" if len(ids) > PAGE else "",
        "here": request.get_full_path(),
    }
    return render_page(request, "journeys/preview_contacts.html", context)


def _place(key: str) -> tuple[Stage | None, bool]:
    """The place that an address names, as `sentences.Row.key` writes it."""
    number, _, lost = key.partition("-")
    if number == "none":
        return None, lost == "lost"
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise Http404("There is no such place in the funnel.")
    stage = Stage.objects.filter(pk=int(number)).first()
    if stage is None:
        raise Http404("There is no such stage.")
    return stage, lost == "lost"


def _column(key: str) -> Column:
    column = next((column for column in COLUMNS if column.key == key), None)
    if column is None:
        raise Http404("There is no such number.")
    return column


def _address_of(run: Run) -> str:
    return reverse("journeys:run", args=[run.pk])


def _preview_or_404(pk: int) -> RunPreview:
    """A preview, whoever made it: its address may be sent to a colleague, and is good for a day."""
    shown = RunPreview.objects.select_related("run").filter(pk=pk).first()
    if shown is None:
        raise Http404("This preview is gone: previews are kept for a day.")
    return shown
