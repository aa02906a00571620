"""Addresses of the OAuth2 applications."""

from django.urls import path

from config.team.applications import views

urlpatterns = [
    path("settings/applications", views.applications, name="applications"),
    path("settings/applications/new", views.new_application, name="new_application"),
    path("settings/applications/<int:pk>/remove", views.remove_application, name="remove_application"),
    path("oauth/v2/authorize", views.Authorize.as_view(), name="authorize"),
]
