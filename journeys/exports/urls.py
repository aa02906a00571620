"""Addresses of exporting contacts, and of who exported what."""

from django.urls import path

from journeys.exports import views

urlpatterns = [
    path("contacts/export", views.export_contacts, name="export_contacts"),
    path("settings/exports", views.exports, name="exports"),
]
