"""Addresses of campaigns."""

from django.urls import path

from journeys.campaigns import views

urlpatterns = [
    path("campaigns", views.campaigns, name="campaigns"),
    path("campaigns/new", views.new_campaign, name="new_campaign"),
    path("campaigns/<int:pk>", views.campaign, name="campaign"),
    path("campaigns/<int:pk>/edit", views.edit_campaign, name="edit_campaign"),
    path("campaigns/<int:pk>/activate", views.activate_campaign, name="activate_campaign"),
    path("campaigns/<int:pk>/pause", views.pause_campaign, name="pause_campaign"),
    path("campaigns/<int:pk>/end", views.end_campaign, name="end_campaign"),
    path("campaigns/<int:pk>/clone", views.clone_campaign, name="clone_campaign"),
    path("campaigns/<int:pk>/delete", views.delete_campaign, name="delete_campaign"),
    path("campaigns/<int:pk>/steps/new", views.new_step, name="new_step"),
    path("campaigns/steps/<int:pk>/edit", views.edit_step, name="edit_step"),
    path("campaigns/steps/<int:pk>/remove", views.remove_step, name="remove_step"),
    path("campaigns/steps/<int:pk>/up", views.move_step, {"up": True}, name="move_step_up"),
    path("campaigns/steps/<int:pk>/down", views.move_step, {"up": False}, name="move_step_down"),
    path("campaigns/<int:pk>/contacts", views.campaign_contacts, name="campaign_contacts"),
    path("campaigns/<int:pk>/contacts/add", views.add_to_campaign, name="add_to_campaign"),
    path("campaigns/steps/<int:pk>/contacts", views.step_contacts, name="step_contacts"),
    path("campaigns/<int:pk>/contacts/<int:contact>", views.campaign_log, name="campaign_log"),
    path("campaigns/<int:pk>/contacts/<int:contact>/remove", views.remove_from_campaign, name="remove_from_campaign"),
]
