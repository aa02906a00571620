"""The address of bulk changes."""

from django.urls import path

from journeys.bulk import views

urlpatterns = [
    path("contacts/bulk", views.bulk_change, name="bulk_change"),
]
