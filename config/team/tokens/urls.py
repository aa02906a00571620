"""Addresses of the API tokens."""

from django.urls import path

from config.team.tokens import views

urlpatterns = [
    path("settings/tokens", views.tokens, name="tokens"),
    path("settings/tokens/new", views.new_token, name="new_token"),
    path("settings/tokens/<int:pk>/revoke", views.revoke_token, name="revoke_token"),
]
