"""Addresses of the settings of moves."""

from django.urls import path

from journeys.rules import views

urlpatterns = [
    path("settings/lost-reasons", views.lost_reasons, name="lost_reasons"),
    path("settings/lost-reasons/required", views.lost_reason_required, name="lost_reason_required"),
    path("settings/lost-reasons/<int:pk>/rename", views.rename_lost_reason, name="rename_lost_reason"),
    path("settings/lost-reasons/<int:pk>/up", views.move_lost_reason, {"places": -1}, name="move_lost_reason_up"),
    path("settings/lost-reasons/<int:pk>/down", views.move_lost_reason, {"places": 1}, name="move_lost_reason_down"),
    path("settings/lost-reasons/<int:pk>/retire", views.retire_lost_reason, name="retire_lost_reason"),
    path("settings/lost-reasons/<int:pk>/use-again", views.use_lost_reason_again, name="use_lost_reason_again"),
]
