"""Addresses that let somebody in once."""

from django.urls import path

from config.team.links import views

urlpatterns = [
    path("invitation/<str:secret>", views.invitation, name="invitation"),
    path("another-password/<str:secret>", views.another_password, name="another_password"),
    path("forgotten-password", views.forgotten_password, name="forgotten_password"),
]
