"""The address of the Customer Journey."""

from django.urls import path

from journeys.funnel import views

urlpatterns = [
    path("", views.customer_journey, name="customer_journey"),
]
