"""Addresses of runs and of what is shown before them."""

from django.urls import path

from journeys.runs import views

urlpatterns = [
    path("runs", views.runs, name="runs"),
    path("runs/going", views.runs_going, name="runs_going"),
    path("runs/<int:pk>", views.run, name="run"),
    path("runs/<int:pk>/outcomes.csv", views.run_csv, name="run_csv"),
    path("runs/<int:pk>/cancel", views.cancel_run, name="cancel_run"),
    path("runs/<int:pk>/continue", views.continue_run, name="continue_run"),
    path("runs/<int:pk>/undo", views.undo_run, name="undo_run"),
    path("previews/<int:pk>", views.preview, name="preview"),
    path("previews/<int:pk>/contacts", views.preview_contacts, name="preview_contacts"),
    path("previews/<int:pk>/start", views.start_run, name="start_run"),
]
