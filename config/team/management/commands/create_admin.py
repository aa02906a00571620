"""manage.py create_admin EMAIL"""

import getpass
import os
import sys

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from config.team.models import TeamMember
from config.team.roles import Role


class Command(BaseCommand):
    help = "Create an administrator. The password comes from ADMIN_PASSWORD, or is asked for."

    def add_arguments(self, parser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="shown in the history; the e-mail's first part if left out")

    def handle(self, *, email: str, name: str, **options) -> None:
        member = TeamMember(email=email, name=name or email.partition("@")[0])
        try:
            validate_email(email)
            member.clean_fields(exclude=["password"])
            if TeamMember.objects.filter(email__iexact=email).exists():
                raise CommandError(f"{email} is a team member already.")
            password = _password()
            validate_password(password, member)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        member.set_password(password)
        with transaction.atomic():
            member.save()
            member.groups.add(Group.objects.get(name=Role.ADMINISTRATOR.label))
        self.stdout.write(self.style.SUCCESS(f"{member.email} is an administrator now."))


def _password() -> str:
    if given := os.environ.get("ADMIN_PASSWORD"):
        return given
    if not sys.stdin.isatty():
        raise CommandError("Give the password in ADMIN_PASSWORD, or run this in a terminal.")
    try:
        password = getpass.getpass("Password: ")
        again = getpass.getpass("The same again: ")
    except EOFError:
        raise CommandError("No password was given.") from None
    if again != password:
        raise CommandError("The two passwords differ.")
    return password
