"""manage.py database_roles [--role NAME]"""

import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.utils import ProgrammingError

from config.database_roles import as_owner, current_role, give_rights, make_role
from config.trouble import Trouble


class Command(BaseCommand):
    help = (
        "Make a role for Funnelbook to run as, which reads the history and cannot write it, and give it its rights. "
        "Connects as the owner of the database: OWNER_DATABASE_URL, else DATABASE_URL."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--role", metavar="NAME", help="if not given: the name of the owner, and _app")

    def handle(self, *, role: str | None, **options: Any) -> None:
        with as_owner():
            owner = current_role()
            role = role or f"{owner}_app"
            if role == owner:
                raise Trouble(f"{owner} owns the tables. Funnelbook has to run as another role.")
            password = secrets.token_urlsafe(24)
            try:
                is_new = make_role(role, password=password)
            except ProgrammingError:
                raise Trouble(
                    f"{owner} may not make roles. Have somebody who may run this, and then this command again:\n"
                    f"  CREATE ROLE {role} LOGIN PASSWORD '...'"
                ) from None
            give_rights(role)
        self.stdout.write(f"{role} has the rights that Funnelbook needs to run, and no others.")
        if is_new:
            self.stdout.write(
                f"Its password is {password}\nFrom now on name this role in DATABASE_URL, and in OWNER_DATABASE_URL "
                f"{owner}, for manage.py serve and migrate alone."
            )
