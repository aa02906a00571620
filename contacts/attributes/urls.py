"""Addresses of the attributes of contacts."""

from django.urls import path

from contacts.attributes import views

urlpatterns = [
    path("settings/attributes", views.attributes, name="attributes"),
    path("settings/attributes/new", views.new_attribute, name="new_attribute"),
    path("settings/attributes/<int:pk>/edit", views.edit_attribute, name="edit_attribute"),
    path("settings/attributes/<int:pk>/up", views.move_attribute, {"places": -1}, name="move_attribute_up"),
    path("settings/attributes/<int:pk>/down", views.move_attribute, {"places": 1}, name="move_attribute_down"),
    path("settings/attributes/<int:pk>/remove", views.remove_attribute, name="remove_attribute"),
]
