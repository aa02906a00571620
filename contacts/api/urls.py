"""Addresses of the contacts for applications."""

urlpatterns: list = []
