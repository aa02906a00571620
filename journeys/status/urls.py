"""Addresses of the action menu of a contact."""

from django.urls import path

from journeys.status import views

urlpatterns = [
    path("contacts/<int:contact>/change-status", views.change_status, name="change_status"),
    path("contacts/<int:contact>/mark-lost", views.mark_lost, name="mark_lost"),
    path("contacts/<int:contact>/recover", views.recover, name="recover"),
    path("status-changes/<int:change>/undo", views.undo_change, name="undo_change"),
    path("status-changes/<int:change>/return", views.return_to_status, name="return_to_status"),
]
