"""Every address of Funnelbook."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("config.team.urls")),
    path("", include("stages.urls")),
    path("", include("contacts.urls")),
    path("", include("journeys.urls")),
    path("", include("config.api.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
