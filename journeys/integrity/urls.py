from django.urls import path

from journeys.integrity import views

urlpatterns = [path("settings/checks", views.checks, name="checks")]
