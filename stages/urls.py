"""Addresses of the stages."""

from django.urls import path

from stages import views

app_name = "stages"

urlpatterns = [
    path("stages", views.stages, name="stages"),
    path("stages/new", views.new_stage, name="new_stage"),
    path("stages/<int:pk>/edit", views.edit_stage, name="edit_stage"),
]
