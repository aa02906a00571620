"""Every address of the app, gathered from its subjects."""

from django.urls import include, path

app_name = "journeys"
urlpatterns = [
    path("", include("journeys.funnel.urls")),
    path("", include("journeys.status.urls")),
    path("", include("journeys.history.urls")),
    path("", include("journeys.rules.urls")),
    path("", include("journeys.runs.urls")),
    path("", include("journeys.retiring.urls")),
    path("", include("journeys.review.urls")),
    path("", include("journeys.bulk.urls")),
    path("", include("journeys.integrity.urls")),
    path("", include("journeys.health.urls")),
    path("", include("journeys.reports.urls")),
    path("", include("journeys.imports.wizard.urls")),
    path("", include("journeys.exports.urls")),
    path("", include("journeys.webhooks.urls")),
    path("", include("journeys.segments.urls")),
    path("", include("journeys.campaigns.urls")),
    path("", include("journeys.retention.urls")),
    path("", include("journeys.stuck.urls")),
    path("", include("journeys.search.urls")),
    path("", include("journeys.first_run.urls")),
    path("", include("journeys.webforms.urls")),
]
