"""Addresses of imports."""

from django.urls import path

from journeys.imports.wizard import views

urlpatterns = [
    path("imports", views.imports, name="imports"),
    path("imports/new", views.new_import, name="new_import"),
    path("imports/<int:pk>", views.import_result, name="import_result"),
    path("imports/<int:pk>/columns", views.import_columns, name="import_columns"),
    path("imports/<int:pk>/encoding", views.read_import_again, name="read_import_again"),
    path("imports/<int:pk>/options", views.import_options, name="import_options"),
    path("imports/<int:pk>/check", views.import_check, name="import_check"),
    path("imports/<int:pk>/start", views.start_import, name="start_import"),
    path("imports/<int:pk>/cancel", views.cancel_import, name="cancel_import"),
    path("imports/<int:pk>/undo", views.undo_import, name="undo_import"),
    path("imports/<int:pk>/forget", views.forget_import, name="forget_import"),
    path("imports/<int:pk>/refused.csv", views.refused_rows, name="refused_rows"),
]
