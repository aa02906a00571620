"""Addresses of the stages for applications, the older ones of Mautic's clients included."""

from django.urls import path

from stages.api import views

urlpatterns = [
    path("stages", views.stages, name="stages"),
    path("stages/new", views.new, name="new_stage"),
    path("stages/batch/new", views.new_batch, name="new_stages"),
    path("stages/batch/edit", views.edited_batch, name="edit_stages"),
    path("stages/batch/delete", views.deleted_batch, name="delete_stages"),
    path("stages/<int:pk>", views.stage, name="stage"),
    path("stages/<int:pk>/edit", views.edit, name="edit_stage"),
    path("stages/<int:pk>/delete", views.delete, name="delete_stage"),
    path("stages/<int:pk>/contact/<int:contact>/add", views.add, name="add_contact"),
    path("stages/<int:pk>/contact/<int:contact>/remove", views.remove, name="remove_contact"),
    path("stages/<int:pk>/contact/add/<int:contact>", views.add, name="add_contact_formerly"),
    path("stages/<int:pk>/contact/remove/<int:contact>", views.remove, name="remove_contact_formerly"),
]
