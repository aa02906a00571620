"""The screens of an import: the list, its file, columns, options and check, and what came of it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.announce import announce
from config.htmx import go_to, render_page
from config.team.access import role_required
from config.team.models import TeamMember
from config.team.roles import Role
from contacts.attributes.queries import attributes
from contacts.views.addresses import id_in
from journeys.imports.models import Import
from journeys.imports.options import ImportOptions, Whom
from journeys.imports.reading import Encoding
from journeys.imports.wizard import actions, queries
from journeys.imports.wizard.forms import ColumnsForm, NewImportForm, OptionsForm
from journeys.imports.wizard.refused_csv import lines
from journeys.imports.wizard.shown import outcomes, step_address
from journeys.runs.actions import AlreadyStarted, start_undoing_import
from journeys.runs.models import Run
from journeys.runs.queries import worker_is_alive
from journeys.runs.shown import do_if_small
from journeys.runs.undos import undos
from stages.queries import open_stages


@role_required(Role.MARKETER)
@require_safe
def imports(request: HttpRequest) -> HttpResponse:
    """Imports, the newest first, each with its state and who made it."""
    page = queries.imports_page(older_than=id_in(request.GET.get("older_than")))
    context = {
        "page": page,
        "rows": [(one, step_address(one)) for one in page.imports],
        "is_further": "older_than" in request.GET,
        "older": f"{request.path}?older_than={page.older_than}" if page.older_than else "",
        "kept": settings.IMPORT_FILES_ARE_KEPT,
    }
    return render_page(request, "journeys/imports.html", context, parts=["imports-list"])


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def new_import(request: HttpRequest) -> HttpResponse:
    """The file. What it holds is read before anything is asked."""
    form = NewImportForm(request.POST, request.FILES) if request.method == "POST" else NewImportForm()
    if form.is_valid():
        file = form.cleaned_data["file"]
        asked = actions.take_file(name=file.name, content=file.chunks(), by=_member(request))
        return go_to(request, reverse("journeys:import_columns", args=[asked.pk]))
    context = {"form": form, "kept": settings.IMPORT_FILES_ARE_KEPT}
    return render_page(request, "journeys/new_import.html", context, status=422 if form.errors else 200)


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def import_columns(request: HttpRequest, pk: int) -> HttpResponse:
    """What each column is: guessed, or as it was for the last file with these columns."""
    asked = _import_or_404(pk)
    if asked.run:
        return go_to(request, step_address(asked))
    if asked.state in (Import.State.READING, Import.State.UNREADABLE):
        context = {"import": asked, "windows": Encoding.WINDOWS_1252.value, **_waiting(request, asked)}
        return render_page(request, "journeys/import_columns.html", context, parts=["import-columns-form"])
    before = None if "afresh" in request.GET else _options(asked)
    same = None if before or "afresh" in request.GET else queries.same_columns_before(asked)
    offered = ImportOptions.read(same.options) if same else before
    sent = request.POST if request.method == "POST" else None
    form = ColumnsForm(sent, asked=asked, options=offered, attributes=attributes())
    if form.is_valid():
        options = form.options_after(offered or ImportOptions(mapping={}, makes_labels=False, stage_for=Whom.NONE))
        return _asked_for(request, asked, options, "journeys:import_options")
    context = {"import": asked, "form": form, "same": same, "twin": queries.same_file_before(asked)}
    return render_page(
        request,
        "journeys/import_columns.html",
        context,
        parts=["import-columns-form"],
        status=422 if form.errors else 200,
    )


@role_required(Role.MARKETER)
@require_POST
def read_import_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a file as Windows-1252, which somebody saw to be right."""
    asked = _import_or_404(pk)
    try:
        actions.read_in_other_encoding(asked=asked, encoding=Encoding.WINDOWS_1252, by=_member(request))
    except actions.NotNow as refused:
        announce(request, f"Nothing was done. {refused}", level=messages.ERROR)
    return go_to(request, reverse("journeys:import_columns", args=[pk]))


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def import_options(request: HttpRequest, pk: int) -> HttpResponse:
    """What is wanted of the file. Then all of it is checked."""
    asked = _import_or_404(pk)
    options = _options(asked)
    if asked.run or not options:
        return go_to(request, step_address(asked))
    form = OptionsForm(
        request.POST if request.method == "POST" else None,
        asked=asked,
        options=options,
        stages=open_stages(timezone.now()),
    )
    if form.is_valid():
        return _asked_for(request, asked, form.options, "journeys:import_check", checks=True)
    context = {"import": asked, "form": form, "options": options}
    return render_page(request, "journeys/import_options.html", context, status=422 if form.errors else 200)


def _asked_for(
    request: HttpRequest, asked: Import, options: ImportOptions, then: str, *, checks: bool = False
) -> HttpResponse:
    """Keep what is wanted, and go on to the next step; or say what stands in the way."""
    try:
        actions.ask_for(asked=asked, options=options, by=_member(request))
        if checks:
            actions.start_check(asked=asked, by=_member(request))
    except actions.NotNow as refused:
        announce(request, f"Nothing was saved. {refused}", level=messages.ERROR)
        return go_to(request, step_address(asked))
    return go_to(request, reverse(then, args=[asked.pk]))


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def import_check(request: HttpRequest, pk: int) -> HttpResponse:
    """The check of the whole file: how far it is, and what it found. A POST has it checked again."""
    asked = _import_or_404(pk)
    options = _options(asked)
    if asked.run or not options:
        return go_to(request, step_address(asked))
    if request.method == "POST":
        return _check_again(request, asked)
    is_polled = request.htmx and request.htmx.target == "import-check-report"  # type: ignore[attr-defined]
    if is_polled and asked.state == Import.State.CHECKED:
        announce(request, "The check is done.")
    context = {
        "import": asked,
        "options": options,
        "words": options.in_words(asked.name),
        "terms": outcomes(asked),
        "will_do": asked.created + asked.updated,
        "twin": queries.same_file_before(asked),
        **_waiting(request, asked),
        **_refused(request, asked),
    }
    return render_page(request, "journeys/import_check.html", context, parts=["import-check-report", "import-refused"])


