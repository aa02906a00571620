"""Addresses for applications: `/api` in the words of Mautic, and where they get OAuth2 tokens."""

from django.urls import include, path, re_path

from config.api.endpoints import no_such_path
from config.api.oauth import Token

app_name = "api"

urlpatterns = [
    path("api/", include("stages.api.urls")),
    path("api/", include("contacts.api.urls")),
    path("oauth/v2/token", Token.as_view(), name="token"),
    re_path(r"^api(?:/.*)?\Z", no_such_path, name="no_such_path"),
]
