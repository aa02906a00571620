"""Segments: all of them, one with its contacts, and the builder."""

import re
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from config.announce import announce
from config.htmx import go_to, render_page, render_part
from config.team.access import role_required
from config.team.models import TeamMember
from config.team.roles import Role
from journeys.book.queries import ContactQuery, newest_matching
from journeys.segments import actions, queries
from journeys.segments.conditions import Conditions, InvalidConditions, Vocabulary, checked
from journeys.segments.forms import SegmentForm, edited, first_typed, form_of, typed_in
from journeys.segments.models import Segment
from journeys.segments.queries import Matching
from journeys.segments.sentences import about_days, sentence
from journeys.segments.shown import contacts_address
from journeys.uses.queries import uses_of_segments

COUNTED_AT_ONCE = 1.0
"""Counting the matches while building takes up to so many seconds; if that is too short, the page asks once more."""

COUNTED_PATIENTLY = 30.0

SHOWN = 30
"""So many contacts are shown on the page of a segment."""


@role_required(Role.VIEWER)
@require_safe
def segments(request: HttpRequest) -> HttpResponse:
    """The segments that somebody sees, with what they ask, how many match and where they are used."""
    member: TeamMember = request.user  # type: ignore[assignment]
    seen, known, at = list(queries.segments_for(member)), queries.vocabulary(), queries.this_moment()
    uses = uses_of_segments()
    is_counted = "counted" in request.GET
    counts = queries.counts_of(seen) if is_counted else {}
    rows = [
        {
            "segment": one,
            "sentence": sentence(one.asks, known, at),
            "count": counts.get(one.pk),
            "uses": uses[one.pk],
            "may_change": queries.may_change(one, member),
        }
        for one in seen
    ]
    context = {"rows": rows, "is_counted": is_counted}
    return render_page(request, "journeys/segments.html", context, parts=["segments-list"])


@role_required(Role.VIEWER)
@require_safe
def segment_counts(request: HttpRequest) -> HttpResponse:
    """How many match each `segment`, as far as that is found out quickly. For tabs that are shown already."""
    asked = set(request.GET.getlist("segment"))
    seen = [one for one in queries.segments_for(request.user) if str(one.pk) in asked]  # type: ignore[arg-type]
    return render_part(request, "journeys/_segment_counts.html", {"counts": queries.counts_of(seen)})


@role_required(Role.VIEWER)
@require_safe
def segment(request: HttpRequest, pk: int) -> HttpResponse:
    """One segment: what it asks, how many match, who they are, and where it is used."""
    member: TeamMember = request.user  # type: ignore[assignment]
    shown = get_object_or_404(queries.segments_for(member).select_related("changed_by"), pk=pk)
    matching, known = Matching.of(shown), queries.vocabulary()
    context = {
        "segment": shown,
        "sentence": sentence(shown.asks, known, matching.at),
        "about_days": about_days(shown.asks, matching.at),
        "count": queries.count_within(matching, COUNTED_PATIENTLY),
        "contacts": newest_matching(ContactQuery(segment=matching), limit=SHOWN),
        "contacts_address": contacts_address(shown),
        "uses": uses_of_segments()[shown.pk],
        "may_change": queries.may_change(shown, member),
        "here": request.path,
    }
    return render_page(request, "journeys/segment.html", context)


@role_required(Role.VIEWER)
@require_http_methods(["GET", "HEAD", "POST"])
def new_segment(request: HttpRequest) -> HttpResponse:
    """A segment that somebody builds, or a copy of another one: `like` names it."""
    return _build(request, "journeys/new_segment.html", None)


