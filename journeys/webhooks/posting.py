"""Posting a message to an address of other people's, and reading as much of the answer as is kept.

The name is resolved once, each IP address is checked, and the connection goes to exactly what was checked: a name that
leads elsewhere a moment later changes nothing. No proxy of the environment is used, and no redirect is followed.
"""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from journeys.webhooks.addresses import Place, WrongAddress, is_public, place_of

CONNECT_WITHIN = 5.0
ANSWER_WITHIN = 10.0
"""So many seconds from the connection to the end of the answer, however slowly that drips."""

KEPT_OF_ANSWER = 1024
"""So many bytes of an answer are read; the rest is never fetched."""

_FAILURES = (OSError, HTTPException, HTTPError, UnicodeError)
"""What a receiver, or the way to it, can cause."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Without a status nothing did, and `error` says why."""

    status: int | None = None
    text: str = ""
    retry_after: str | None = None
    error: str = ""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def post(address: str, *, body: bytes, headers: Mapping[str, str], may_be_private: bool) -> Answer:
    """Post a message. Whatever goes wrong is an answer too: nothing that a receiver could cause is raised.

    Args:
        may_be_private: addresses of one's own network may be connected to, and without TLS.
    """
    try:
        place = place_of(address, may_be_private=may_be_private)
        with _connected(place, may_be_private) as raw, _cut_off_in_time(raw):
            connection = _connection(place, raw)
            try:
                connection.request("POST", place.path, body=body, headers=headers, preload_content=False)
                return _read(connection.getresponse())
            finally:
                connection.close()
    except (WrongAddress, *_FAILURES) as error:
        return Answer(error=_in_words(error)[:200])


def _read(response: BaseHTTPResponse) -> Answer:
    """The beginning of an answer, or as much of that as came in time."""
    text = b""
    with contextlib.suppress(*_FAILURES):
        while len(text) < KEPT_OF_ANSWER and (more := response.read1(KEPT_OF_ANSWER - len(text), decode_content=False)):
            text += more
    return Answer(
        status=response.status,
        text=text.decode(errors="replace").replace("\0", "\ufffd"),
        retry_after=response.headers.get("Retry-After"),
    )


# Connecting


@contextlib.contextmanager
def _connected(place: Place, may_be_private: bool) -> Iterator[socket.socket]:
    """A connection to one of the addresses that the host's name leads to, all of which were checked."""
    found = [
        (family, where)
        for family, _, _, _, where in socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    ]
    if not may_be_private and not all(is_public(str(where[0])) for _, where in found):
        raise WrongAddress("This address does not lead to the open internet.")
    raw = _first_that_answers(found)
    try:
        yield raw
    finally:
        raw.close()


def _first_that_answers(found: Sequence[tuple[socket.AddressFamily, Any]]) -> socket.socket:
    failure = OSError("The name leads nowhere.")
    until = time.monotonic() + CONNECT_WITHIN
    for family, where in found:
        raw = socket.socket(family, socket.SOCK_STREAM)
        try:
            raw.settimeout(max(until - time.monotonic(), 0.1))
            raw.connect(where)
            raw.settimeout(ANSWER_WITHIN)
            return raw
        except OSError as error:
            raw.close()
            failure = error
    raise failure


@contextlib.contextmanager
def _cut_off_in_time(raw: socket.socket) -> Iterator[None]:
    """Cut the connection off at the end of its time: a time-out of the socket begins anew with each byte that drips."""
    lifeline = raw.dup()  # of its own, because TLS takes the socket itself over
    is_over = threading.Event()

    def cut_off() -> None:
        is_over.set()
        with contextlib.suppress(OSError):
            lifeline.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(ANSWER_WITHIN, cut_off)
    timer.daemon = True
    timer.start()
    try:
        yield
    except _FAILURES as error:
        raise TimeoutError if is_over.is_set() else error from None
    finally:
        timer.cancel()
        timer.join()
        lifeline.close()


class _Plain(HTTPConnection):
    """Speaks over a socket that is connected already."""

    raw: socket.socket

    def _new_conn(self) -> socket.socket:
        return self.raw


class _Secure(HTTPSConnection):
    """Speaks TLS over a socket that is connected already; the certificate has to be the host's."""

    raw: socket.socket

    def _new_conn(self) -> socket.socket:
        return self.raw


def _connection(place: Place, raw: socket.socket) -> _Plain | _Secure:
    connection = (_Secure if place.scheme == "https" else _Plain)(place.host, place.port, timeout=ANSWER_WITHIN)
    connection.raw = raw
    return connection


def _in_words(error: Exception) -> str:
    match error:
        case WrongAddress():
            return str(error)
        case TimeoutError():
            return "No answer came in time."
        case socket.gaierror() | UnicodeError():
            return "The name of the host could not be resolved."
        case ssl.SSLCertVerificationError():
            return f"The certificate was not accepted: {error.verify_message}."
        case ssl.SSLError():
            return "A secure connection could not be made."
        case ConnectionRefusedError():
            return "The connection was refused."
        case ConnectionError():
            return "The connection was closed before there was an answer."
        case OSError():
            return f"There is no way there: {error.strerror or error}."
    return "The answer was not HTTP."
