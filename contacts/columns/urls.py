"""The address of keeping columns."""

from django.urls import path

from contacts.columns import views

urlpatterns = [
    path("contacts/columns", views.keep_columns, name="keep_columns"),
]
