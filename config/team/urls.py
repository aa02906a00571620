"""Addresses of signing in and out, one's own account, the organisation, and the applications that are let in."""

from django.urls import include, path

from config.team import views

app_name = "team"

urlpatterns = [
    path("", include("config.team.reference.urls")),
    path("sign-in", views.SignIn.as_view(), name="sign_in"),
    path("sign-out", views.SignOut.as_view(), name="sign_out"),
    path("account", views.my_account, name="my_account"),
    path("account/theme", views.theme, name="theme"),
    path("settings/organisation", views.organisation, name="organisation"),
    path("", include("config.team.members.urls")),
    path("", include("config.team.links.urls")),
    path("", include("config.team.mail.urls")),
    path("", include("config.team.tokens.urls")),
    path("", include("config.team.applications.urls")),
]
