"""Addresses of the contacts for applications."""

from django.urls import path

from contacts.api import views

urlpatterns = [
    path("contacts", views.contacts, name="contacts"),
    path("contacts/new", views.new, name="new_contact"),
    path("contacts/<int:pk>", views.contact, name="contact"),
    path("contacts/<int:pk>/edit", views.edit, name="edit_contact"),
    path("contacts/<int:pk>/delete", views.delete, name="delete_contact"),
    path("contacts/<int:pk>/activity", views.activity, name="activity"),
]
