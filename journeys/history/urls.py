"""The address of the status history."""

from django.urls import path

from journeys.history import views

urlpatterns = [
    path("status-history", views.status_history, name="status_history"),
]
