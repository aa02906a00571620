"""A shop that tells Funnelbook what its customers did: it confirms purchases and issues refunds.

    FUNNELBOOK_URL=https://funnelbook.example.com FUNNELBOOK_TOKEN=fb_… python shop.py orders.jsonl

Each line of the file is an event: {"id": "e-1", "kind": "purchase", "email": "ana@example.com", "order": "1042"}.
An event may come twice, and the network may fail in the middle: every effect is had once.
"""

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import requests

ATTEMPTS = 6
PASSING = {429, 500, 502, 503, 504}
"""Answers after which the same request may be sent again."""


class Refused(Exception):
    """Funnelbook understood the request, and will not do it. `code` says why."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass
class Funnelbook:
    """The part of the API that the shop needs, sent again where that helps."""

    url: str
    token: str
    send: Callable[..., requests.Response] = requests.request
    sleep: Callable[[float], None] = time.sleep

    def contact(self, email: str, *, event: str) -> int:
        """The contact of this e-mail; added, if it is not in the book."""
        found = self._call("GET", "/contacts", params={"email": email})["items"]
        if found:
            return found[0]["id"]
        try:
            return self._call("POST", "/contacts", key=f"contact-{event}", json={"email": email})["id"]
        except Refused as refused:
            if refused.code != "taken":  # somebody else added it just now
                raise
            return self._call("GET", "/contacts", params={"email": email})["items"][0]["id"]

    def status(self, contact: int) -> dict[str, Any]:
        return self._call("GET", f"/contacts/{contact}/status")

    def move(self, contact: int, stage: str, *, reason: str, **more: Any) -> dict[str, Any]:
        """Move a contact. Sent twice it changes nothing the second time, so it needs no key."""
        return self._call("PUT", f"/contacts/{contact}/status", json={"stage": stage, "reason": reason, **more})

    def put_on(self, contact: int, label: str) -> None:
        self._call("PUT", f"/contacts/{contact}/labels/{label}")

    def _call(self, method: str, path: str, *, key: str = "", **said: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        if key:
            headers["Idempotency-Key"] = key
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = self.send(method, f"{self.url}/api/v1{path}", headers=headers, timeout=10, **said)
            except requests.ConnectionError:
                if attempt == ATTEMPTS:
                    raise
                self._wait(attempt, None)
                continue
            problem = {} if answer.ok else answer.json()
            if answer.ok:
                return answer.json()
            comes_back = answer.status_code in PASSING or problem.get("code") == "in_progress"
            if not comes_back or attempt == ATTEMPTS:
                raise Refused(problem.get("code", "broken"), problem.get("detail", answer.reason))
            self._wait(attempt, answer.headers.get("Retry-After"))
        raise AssertionError("the last attempt returns or raises")

    def _wait(self, attempt: int, told: str | None) -> None:
        self.sleep(float(told) if told else 2**attempt / 10 * random.uniform(0.5, 1))


FORWARD = ["Aware", "Engaged", "Customer", "Loyal Customer", "Promoter"]


class Shop:
    """What the shop makes of its events."""

    def __init__(self, book: Funnelbook) -> None:
        self.book = book

    def handle(self, event: dict[str, str]) -> str:
        """Do what an event asks for. Returns what became of it, as a sentence."""
        contact = self.book.contact(event["email"], event=event["id"])
        if event["kind"] == "purchase":
            return self._purchase(contact, event)
        return self._refund(contact, event)

    def _purchase(self, contact: int, event: dict[str, str]) -> str:
        """Whoever buys is a Customer; whoever is one already, or further along, stays."""
        self.book.put_on(contact, "buyer")
        status = self.book.status(contact)
        if not status["lost"] and status["stage"] and _place(status["stage"]["name"]) >= _place("Customer"):
            return f"{event['email']} is {status['stage']['name']} already"
        return self._move(contact, "Customer", f"Paid order {event['order']}", event, status)

    def _refund(self, contact: int, event: dict[str, str]) -> str:
        """Whoever is refunded goes back to Engaged. That goes back, so Funnelbook has a person look at it."""
        status = self.book.status(contact)
        if not status["stage"] or status["stage"]["name"] != "Customer":
            return f"{event['email']} is no Customer, and stays"
        return self._move(contact, "Engaged", f"Refund of order {event['order']}", event, status)

    def _move(self, contact: int, stage: str, reason: str, event: dict[str, str], seen: dict[str, Any]) -> str:
        try:
            moved = self.book.move(contact, stage, reason=reason, if_signature=seen["signature"])
        except Refused as refused:
            if refused.code == "changed_meanwhile":
                return self.handle(event)  # somebody moved it just now: look again
            return f"{event['email']} stays: {refused}"
        review = ", and waits for review" if moved["review_needed"] else ""
        return f"{event['email']} is {stage} now{review}"


def _place(stage: str) -> int:
    return FORWARD.index(stage) if stage in FORWARD else -1


def main(lines: Iterable[str]) -> None:
    shop = Shop(Funnelbook(os.environ["FUNNELBOOK_URL"], os.environ["FUNNELBOOK_TOKEN"]))
    for line in lines:
        sys.stdout.write(f"{shop.handle(json.loads(line))}\n")


if __name__ == "__main__":
    with open(sys.argv[1]) as events:
        main(events)
