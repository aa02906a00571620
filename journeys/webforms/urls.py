"""Addresses of web forms, those for everybody among them."""

from django.urls import include, path

from journeys.webforms import views

urlpatterns = [
    path("web-forms", views.web_forms, name="web_forms"),
    path("web-forms/new", views.new_web_form, name="new_web_form"),
    path("web-forms/<int:pk>", views.web_form, name="web_form"),
    path("web-forms/<int:pk>/edit", views.edit_web_form, name="edit_web_form"),
    path("web-forms/<int:pk>/open", views.open_web_form, name="open_web_form"),
    path("web-forms/<int:pk>/close", views.close_web_form, name="close_web_form"),
    path("web-forms/<int:pk>/delete", views.delete_web_form, name="delete_web_form"),
    path("", include("journeys.webforms.public.urls")),
]
