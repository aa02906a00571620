from django.apps import AppConfig


class TeamConfig(AppConfig):
    name = "config.team"
    label = "team"
