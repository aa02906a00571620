"""Labels, and putting them on a contact and taking them off."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.announce import announce
from config.htmx import go_to, render_page, render_part
from config.team.access import role_required
from config.team.models import TeamMember
from config.team.roles import Role
from contacts.actions import put_on_label as put_on
from contacts.actions import take_off_label as take_off
from contacts.causes import Cause
from contacts.labels import actions
from contacts.labels.forms import DeleteLabelForm, LabelForm, MergeLabelForm, OneLabelForm
from contacts.labels.queries import (
    carriers_of,
    changes_of_label_page,
    labels_not_on,
    labels_on,
    labels_with_counts,
    merge_of,
)
from contacts.models import Contact, Label
from contacts.views.addresses import id_in
from journeys.labels import actions as ends
from journeys.retiring.forms import TypedForm
from journeys.runs.words import how_many
from journeys.uses.queries import in_the_way, uses_of_labels

AT_ONCE_SECONDS = 2.0
"""So long a request works on the labels that it merges."""


@role_required(Role.VIEWER)
@require_safe
def labels(request: HttpRequest) -> HttpResponse:
    """Every label, with how many contacts carry it."""
    return render_page(request, "contacts/labels.html", {"labels": labels_with_counts()})


@role_required(Role.VIEWER)
@require_safe
def label(request: HttpRequest, pk: int) -> HttpResponse:
    """A label: how many carry it, what uses it, and who put it on whom and when."""
    found = get_object_or_404(Label.objects.select_related("created_by"), pk=pk)
    page = changes_of_label_page(found, older_than=id_in(request.GET.get("older_than")))
    context = {
        "label": found,
        "contacts": carriers_of(found),
        "uses": uses_of_labels()[found.pk],
        "merge": merge_of(found),
        "changes": page.changes,
        "newest": request.path if "older_than" in request.GET else "",
        "older": f"{request.path}?older_than={page.older_than}" if page.older_than else "",
    }
    return render_page(request, "contacts/label.html", context, parts=["label-changes"])


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def new_label(request: HttpRequest) -> HttpResponse:
    """A label that nobody carries yet."""
    form = LabelForm(_sent(request))
    if form.is_valid():
        try:
            label = actions.create_label(**form.cleaned_data, by=request.user)  # type: ignore[arg-type]
        except ValidationError as error:
            form.add_error(None, error)
        else:
            announce(request, f"The label {label} is there. Put it on contacts on their pages.")
            return go_to(request, reverse("contacts:labels"))
    return _form(request, "contacts/new_label.html", form)


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_label(request: HttpRequest, pk: int) -> HttpResponse:
    """Another name or colour."""
    label = get_object_or_404(Label, pk=pk)
    name_before = label.name
    form = LabelForm(_sent(request), instance=label)
    if form.is_valid():
        try:
            actions.change_label(label=label, **form.cleaned_data, by=request.user)  # type: ignore[arg-type]
        except ValidationError as error:
            form.add_error(None, error)
        else:
            renamed = f"{name_before} is {label} now." if name_before != label.name else f"{label} was saved."
            announce(request, renamed)
            return go_to(request, reverse("contacts:labels"))
    return _form(request, "contacts/edit_label.html", form, name=name_before)


def _form(request: HttpRequest, template: str, form: LabelForm, name: str = "") -> HttpResponse:
    context = {"form": form, "here": request.path, "back": reverse("contacts:labels"), "name": name}
    part = "edit-label-form"
    return render_page(request, template, context, dialog=part, parts=[part], status=422 if form.errors else 200)


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def merge_label(request: HttpRequest, pk: int) -> HttpResponse:
    """Which label another one becomes part of, with its carriers and all that uses it."""
    label = get_object_or_404(Label, pk=pk)
    contacts = carriers_of(label)
    form = MergeLabelForm(_sent(request), label=label, contacts=contacts)
    if form.is_valid():
        into = form.cleaned_data["into"]
        try:
            ends.merge_label(label=label, into=into, by=request.user)  # type: ignore[arg-type]
        except ends.LabelInTheWay as problem:
            form.add_error("into", str(problem))
        else:
            announce(request, _merged(label, into, contacts, by=request.user))  # type: ignore[arg-type]
            return go_to(request, reverse("contacts:label", args=[into.pk]))
    return _end(request, "contacts/merge_label.html", label, contacts, form)


def _merged(label: Label, into: Label, contacts: int, *, by: TeamMember) -> str:
    """Do it at once where few carry the label, and say how far it is."""
    is_small = contacts <= ends.AT_ONCE
    if is_small and not ends.work_on_merges(seconds=AT_ONCE_SECONDS, by=by):
        return f"{label} is part of {into} now."
    ends.queue_merges(by=by)
    return f"{label} is becoming part of {into}: its {contacts:,} contacts come to carry {into} within minutes."


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def delete_label(request: HttpRequest, pk: int) -> HttpResponse:
    """What deleting a label takes away and what it leaves; then it does."""
    label = get_object_or_404(Label, pk=pk)
    contacts = carriers_of(label)
    form = DeleteLabelForm(_sent(request), label=label, contacts=contacts)
    if form.is_valid():
        try:
            carried = ends.delete_label(label=label, by=request.user)  # type: ignore[arg-type]
        except ends.LabelInTheWay as problem:
            form.add_error(None, str(problem))
        else:
            announce(request, f"The label {label} was deleted. {how_many(carried)} carried it.")
            return go_to(request, reverse("contacts:labels"))
    return _end(request, "contacts/delete_label.html", label, contacts, form)


def _sent(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _end(request: HttpRequest, template: str, label: Label, contacts: int, form: TypedForm) -> HttpResponse:
    uses = uses_of_labels()[label.pk]
    context = {
        "label": label,
        "contacts": contacts,
        "uses": uses,
        "in_the_way": in_the_way(uses),
        "is_too_many": contacts > ends.AT_ONCE,
        "form": form,
        "here": request.path,
        "back": reverse("contacts:label", args=[label.pk]),
    }
    return render_page(request, template, context, status=422 if form.errors else 200)


@role_required(Role.OPERATOR)
@require_POST
def put_on_label(request: HttpRequest, pk: int) -> HttpResponse:
    """One label on one contact."""
    contact = get_object_or_404(Contact.objects.defer("search"), pk=pk)
    form = OneLabelForm(request.POST)
    if form.is_valid():
        label = form.cleaned_data["label"]
        changed = put_on(contacts=[contact.pk], label=label, by=request.user, cause=Cause.MANUAL)  # type: ignore[arg-type]
        announce(request, f"{contact} carries {label} now." if changed else f"{contact} carries {label} already.")
    return _labels_of(request, contact, form)


@role_required(Role.OPERATOR)
@require_POST
def take_off_label(request: HttpRequest, pk: int) -> HttpResponse:
    """One label off one contact."""
    contact = get_object_or_404(Contact.objects.defer("search"), pk=pk)
    form = OneLabelForm(request.POST)
    if form.is_valid():
        label = form.cleaned_data["label"]
        changed = take_off(contacts=[contact.pk], label=label, by=request.user, cause=Cause.MANUAL)  # type: ignore[arg-type]
        words = f"{contact} carries {label} no longer." if changed else f"{contact} does not carry {label}."
        announce(request, words)
    return _labels_of(request, contact, form)


def _labels_of(request: HttpRequest, contact: Contact, form: OneLabelForm) -> HttpResponse:
    """Back to the contact, or the labels of it; with a problem said in a message."""
    if form.errors:
        announce(request, " ".join(map(str, form.errors["label"])), level=messages.ERROR)
    if not request.htmx:  # type: ignore[attr-defined]
        return go_to(request, reverse("contacts:contact", args=[contact.pk]))
    context = {"contact": contact, "carried": labels_on(contact), "not_carried": labels_not_on(contact)}
    return render_part(request, "contacts/_contact_labels.html", context)
