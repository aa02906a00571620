"""Addresses of the stages and their categories."""

from django.urls import include, path

from stages import views

app_name = "stages"

urlpatterns = [
    path("stages", views.stages, name="stages"),
    path("stages/new", views.new_stage, name="new_stage"),
    path("stages/<int:pk>", views.stage, name="stage"),
    path("stages/<int:pk>/edit", views.edit_stage, name="edit_stage"),
    path("stages/<int:pk>/move", views.move_stage, name="move_stage"),
    path("stages/<int:pk>/up", views.move_stage, {"places": -1}, name="move_stage_up"),
    path("stages/<int:pk>/down", views.move_stage, {"places": 1}, name="move_stage_down"),
    path("", include("stages.categories.urls")),
]
