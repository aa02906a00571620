"""Passwords that were verified a moment ago, so that a client that sends one with each request is hashed for once.

What is remembered is an HMAC under a key of this process, for a minute, together with the hash that the password
matched: a changed password or a deactivated account counts from the next request on, in every process.
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict

from config.team.models import TeamMember

SECONDS = 60
MOST = 1000
"""So many are remembered; the oldest goes first."""

TURNS = 64

_KEY = secrets.token_bytes(32)


class VerifiedPasswords:
    """The passwords that this process verified lately."""

    def __init__(self) -> None:
        self._until: OrderedDict[bytes, float] = OrderedDict()
        self._turns = [threading.Lock() for _ in range(TURNS)]

    def turn_of(self, member: TeamMember) -> threading.Lock:
        """Held while a member's password is verified: of many requests that come at once, the first one hashes."""
        return self._turns[member.pk % TURNS]

    def remember(self, member: TeamMember, password: str) -> None:
        """The password was found to be the member's."""
        self._until[_mark(member, password)] = time.monotonic() + SECONDS
        while len(self._until) > MOST:
            self._until.popitem(last=False)

    def know(self, member: TeamMember, password: str) -> bool:
        """Whether it was verified within the last minute, and the member's password is still the same."""
        until = self._until.get(_mark(member, password))
        return until is not None and time.monotonic() < until


def _mark(member: TeamMember, password: str) -> bytes:
    """Stands for this password together with the hash it matched, which changes with every new password."""
    said = "\0".join((str(member.pk), member.password, password))
    return hmac.digest(_KEY, said.encode(errors="surrogatepass"), hashlib.sha256)


verified = VerifiedPasswords()
