"""manage.py first_run_link"""

from django.core.management.base import BaseCommand, CommandError

from config.team.links.actions import make_first_run_link
from config.team.links.queries import address_of


class Command(BaseCommand):
    help = "Print an address that opens the first run, good for an hour. For a Funnelbook that has no team member yet."

    def handle(self, **options) -> None:
        link = make_first_run_link(by=None)
        if link is None:
            raise CommandError("The first run is over: somebody is in the team already.")
        self.stdout.write(address_of(link))
