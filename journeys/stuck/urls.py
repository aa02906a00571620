"""The address of Stuck."""

from django.urls import path

from journeys.stuck import views

urlpatterns = [
    path("reports/stuck", views.stuck, name="stuck"),
]
