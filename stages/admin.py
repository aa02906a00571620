"""Stages and categories in the Django admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from config.admin import DataFixAdmin
from stages.actions import change_stage, create_stage
from stages.models import Category, Stage, StageRevision


class RevisionInline(admin.TabularInline):
    """What the stage was called before."""

    model = StageRevision
    fields = readonly_fields = ("revised_at", "name", "weight", "colour")
    ordering = ["-id"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Stage)
class StageAdmin(DataFixAdmin):
    list_display = ["name", "weight", "is_published", "publish_up", "publish_down", "category", "retired_at"]
    list_filter = ["is_published"]
    list_select_related = ["category"]
    search_fields = ["name"]
    fields = [
        "name",
        "description",
        "colour",
        "weight",
        "category",
        "is_published",
        "publish_up",
        "publish_down",
        "target_days",
        "retired_at",
    ]
    readonly_fields = ["retired_at"]
    inlines = [RevisionInline]

    def has_change_permission(self, request: HttpRequest, obj: Stage | None = None) -> bool:
        """A retired stage stays as it was."""
        return super().has_change_permission(request, obj) and not (obj and obj.retired_at)

    def get_inlines(self, request: HttpRequest, obj: Stage | None) -> list:
        return self.inlines if obj else []

    def save_model(self, request: HttpRequest, obj: Stage, form: forms.ModelForm, change: bool) -> None:
        if change:
            fields = {name: form.cleaned_data[name] for name in form.changed_data}
            change_stage(stage=obj, fields=fields, by=request.user)  # type: ignore[arg-type]
        else:
            obj.pk = create_stage(fields=form.cleaned_data, by=request.user).pk  # type: ignore[arg-type]


@admin.register(Category)
class CategoryAdmin(DataFixAdmin):
    list_display = ["title", "alias", "colour", "is_published"]
    search_fields = ["title"]
    prepopulated_fields = {"alias": ["title"]}
