"""Addresses of what is known about mail."""

from django.urls import path

from config.team.mail import views

urlpatterns = [
    path("settings/email", views.email, name="email"),
    path("settings/email/test", views.send_test_mail, name="send_test_mail"),
]
