"""Settings: the categories of stages."""

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
from stages.categories import actions
from stages.categories.forms import CategoryForm
from stages.categories.queries import categories_with_counts
from stages.models import Category

PART = "edit-category-form"


@role_required(Role.MARKETER)
@require_safe
def categories(request: HttpRequest) -> HttpResponse:
    """Every category, with how many stages are of it."""
    return render_page(request, "stages/categories.html", {"categories": categories_with_counts()})


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def new_category(request: HttpRequest) -> HttpResponse:
    """A category that no stage is of yet."""
    form = CategoryForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            category = actions.create_category(fields=form.values, by=request.user)  # type: ignore[arg-type]
        except ValidationError as error:
            form.add_error(None, error)
        else:
            announce(request, f"{category} was created.")
            return _to_the_list(request)
    return _form(request, "stages/new_category.html", form)


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_category(request: HttpRequest, pk: int) -> HttpResponse:
    """What it is called, its colour, and whether it is offered."""
    category = get_object_or_404(Category, pk=pk)
    title_before = category.title
    form = CategoryForm(request.POST if request.method == "POST" else None, instance=category)
    if form.is_valid():
        try:
            actions.change_category(category=category, fields=form.values, by=request.user)  # type: ignore[arg-type]
        except ValidationError as error:
            form.add_error(None, error)
        else:
            announce(request, f"{category} was saved.")
            return _to_the_list(request)
    return _form(request, "stages/edit_category.html", form, title=title_before)


def _form(request: HttpRequest, template: str, form: CategoryForm, title: str = "") -> HttpResponse:
    context = {"form": form, "here": request.path, "back": reverse("stages:categories"), "title": title}
    return render_page(request, template, context, dialog=PART, parts=[PART], status=422 if form.errors else 200)


@role_required(Role.MARKETER)
@require_POST
def delete_category(request: HttpRequest, pk: int) -> HttpResponse:
    """Only while no stage in use is of it."""
    category = get_object_or_404(Category, pk=pk)
    try:
        actions.delete_category(category=category, by=request.user)  # type: ignore[arg-type]
    except actions.CategoryUsed as used:
        announce(request, f"{category} stays: {used}", level=messages.ERROR)
    else:
        announce(request, f"{category} was deleted.")
    return _to_the_list(request)


def _to_the_list(request: HttpRequest) -> HttpResponse:
    return go_to(request, reverse("stages:categories"))
