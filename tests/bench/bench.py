"""What every figure is given: two books, and somebody signed in."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.test import Client

from config.team.models import TeamMember
from tests.bench.book import MEMBER
from tests.bench.figures import median_ms
from tests.bench.server import Book


@dataclass(frozen=True)
class Bench:
    """The big book is what limits are about; the small one shows what grows with the book."""

    big: Book
    small: Book
    times: int

    def member(self) -> TeamMember:
        return TeamMember.objects.get(email=MEMBER)

    def client(self) -> Client:
        """A browser of an administrator of the book in use; requests run in this process, through all middleware."""
        client = Client(SERVER_NAME="localhost")
        client.force_login(self.member(), backend="config.team.backends.RoleBackend")
        return client

    def median(self, *calls: Callable[[], object]) -> float:
        """The median time of a call, or of several taken in turns. Milliseconds."""
        return median_ms(calls, times=self.times)

    def page(self, *addresses: str) -> float:
        """The median time of a page of the book in use, or of several taken in turns. Milliseconds."""
        client = self.client()
        return self.median(*(partial(_ask, client, address) for address in addresses))

    def frame(self) -> float:
        """The floor of a page: signed in, with navigation, and nothing on it."""
        return self.page("/bench/frame")


def _ask(client: Client, address: str) -> None:
    response = client.get(address)
    if response.status_code != 200:
        raise RuntimeError(f"{address} answered {response.status_code}.")
