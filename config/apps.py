"""The project's own template tags, and the admin site where administrators repair data."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ProjectConfig(AppConfig):
    name = "config"
    default = True


class FunnelbookAdminConfig(admin_apps.AdminConfig):
    default_site = "config.admin.FunnelbookAdminSite"
    default = False
