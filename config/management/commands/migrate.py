"""manage.py migrate: Django's, as the owner of the database, and never one of a newer Funnelbook."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connection
from django.db.utils import ProgrammingError
from psycopg.errors import InsufficientPrivilege

from config.database_roles import as_owner, current_role, give_rights
from config.trouble import Trouble
from config.upgrades import check_database_is_not_newer

_ONE_AT_A_TIME = 7_286_001
"""The advisory lock under which one process of many migrates."""


class Command(migrate.Command):
    help = "Bring the database up to date, as its owner, and see to what the role that Funnelbook runs as may do there."

    def handle(self, *args: Any, **options: Any) -> None:
        role = current_role()
        with as_owner(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_ONE_AT_A_TIME])
            try:
                check_database_is_not_newer()
                super().handle(*args, **options)
            except ProgrammingError as error:
                if isinstance(error.__cause__, InsufficientPrivilege):
                    raise Trouble(
                        f"The role {role} may not change tables. Name the owner of the database in OWNER_DATABASE_URL."
                    ) from None
                raise
            if role != current_role():
                give_rights(role)
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_ONE_AT_A_TIME])
