from django.urls import path

from journeys.health import views

urlpatterns = [path("settings/health", views.health, name="health")]
