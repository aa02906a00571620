"""Addresses of the categories of stages."""

from django.urls import path

from stages.categories import views

urlpatterns = [
    path("settings/categories", views.categories, name="categories"),
    path("settings/categories/new", views.new_category, name="new_category"),
    path("settings/categories/<int:pk>/edit", views.edit_category, name="edit_category"),
    path("settings/categories/<int:pk>/delete", views.delete_category, name="delete_category"),
]
