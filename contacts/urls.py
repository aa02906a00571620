"""Addresses of the Contact Book, its labels and attributes."""

from django.urls import include, path

from contacts import views

app_name = "contacts"
urlpatterns = [
    path("contacts", views.contacts, name="contacts"),
    path("contacts/new", views.new_contact, name="new_contact"),
    path("contacts/<int:pk>", views.contact, name="contact"),
    path("contacts/<int:pk>/edit", views.edit_contact, name="edit_contact"),
    path("contacts/<int:pk>/erase", views.erase_contact, name="erase_contact"),
    path("", include("contacts.columns.urls")),
    path("", include("contacts.labels.urls")),
    path("", include("contacts.attributes.urls")),
]
