"""The addresses of reports."""

from django.urls import path

from journeys.reports import views

urlpatterns = [
    path("reports", views.reports, name="reports"),
    path("reports/ins-and-outs", views.ins_and_outs, name="ins_and_outs"),
    path("reports/compare", views.compare, name="compare"),
    path("reports/trend", views.trend, name="trend"),
    path("reports/flows", views.flows, name="flows"),
    path("reports/conversion", views.conversion, name="conversion"),
    path("reports/time-in-stage", views.time_in_stage, name="time_in_stage"),
    path("reports/lost", views.lost_contacts, name="lost_contacts"),
    path("reports/contacts", views.report_contacts, name="report_contacts"),
    path("reports/notes", views.report_notes, name="report_notes"),
]
