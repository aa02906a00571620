"""Addresses for applications: `/api` in the words of Mautic, and where they get OAuth2 tokens."""

from django.urls import include, path, re_path

from config.api.endpoints import no_such_path
from config.api.oauth import Token
from config.api.v1 import api as v1

app_name = "api"

urlpatterns = [
    path("api/", include("stages.api.urls")),
    path("api/", include("contacts.api.urls")),
    path("api/v1/openapi.json", v1.openapi, name="openapi"),
    path("api/v1/", include(("config.api.v1.resources", "v1"))),
    re_path(r"^api/v1(?:/.*)?\Z", v1.no_such_path, name="no_such_path_of_v1"),
    path("oauth/v2/token", Token.as_view(), name="token"),
    re_path(r"^api(?:/.*)?\Z", no_such_path, name="no_such_path"),
]
