"""Addresses of webhooks and their deliveries."""

from django.urls import path

from journeys.webhooks import views

urlpatterns = [
    path("settings/webhooks", views.webhooks, name="webhooks"),
    path("settings/webhooks/new", views.new_webhook, name="new_webhook"),
    path("settings/webhooks/<int:pk>", views.webhook, name="webhook"),
    path("settings/webhooks/<int:pk>/edit", views.edit_webhook, name="edit_webhook"),
    path("settings/webhooks/<int:pk>/secret", views.rotate_secret, name="rotate_secret"),
    path("settings/webhooks/<int:pk>/test", views.send_test, name="send_test"),
    path("settings/webhooks/<int:pk>/on", views.turn_webhook, {"on": True}, name="turn_webhook_on"),
    path("settings/webhooks/<int:pk>/off", views.turn_webhook, {"on": False}, name="turn_webhook_off"),
    path("settings/webhooks/<int:pk>/remove", views.remove_webhook, name="remove_webhook"),
    path("settings/webhooks/<int:pk>/redeliver", views.redeliver_failed, name="redeliver_failed"),
    path("settings/webhooks/deliveries/<int:pk>", views.delivery, name="delivery"),
    path("settings/webhooks/deliveries/<int:pk>/redeliver", views.redeliver, name="redeliver"),
]
