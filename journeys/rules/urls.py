"""Addresses of Manage Funnel and of the settings of moves."""

from django.urls import path

from journeys.rules import views

urlpatterns = [
    path("manage-funnel", views.manage_funnel, name="manage_funnel"),
    path("manage-funnel/rules", views.keep_label_rule, name="keep_label_rule"),
    path("manage-funnel/rules/<int:pk>/preview", views.preview_label_rule, name="preview_label_rule"),
    path("manage-funnel/rules/<int:pk>/forget", views.forget_label_rule, name="forget_label_rule"),
    path("manage-funnel/default", views.use_default_stage, name="use_default_stage"),
    path("manage-funnel/default/give", views.give_default, name="give_default"),
    path("manage-funnel/movement-rules", views.set_movement_rules, name="set_movement_rules"),
    path("manage-funnel/movement-rules/preset", views.use_movement_preset, name="use_movement_preset"),
    path("settings/lost-reasons", views.lost_reasons, name="lost_reasons"),
    path("settings/lost-reasons/required", views.lost_reason_required, name="lost_reason_required"),
    path("settings/lost-reasons/<int:pk>/rename", views.rename_lost_reason, name="rename_lost_reason"),
    path("settings/lost-reasons/<int:pk>/up", views.move_lost_reason, {"places": -1}, name="move_lost_reason_up"),
    path("settings/lost-reasons/<int:pk>/down", views.move_lost_reason, {"places": 1}, name="move_lost_reason_down"),
    path("settings/lost-reasons/<int:pk>/retire", views.retire_lost_reason, name="retire_lost_reason"),
    path("settings/lost-reasons/<int:pk>/use-again", views.use_lost_reason_again, name="use_lost_reason_again"),
]
