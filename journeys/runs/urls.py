"""Addresses of runs and of what is shown before them."""

from django.urls import path

from journeys.runs import views

urlpatterns = [
    path("previews/<int:pk>", views.preview, name="preview"),
    path("previews/<int:pk>/contacts", views.preview_contacts, name="preview_contacts"),
    path("previews/<int:pk>/start", views.start_run, name="start_run"),
]
