"""Addresses of the end of a stage."""

from django.urls import path

from journeys.retiring import views

urlpatterns = [
    path("stages/<int:pk>/retire", views.retire_stage, name="retire_stage"),
    path("stages/<int:pk>/merge", views.merge_stage, name="merge_stage"),
]
