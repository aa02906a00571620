"""A real HTTP server that receives webhooks, and answers as it is told to."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook as Verifier

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Message:
    """What was received."""

    path: str
    headers: dict[str, str]
    body: bytes

    def verified(self, secret: str) -> Any:
        """What it says. Raises WebhookVerificationError unless it was signed with this secret, just now."""
        return Verifier(secret).verify(self.body, self.headers)


def status(code: int, text: str = "", **headers: str) -> Answer:
    """Answers with this status."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(text.encode())))
        request.end_headers()
        request.wfile.write(text.encode())

    return answer


@dataclass
class Receiver:
    """Answers the first messages with what is in `answers`, one each, and then with `otherwise`."""

    address: str = ""
    answers: list[Answer] = field(default_factory=list)
    otherwise: Answer = field(default_factory=lambda: status(204))
    messages: list[Message] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, request: BaseHTTPRequestHandler) -> Answer:
        body = request.rfile.read(int(request.headers.get("Content-Length", "0")))
        with self._lock:
            self.messages.append(Message(request.path, dict(request.headers.items()), body))
            return self.answers.pop(0) if self.answers else self.otherwise

    @property
    def ids(self) -> list[str]:
        return [message.headers["webhook-id"] for message in self.messages]


@contextmanager
def receiver(*answers: Answer, otherwise: Answer | None = None) -> Iterator[Receiver]:
    """A receiver on this machine."""
    received = Receiver(answers=list(answers))
    if otherwise:
        received.otherwise = otherwise

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.take(self)(self)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    received.address = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
