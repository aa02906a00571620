"""The address of the search over everything."""

from django.urls import path

from journeys.search import views

urlpatterns = [
    path("search", views.search, name="search"),
]
