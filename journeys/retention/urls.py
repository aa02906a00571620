"""The address of how long details are kept."""

from django.urls import path

from journeys.retention import views

urlpatterns = [
    path("settings/retention", views.retention, name="retention"),
]
