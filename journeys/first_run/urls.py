"""The address of the first run."""

from django.urls import path

from journeys.first_run import views

urlpatterns = [path("first-run/<str:secret>", views.first_run, name="first_run")]
