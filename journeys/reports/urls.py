"""The addresses of reports."""

from django.urls import path

from journeys.reports import views

urlpatterns = [
    path("reports", views.reports, name="reports"),
]