@role_required(Role.VIEWER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_segment(request: HttpRequest, pk: int) -> HttpResponse:
    """Other conditions, another name. Runs that were started with it keep the contacts they had."""
    return _build(request, "journeys/edit_segment.html", _to_change(request, pk))


@role_required(Role.VIEWER)
@require_POST
def delete_segment(request: HttpRequest, pk: int) -> HttpResponse:
    """Only while nothing uses it."""
    deleted = _to_change(request, pk)
    try:
        actions.delete_segment(segment=deleted, by=request.user)  # type: ignore[arg-type]
    except actions.SegmentInUse as used:
        words = ", ".join(map(str, used.uses))
        announce(request, f"{deleted} stays: it is used in {words}.", level=messages.ERROR)
        return go_to(request, reverse("journeys:segment", args=[pk]))
    announce(request, f"{deleted} was deleted.")
    return go_to(request, reverse("journeys:segments"))


def _to_change(request: HttpRequest, pk: int) -> Segment:
    """The segment, if the person may change it. Another one's own is not there for them."""
    member: TeamMember = request.user  # type: ignore[assignment]
    found = get_object_or_404(queries.segments_for(member), pk=pk)
    if not queries.may_change(found, member):
        raise PermissionDenied(f"This needs the role {Role.MARKETER.label}: the segment is for everybody.")
    return found


# The builder


def _build(request: HttpRequest, template: str, changed: Segment | None) -> HttpResponse:
    """The builder after whatever somebody did in it: chose a field, added a condition, typed, or saved."""
    known = queries.vocabulary()
    if request.method != "POST":
        return _begin(request, template, changed, known)
    target = request.htmx.target or "" if request.htmx else ""  # type: ignore[attr-defined]
    typed = typed_in(request.POST)
    if target == "edit-segment-preview":
        return render_part(request, "journeys/_edit_segment_preview.html", _preview(request, typed, known))
    if found := re.fullmatch(r"edit-segment-condition-([0-9]{1,3})-([0-9]{1,3})", target):
        return _condition(request, _form(request, typed, known), int(found[1]), int(found[2]))
    act = request.POST.get("act")
    if act:
        typed, focus = edited(typed, act)
        form = _form(request, typed, known)
        return _changed(_page(request, template, form, changed, focus=focus))
    return _save(request, template, changed, known, typed)


def _begin(request: HttpRequest, template: str, changed: Segment | None, known: Vocabulary) -> HttpResponse:
    like = None
    if changed is None and (number := request.GET.get("like", "")).isdecimal() and len(number) <= 18:
        like = queries.segments_for(request.user).filter(pk=int(number)).first()  # type: ignore[arg-type]
    form = SegmentForm(
        None,
        typed=first_typed([changed, like]),
        vocabulary=known,
        may_share=queries.may_share(request.user),  # type: ignore[arg-type]
        initial=form_of(changed or like, is_copy=changed is None),
    )
    return _page(request, template, form, changed)


def _form(request: HttpRequest, typed: list[list[dict[str, str]]], known: Vocabulary) -> SegmentForm:
    """The form with everything that was typed, and without complaint."""
    names = ("name", "description", "is_for_all", "seen")
    may_share = queries.may_share(request.user)  # type: ignore[arg-type]
    initial = {name: request.POST[name] for name in names if name in request.POST}
    return SegmentForm(None, typed=typed, vocabulary=known, may_share=may_share, initial=initial)


def _condition(request: HttpRequest, form: SegmentForm, group: int, condition: int) -> HttpResponse:
    """One condition, whose field or operator was just chosen."""
    rows = form.groups[group].rows if group < len(form.groups) else []
    if condition >= len(rows):
        return HttpResponse(status=204)
    context = {"row": rows[condition], "here": request.path, "is_first": condition == 0}
    return _changed(render_part(request, "journeys/_edit_segment_condition.html", context))


def _changed(response: HttpResponse) -> HttpResponse:
    """Have the page count again."""
    return trigger_client_event(response, "segment:changed", after="settle")


def _preview(request: HttpRequest, typed: list[list[dict[str, str]]], known: Vocabulary) -> dict[str, Any]:
    """What the conditions say and how many match, if they are complete."""
    is_patient = request.GET.get("patient") == "1"
    context = {"here": request.path, "is_patient": is_patient}
    try:
        conditions = checked(SegmentForm(None, typed=typed, vocabulary=known, may_share=False).typed, known)
    except InvalidConditions:
        return context
    return {**context, **_in_words_and_numbers(conditions, known, COUNTED_PATIENTLY if is_patient else COUNTED_AT_ONCE)}


def _in_words_and_numbers(conditions: Conditions, known: Vocabulary, seconds: float) -> dict[str, Any]:
    at = queries.this_moment()
    return {
        "is_complete": True,
        "sentence": sentence(conditions, known, at),
        "about_days": about_days(conditions, at),
        "count": queries.count_within(Matching(conditions, at), seconds),
    }


def _page(
    request: HttpRequest,
    template: str,
    form: SegmentForm,
    changed: Segment | None,
    *,
    focus: str = "",
    status: int = 200,
    meanwhile: Segment | None = None,
) -> HttpResponse:
    context = {
        **_preview(request, form.typed, form.vocabulary),
        "form": form,
        "segment": changed,
        "focus": focus,
        "meanwhile": meanwhile,
        "back": reverse("journeys:segment", args=[changed.pk]) if changed else reverse("journeys:segments"),
    }
    return render_page(request, template, context, parts=["edit-segment-groups"], status=status)


def _save(
    request: HttpRequest, template: str, changed: Segment | None, known: Vocabulary, typed: list[list[dict[str, str]]]
) -> HttpResponse:
    member: TeamMember = request.user  # type: ignore[assignment]
    form = SegmentForm(request.POST, typed=typed or [[{}]], vocabulary=known, may_share=queries.may_share(member))
    if not form.is_valid():
        return _page(request, template, form, changed, status=422)
    try:
        if changed:
            seen = form.cleaned_data["seen"] or 0
            actions.change_segment(segment=changed, seen=seen, by=member, **form.values)
            saved, words = changed, f"{form.cleaned_data['name']} was saved."
        else:
            saved = actions.create_segment(by=member, **form.values)
            words = f"{saved} was saved."
    except ValidationError as error:
        form.add_error(None, error)
        return _page(request, template, form, changed, status=422)
    except actions.SegmentChanged as other:
        again = _form(request, typed, known)
        again.initial["seen"] = other.segment.revision
        return _page(request, template, again, changed, status=409, meanwhile=other.segment)
    announce(request, words)
    return go_to(request, reverse("journeys:segment", args=[saved.pk]))
