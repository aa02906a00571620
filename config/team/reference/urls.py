"""The address of the page about our own API."""

from django.urls import path

from config.team.reference import views

urlpatterns = [
    path("api/v1/docs", views.api_reference, name="api_reference"),
]
