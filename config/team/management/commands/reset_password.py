"""manage.py reset_password EMAIL"""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.team.links.actions import make_password_link
from config.team.links.queries import address_of
from config.team.queries import member_of_email


class Command(BaseCommand):
    help = "Print an address with which a team member chooses another password. It works once, for a day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *, email: str, **options) -> None:
        member = member_of_email(email)
        if member is None:
            raise CommandError(f"No active team member has the e-mail {email}.")
        self.stdout.write(address_of(make_password_link(member=member, by=None)))
