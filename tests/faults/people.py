"""People and applications that move contacts in an installation, and keep a journal of what was acknowledged."""

import contextlib
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import requests

EMAIL, PASSWORD = "ana@example.com", "the-password-of-ana"
"""Of the one member of the team, whom everybody here signs in as."""

UNANSWERED = 0
"""The status of a request that no answer came to: it may have been done or not."""

_SIGNATURE = re.compile(r'name="signature" value="(\d+)"')
_STAGE = re.compile(r'<option value="(\d+)">')
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Attempt:
    """One change that was asked for.

    Attributes:
        words: given with the change as its reason, and with no other change.
        status: of the answer.
        is_acknowledged: whether the answer says that it was done.
        at: when the answer came, in seconds of a clock that nobody sets.
    """

    words: str
    contact: int
    status: int
    is_acknowledged: bool
    at: float


@dataclass(frozen=True, slots=True)
class Recorded:
    """A row of the history that holds such words."""

    words: str
    contact: int
    change: int


@dataclass
class Journal:
    """What everybody asked for, in the order of the answers."""

    attempts: list[Attempt] = field(default_factory=list)

    @property
    def acknowledged(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.is_acknowledged]

    @property
    def unanswered(self) -> int:
        return sum(attempt.status == UNANSWERED for attempt in self.attempts)

    def offences(self, recorded: Sequence[Recorded]) -> dict[str, int]:
        """Promises that the history breaks, and how often.

        Args:
            recorded: every row of the history that holds words of somebody here, in the order of its ids.
        """
        rows = Counter(row.words for row in recorded)
        changes = {row.words: row.change for row in recorded}
        asked_for = {attempt.words: attempt.contact for attempt in self.attempts}
        refused = [attempt for attempt in self.attempts if 400 <= attempt.status < 500]
        of_one: dict[int, list[int]] = {}
        for attempt in self.acknowledged:
            of_one.setdefault(attempt.contact, []).append(changes.get(attempt.words, 0))
        found = {
            "an acknowledged change is in the history": sum(not rows[one.words] for one in self.acknowledged),
            "nothing is done twice": sum(times - 1 for times in rows.values()),
            "what is refused is not done": sum(rows[attempt.words] > 0 for attempt in refused),
            "changes of one contact are in the order of their answers": sum(
                after <= before for ids in of_one.values() for before, after in pairwise(filter(None, ids))
            ),
            "nothing is done that nobody asked for": sum(asked_for.get(row.words) != row.contact for row in recorded),
        }
        return {promise: times for promise, times in found.items() if times}


Move = Callable[[int, str], tuple[int, bool]]
"""Moves a contact on, with these words. Returns the status of the answer, and whether it says that it was done."""


class Person:
    """Somebody who moves contacts in the browser."""

    def __init__(self, address: str, email: str, password: str) -> None:
        self._address = address
        self._session = requests.Session()
        form = self.get("/sign-in")
        signed_in = self._post("/sign-in", form.text, username=email, password=password)
        assert signed_in.status_code == 302, signed_in.status_code

    def move(self, contact: int, words: str) -> tuple[int, bool]:
        """To the first stage that the dialog offers: never the present one."""
        dialog = self.get(f"/contacts/{contact}/change-status")
        if dialog.status_code != 200:
            return UNANSWERED, False
        offered = _found(_STAGE, dialog.text.partition('name="to"')[2])
        signature = _found(_SIGNATURE, dialog.text)
        answer = self._post(
            f"/contacts/{contact}/change-status", dialog.text, to=offered, signature=signature, note=words
        )
        return answer.status_code, answer.status_code == 302

    def get(self, path: str) -> requests.Response:
        return self._session.get(f"{self._address}{path}", timeout=30)

    def _post(self, path: str, page: str, **form: str) -> requests.Response:
        said = {"csrfmiddlewaretoken": _found(_CSRF, page), **form}
        return self._session.post(f"{self._address}{path}", said, allow_redirects=False, timeout=30)


class Program:
    """An application that moves contacts through `/api/v1`."""

    def __init__(self, address: str, token: str) -> None:
        self._address = f"{address}/api/v1/contacts"
        self._headers = {"Authorization": f"Bearer {token}"}

    def move(self, contact: int, words: str) -> tuple[int, bool]:
        address = f"{self._address}/{contact}/status"
        present = requests.get(address, headers=self._headers, timeout=30)
        if present.status_code != 200:
            return UNANSWERED, False
        is_customer = (present.json()["stage"] or {}).get("name") == "Customer"
        said = {"stage": "Aware" if is_customer else "Customer", "reason": words}
        answer = requests.put(address, json=said, headers=self._headers, timeout=30)
        return answer.status_code, answer.status_code == 200 and answer.json()["changed"]


class Team:
    """People and applications at work, each with contacts of their own that nobody else moves."""

    def __init__(self, moves: Sequence[Move], contacts: Sequence[int]) -> None:
        self.journal = Journal()
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(number, move, contacts[number :: len(moves)]))
            for number, move in enumerate(moves)
        ]

    def __len__(self) -> int:
        return len(self._threads)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Return when everybody has their last answer."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _work(self, who: int, move: Move, contacts: Sequence[int]) -> None:
        """One change after the other. A request that failed is not sent again: the next one is another change."""
        number = 0
        while not self._over.wait(_PAUSE):
            contact, words = contacts[number % len(contacts)], f"journal {who}-{number}"
            number += 1
            status, is_acknowledged = UNANSWERED, False
            with contextlib.suppress(requests.RequestException):
                status, is_acknowledged = move(contact, words)
            self.journal.attempts.append(Attempt(words, contact, status, is_acknowledged, time.monotonic()))


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    assert found, f"no {pattern.pattern} in the page"
    return found[1]
