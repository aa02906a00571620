"""The public addresses of web forms: a page, and the same for a frame in somebody's own page."""

from django.urls import path

from journeys.webforms.public import views

urlpatterns = [
    path("f/<slug:slug>", views.public_web_form, name="public_web_form"),
    path("f/<slug:slug>/embed", views.embedded_web_form, name="embedded_web_form"),
]
