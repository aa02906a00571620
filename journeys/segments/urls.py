"""Addresses of segments."""

from django.urls import path

from journeys.segments import views

urlpatterns = [
    path("segments", views.segments, name="segments"),
    path("segments/counts", views.segment_counts, name="segment_counts"),
    path("segments/new", views.new_segment, name="new_segment"),
    path("segments/<int:pk>", views.segment, name="segment"),
    path("segments/<int:pk>/edit", views.edit_segment, name="edit_segment"),
    path("segments/<int:pk>/delete", views.delete_segment, name="delete_segment"),
]
