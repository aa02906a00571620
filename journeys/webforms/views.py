"""Web forms: all of them, one with what was sent, and the builder."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.announce import announce
from config.htmx import go_to, render_page
from config.team.access import role_required
from config.team.models import TeamMember
from config.team.roles import Role
from contacts.views.addresses import id_in, read_on
from journeys.book.actions import default_stage
from journeys.uses.queries import uses_of_web_forms
from journeys.webforms import actions, queries
from journeys.webforms.forms import DeleteWebFormForm, WebFormForm, asked_in, edited, form_of
from journeys.webforms.models import Asked, WebForm
from journeys.webforms.shown import asked_in_words, embed_snippet, public_address
from stages.models import Stage
from stages.queries import open_stages

FIRST_ASKED = [Asked(queries.EMAIL, is_required=True), Asked("first_name"), Asked("last_name")]
"""What a new form asks, to begin with."""


@role_required(Role.VIEWER)
@require_safe
def web_forms(request: HttpRequest) -> HttpResponse:
    """Every web form, whether it is open, and how often it was sent."""
    uses = uses_of_web_forms()
    rows = [{"form": one, "uses": uses[one.pk], "not_given": queries.why_not_given(one)} for one in queries.web_forms()]
    return render_page(request, "journeys/web_forms.html", {"rows": rows})


@role_required(Role.VIEWER)
@require_safe
def web_form(request: HttpRequest, pk: int) -> HttpResponse:
    """One web form: what it asks, what becomes of whoever sends it, where it is found, and what was sent."""
    shown = get_object_or_404(queries.web_forms(), pk=pk)
    newer_than, older_than = id_in(request.GET.get("newer_than")), id_in(request.GET.get("older_than"))
    part = queries.submissions_page(shown, newer_than=newer_than, older_than=older_than)
    context = {
        "web_form": shown,
        "asked": asked_in_words(shown, queries.askable()),
        "labels": list(shown.labels.all()),
        "default": default_stage(),
        "not_given": queries.why_not_given(shown),
        "contacts": queries.contacts_of(shown),
        "uses": uses_of_web_forms()[shown.pk],
        "public_address": public_address(request, shown),
        "embed_snippet": embed_snippet(request, shown),
        "submissions": part.rows,
        "previous": read_on(request, newer_than=part.newer_than),
        "next": read_on(request, older_than=part.older_than),
    }
    return render_page(request, "journeys/web_form.html", context, parts=["web-form-submissions"])


@role_required(Role.MARKETER)
@require_POST
def open_web_form(request: HttpRequest, pk: int) -> HttpResponse:
    """Let people send it again."""
    form = get_object_or_404(WebForm, pk=pk)
    actions.open_web_form(form=form, by=request.user)  # type: ignore[arg-type]
    announce(request, f"{form} is open.")
    return go_to(request, reverse("journeys:web_form", args=[pk]))


@role_required(Role.MARKETER)
@require_POST
def close_web_form(request: HttpRequest, pk: int) -> HttpResponse:
    """Let nobody send it any more."""
    form = get_object_or_404(WebForm, pk=pk)
    actions.close_web_form(form=form, by=request.user)  # type: ignore[arg-type]
    announce(request, f"{form} is closed. What was sent stays.")
    return go_to(request, reverse("journeys:web_form", args=[pk]))


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def delete_web_form(request: HttpRequest, pk: int) -> HttpResponse:
    """What deleting a web form takes away and what it leaves; then it does."""
    deleted = get_object_or_404(WebForm, pk=pk)
    uses, sent = uses_of_web_forms()[pk], queries.submissions_count(deleted)
    form = DeleteWebFormForm(request.POST if request.method == "POST" else None, web_form=deleted, sent=sent)
    if form.is_valid():
        try:
            actions.delete_web_form(form=deleted, by=request.user)  # type: ignore[arg-type]
        except actions.WebFormInUse as used:
            words = ", ".join(map(str, used.uses))
            announce(request, f"{deleted} stays: it is used in {words}.", level=messages.ERROR)
            return go_to(request, reverse("journeys:web_form", args=[pk]))
        announce(request, f"{deleted} was deleted.")
        return go_to(request, reverse("journeys:web_forms"))
    back = reverse("journeys:web_form", args=[pk])
    context = {"web_form": deleted, "sent": sent, "uses": uses, "form": form, "back": back}
    return render_page(request, "journeys/delete_web_form.html", context, status=422 if form.errors else 200)


# The builder


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def new_web_form(request: HttpRequest) -> HttpResponse:
    """A web form that somebody builds, or a copy of another one: `like` names it."""
    return _build(request, "journeys/new_web_form.html", None)


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_web_form(request: HttpRequest, pk: int) -> HttpResponse:
    """Other fields, other labels, another stage. Its address stays."""
    return _build(request, "journeys/edit_web_form.html", get_object_or_404(WebForm, pk=pk))


def _build(request: HttpRequest, template: str, changed: WebForm | None) -> HttpResponse:
    """The builder after whatever somebody did in it: added a field, moved one, or saved."""
    choices = _choices(changed)
    if request.method != "POST":
        like = changed or WebForm.objects.filter(pk=id_in(request.GET.get("like")) or 0).first()
        asked = like.asks if like else FIRST_ASKED
        form = WebFormForm(None, asked=asked, initial=form_of(like, is_copy=changed is None), **choices)
        return _page(request, template, form, changed)
    asked = asked_in(request.POST, choices["known"])
    if act := request.POST.get("act"):
        asked, focus = edited(asked, act, request.POST.get("added", ""))
        return _page(request, template, _as_typed(request, asked, choices), changed, focus=focus)
    return _save(request, template, changed, asked, choices)


def _choices(changed: WebForm | None) -> dict[str, Any]:
    """What the builder offers. The stage that a form has stays offered when it is closed."""
    stages: list[Stage] = open_stages(timezone.now())
    if changed and changed.stage and changed.stage not in stages:
        stages.append(changed.stage)
    return {"known": queries.askable(), "stages": stages, "default": default_stage()}


def _as_typed(request: HttpRequest, asked: list[Asked], choices: dict[str, Any]) -> WebFormForm:
    """The form with everything that was typed, and without complaint."""
    said = {name: request.POST[name] for name in WebFormForm.base_fields if name in request.POST and name != "added"}
    return WebFormForm(None, asked=asked, initial={**said, "labels": request.POST.getlist("labels")}, **choices)


def _page(
    request: HttpRequest,
    template: str,
    form: WebFormForm,
    changed: WebForm | None,
    *,
    focus: str = "",
    status: int = 200,
    meanwhile: WebForm | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "web_form": changed,
        "focus": focus,
        "meanwhile": meanwhile,
        "here": request.path,
        "back": reverse("journeys:web_form", args=[changed.pk]) if changed else reverse("journeys:web_forms"),
    }
    return render_page(request, template, context, parts=["edit-web-form-fields"], status=status)


def _save(
    request: HttpRequest, template: str, changed: WebForm | None, asked: list[Asked], choices: dict[str, Any]
) -> HttpResponse:
    member: TeamMember = request.user  # type: ignore[assignment]
    form = WebFormForm(request.POST, asked=asked, **choices)
    if not form.is_valid():
        return _page(request, template, form, changed, status=422)
    try:
        if changed:
            actions.change_web_form(form=changed, seen=form.cleaned_data["seen"] or 0, plan=form.plan, by=member)
            saved = changed
        else:
            saved = actions.create_web_form(plan=form.plan, by=member)
    except ValidationError as error:
        form.add_error(None, error)
        return _page(request, template, form, changed, status=422)
    except actions.WebFormChanged as other:
        again = _as_typed(request, asked, choices)
        again.initial["seen"] = other.form.revision
        return _page(request, template, again, changed, status=409, meanwhile=other.form)
    announce(request, f"{form.cleaned_data['name']} was saved.")
    return go_to(request, reverse("journeys:web_form", args=[saved.pk]))
