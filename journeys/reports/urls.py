"""The addresses of reports."""

from django.urls import path

from journeys.reports import views

urlpatterns = [
    path("reports", views.reports, name="reports"),
    path("reports/ins-and-outs", views.ins_and_outs, name="ins_and_outs"),
    path("reports/contacts", views.report_contacts, name="report_contacts"),
]
