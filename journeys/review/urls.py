"""Addresses of the review."""

from django.urls import path

from journeys.review import views

urlpatterns = [
    path("review", views.review, name="review"),
    path("review/keep", views.keep_flagged, name="keep_flagged"),
    path("review/revert", views.revert_flagged, name="revert_flagged"),
    path("review/always-keep/<int:token>", views.always_keep, name="always_keep"),
    path("review/always-keep/<int:token>/end", views.keep_no_longer, name="keep_no_longer"),
]
