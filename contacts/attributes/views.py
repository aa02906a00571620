"""Settings: the attributes of contacts."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.announce import announce
from config.htmx import go_to, render_page
from config.team.access import role_required
from config.team.roles import Role
from contacts.attributes import actions
from contacts.attributes import queries as read
from contacts.attributes.forms import AttributeForm
from contacts.models import Attribute
from journeys.uses.queries import uses_of_attributes

PART = "edit-attribute-form"


@role_required(Role.MARKETER)
@require_safe
def attributes(request: HttpRequest) -> HttpResponse:
    """Every attribute, in the order of the contact form."""
    return _list(request)


def _list(request: HttpRequest) -> HttpResponse:
    context = {"attributes": read.attributes()}
    return render_page(request, "contacts/attributes.html", context, parts=["attributes-list"])


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def new_attribute(request: HttpRequest) -> HttpResponse:
    """A new field of contacts."""
    form = AttributeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            attribute = actions.create_attribute(**form.cleaned_data, by=request.user)  # type: ignore[arg-type]
        except ValidationError as error:
            form.add_error(None, error)
        else:
            announce(request, f"{attribute} is on the contact form now.")
            return _to_the_list(request)
    return _form(request, "contacts/new_attribute.html", form)


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_attribute(request: HttpRequest, pk: int) -> HttpResponse:
    """Another name, other choices."""
    attribute = get_object_or_404(Attribute, pk=pk)
    form = AttributeForm(request.POST if request.method == "POST" else None, instance=attribute)
    name_before = attribute.name
    if form.is_valid():
        fields = {"choices": [], **form.cleaned_data}
        try:
            actions.change_attribute(attribute=attribute, **fields, by=request.user)  # type: ignore[arg-type]
        except ValidationError as error:
            form.add_error(None, error)
        else:
            announce(request, f"{attribute} was saved.")
            return _to_the_list(request)
    return _form(request, "contacts/edit_attribute.html", form, name=name_before)


def _form(request: HttpRequest, template: str, form: AttributeForm, name: str = "") -> HttpResponse:
    context = {
        "form": form,
        "here": request.path,
        "back": reverse("contacts:attributes"),
        "name": name,
        "type": form.instance.get_type_display() if form.instance.pk else "",
    }
    return render_page(request, template, context, dialog=PART, parts=[PART], status=422 if form.errors else 200)


@role_required(Role.MARKETER)
@require_POST
def move_attribute(request: HttpRequest, pk: int, places: int) -> HttpResponse:
    """One place up or down."""
    attribute = get_object_or_404(Attribute, pk=pk)
    actions.move_attribute(attribute=attribute, places=places, by=request.user)  # type: ignore[arg-type]
    return _list(request) if request.htmx else _to_the_list(request)  # type: ignore[attr-defined]


@role_required(Role.MARKETER)
@require_POST
def remove_attribute(request: HttpRequest, pk: int) -> HttpResponse:
    """Only while no contact has a value for it, and nothing asks for it."""
    attribute = get_object_or_404(Attribute, pk=pk)
    if uses := uses_of_attributes()[attribute.pk]:
        words = ", ".join(map(str, uses))
        announce(request, f"{attribute} stays: it is used in {words}.", level=messages.ERROR)
        return _to_the_list(request)
    try:
        actions.remove_attribute(attribute=attribute, by=request.user)  # type: ignore[arg-type]
    except actions.AttributeHeld as held:
        announce(request, f"{attribute} stays: {held}", level=messages.ERROR)
    else:
        announce(request, f"{attribute} was removed.")
    return _to_the_list(request)


def _to_the_list(request: HttpRequest) -> HttpResponse:
    return go_to(request, reverse("contacts:attributes"))
