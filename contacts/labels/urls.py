"""Addresses of labels, and of putting them on a contact."""

from django.urls import path

from contacts.labels import views

urlpatterns = [
    path("labels", views.labels, name="labels"),
    path("labels/new", views.new_label, name="new_label"),
    path("labels/<int:pk>", views.label, name="label"),
    path("labels/<int:pk>/merge", views.merge_label, name="merge_label"),
    path("labels/<int:pk>/delete", views.delete_label, name="delete_label"),
    path("labels/<int:pk>/edit", views.edit_label, name="edit_label"),
    path("contacts/<int:pk>/labels/put-on", views.put_on_label, name="put_on_label"),
    path("contacts/<int:pk>/labels/take-off", views.take_off_label, name="take_off_label"),
]
