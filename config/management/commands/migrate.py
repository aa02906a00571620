"""manage.py migrate: Django's own, but never on a database that a newer Funnelbook brought up to date."""

from typing import Any

from django.core.management.commands import migrate

from config.upgrades import check_database_is_not_newer


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        check_database_is_not_newer()
        super().handle(*args, **options)