def _check_again(request: HttpRequest, asked: Import) -> HttpResponse:
    try:
        actions.start_check(asked=asked, by=_member(request))
    except actions.NotNow as refused:
        announce(request, f"Nothing was done. {refused}", level=messages.ERROR)
    return go_to(request, step_address(asked))


@role_required(Role.MARKETER)
@require_POST
def start_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Import what was checked; a small file is done when its page arrives."""
    asked = _import_or_404(pk)
    try:
        actions.start_import(asked=asked, by=_member(request))
    except actions.NotNow as refused:
        if not asked.run:
            announce(request, f"Nothing was imported. {refused}", level=messages.ERROR)
    return go_to(request, step_address(asked))


@role_required(Role.MARKETER)
@require_safe
def import_result(request: HttpRequest, pk: int) -> HttpResponse:
    """How far an import is, and what came of it."""
    asked = _import_or_404(pk)
    run = asked.run
    if run is None:
        return go_to(request, step_address(asked))
    is_polled = request.htmx and request.htmx.target == "import-outcome"  # type: ignore[attr-defined]
    if is_polled and not run.is_running:
        announce(request, f"{run.get_state_display()}.")
    context = {
        "import": asked,
        "run": run,
        "terms": outcomes(run),
        "can_see": queries.has_outcomes(run),
        "undo": undos().get(run.pk),
        "may_undo": _may_be_undone(run),
        "undoable_until": run.finished_at + settings.IMPORT_ROWS_ARE_KEPT if run.finished_at else None,
        **_waiting(request, asked),
        **_refused(request, asked),
    }
    return render_page(request, "journeys/import_result.html", context, parts=["import-outcome", "import-refused"])


@role_required(Role.MARKETER)
@require_POST
def cancel_import(request: HttpRequest, pk: int) -> HttpResponse:
    """End an import. What it did stays, and can be undone."""
    asked = _import_or_404(pk)
    try:
        actions.cancel_import(asked=asked, by=_member(request))
    except actions.NotNow as refused:
        announce(request, f"Nothing was cancelled. {refused}", level=messages.INFO)
    else:
        announce(request, "The import was cancelled. What it did stays.")
    return go_to(request, step_address(asked))


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def undo_import(request: HttpRequest, pk: int) -> HttpResponse:
    """What undoing an import would do now, and doing it."""
    asked = _import_or_404(pk)
    run = asked.run
    if not run or not _may_be_undone(run):
        return go_to(request, step_address(asked))
    if request.method == "POST":
        try:
            undo = start_undoing_import(run=run, by=_member(request))
        except AlreadyStarted as before:
            undo = before.run
        do_if_small(undo)
        return go_to(request, reverse("journeys:run", args=[undo.pk]))
    context = {"import": asked, "run": run, "effect": queries.effect_of_undo(run)}
    return render_page(request, "journeys/undo_import.html", context)


def _may_be_undone(run: Run) -> bool:
    """Whether it did something, what that was is still known, and nobody undid it."""
    undo = undos().get(run.pk)
    is_open = undo is None or undo.is_in_part
    return is_open and not run.is_running and bool(run.created + run.updated) and queries.has_outcomes(run)


@role_required(Role.MARKETER)
@require_POST
def forget_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Drop an import that was not started, and its file."""
    asked = _import_or_404(pk)
    try:
        actions.forget_import(asked=asked, by=_member(request))
    except actions.NotNow as refused:
        announce(request, f"Nothing was dropped. {refused}", level=messages.ERROR)
    else:
        announce(request, f"{asked} was dropped. Nothing of it is kept.")
    return go_to(request, reverse("journeys:imports"))


@role_required(Role.MARKETER)
@require_safe
def refused_rows(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The refused rows as a file that can be corrected and imported again."""
    asked = _import_or_404(pk)
    name = f"{asked.name.rpartition('.')[0] or asked.name}-refused.csv"
    return StreamingHttpResponse(
        lines(asked),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": content_disposition_header(True, name) or "attachment"},
    )


def _refused(request: HttpRequest, asked: Import) -> dict[str, Any]:
    after = id_in(request.GET.get("after"))
    page = queries.refused_page(asked, after=after)
    return {
        "refused": page.rows,
        "is_further": after is not None,
        "next": f"{request.path}?after={page.after}" if page.after else "",
        "rows_are_kept": settings.IMPORT_ROWS_ARE_KEPT,
    }


def _waiting(request: HttpRequest, asked: Import) -> dict[str, Any]:
    """Whether it is being worked on, and by anybody."""
    is_under_way = asked.state in (Import.State.READING, Import.State.CHECKING) or bool(
        asked.run and asked.run.is_running
    )
    return {
        "is_under_way": is_under_way,
        "waits": is_under_way and asked.size and not worker_is_alive(),
        "here": request.path,
    }


def _options(asked: Import) -> ImportOptions | None:
    return ImportOptions.read(asked.options) if asked.options else None


def _member(request: HttpRequest) -> TeamMember:
    return request.user  # type: ignore[return-value]


def _import_or_404(pk: int) -> Import:
    found = queries.import_of(pk)
    if found is None:
        raise Http404("There is no such import.")
    return found
