"""One message, posted to a real server: what comes back, whatever it is, within its time and no more than is kept."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from journeys.webhooks import posting
from journeys.webhooks.posting import Answer, post
from tests.journeys.receiver import Receiver, receiver, status


def sent_to(received: Receiver | str, **options: object) -> Answer:
    address = received if isinstance(received, str) else received.address
    return post(address, body=b'{"type":"test"}', headers={"X-Header": "value"}, may_be_private=True, **options)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "CONNECT_WITHIN", 0.5)
    monkeypatch.setattr(posting, "ANSWER_WITHIN", 0.5)


def test_the_message_arrives_as_it_is() -> None:
    with receiver(status(200, "Thanks")) as received:
        assert sent_to(received) == Answer(status=200, text="Thanks")
    (message,) = received.messages
    assert (message.path, message.body) == ("/hook", b'{"type":"test"}')
    assert message.headers["X-Header"] == "value"
    assert message.headers["Host"] == received.address.split("/")[2]


@pytest.mark.parametrize("code", [200, 201, 204, 299])
def test_success(code: int) -> None:
    with receiver(status(code)) as received:
        assert sent_to(received).is_success


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(code: int) -> None:
    with receiver() as elsewhere, receiver(status(code, Location=elsewhere.address)) as received:
        answer = sent_to(received)
    assert (answer.status, answer.is_success) == (code, False)
    assert elsewhere.messages == []


def test_what_a_receiver_asks_for() -> None:
    with receiver(status(429, "Slow down", Retry_After="120")) as received:
        assert sent_to(received) == Answer(status=429, text="Slow down", retry_after="120")


def test_no_more_of_an_answer_is_read_than_is_kept() -> None:
    sent = []

    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            while True:
                request.wfile.write(b"x" * 65536)
                sent.append(65536)
        except OSError:
            sent.append(0)

    with receiver(endless) as received:
        answer = sent_to(received)
        assert (answer.status, answer.text) == (200, "x" * 1024)
        deadline = time.monotonic() + 20
        while not sent or sent[-1]:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert sum(sent) < 50_000_000  # what the buffers of two sockets hold


def test_an_answer_is_text_that_postgresql_can_keep() -> None:
    with receiver(status(500, "a\0b")) as received:
        assert sent_to(received).text == "a\ufffdb"


def test_compressed_answers_are_not_unpacked() -> None:
    def bomb(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Encoding", "gzip")
        request.end_headers()
        request.wfile.write(b"not gzip")

    with receiver(bomb) as received:
        assert sent_to(received) == Answer(status=200, text="not gzip")


def test_who_never_answers_is_not_waited_for(short: None) -> None:
    over = threading.Event()
    with receiver(lambda request: over.wait(30) and None) as received:
        assert sent_to(received) == Answer(error="No answer came in time.")
        over.set()


def test_who_drips_is_not_waited_for(short: None) -> None:
    """Each byte comes soon enough, and the whole never."""
    cut_off = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        try:
            while True:
                request.wfile.write(b"H")
                time.sleep(0.05)
        except OSError:
            cut_off.set()

    with receiver(drip) as received:
        assert sent_to(received).error == "No answer came in time."
        assert cut_off.wait(30)


def test_an_answer_whose_end_does_not_come_counts_by_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "ANSWER_WITHIN", 3.0)
    over = threading.Event()

    def begin(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "100")
        request.end_headers()
        request.wfile.write(b"so far")
        over.wait(30)

    with receiver(begin) as received:
        assert sent_to(received) == Answer(status=200, text="so far")
        over.set()


def test_where_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert sent_to(f"http://127.0.0.1:{unused.getsockname()[1]}/").error == "The connection was refused."


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **kwargs: object) -> list:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert sent_to("https://shop.example.com/").error == "The name of the host could not be resolved."


@contextmanager
def speaking(words: bytes) -> Iterator[str]:
    """A server that says this to whoever connects."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            client, _ = server.accept()
            with client:
                client.recv(65536)
                client.sendall(words)

        thread = threading.Thread(target=speak)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (b"", "The connection was closed before there was an answer."),
        (b"220 mail.example.com ESMTP\r\n", "The answer was not HTTP."),
        (b"HTTP/1.1 99999 What\r\n\r\n", "The answer was not HTTP."),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 70_000 + b"\r\n\r\n", "The answer was not HTTP."),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "The answer was not HTTP."),
    ],
)
def test_what_is_no_answer(words: bytes, error: str) -> None:
    with speaking(words) as address:
        assert sent_to(address) == Answer(error=error)


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as server:
        received = []

        def serve() -> None:
            client, _ = server.accept()
            try:
                with context.wrap_socket(client, server_side=True) as secure:
                    received.append(secure.recv(10))
            except OSError as error:
                received.append(type(error))

        thread = threading.Thread(target=serve)
        thread.start()
        answer = sent_to(f"https://localhost:{server.getsockname()[1]}/")
        thread.join()
    assert answer == Answer(error="The certificate was not accepted: self-signed certificate.")
    assert received == [ssl.SSLError]


def test_where_nobody_speaks_tls() -> None:
    with speaking(b"HTTP/1.1 400 Bad Request\r\n\r\n") as address:
        assert sent_to(address.replace("http:", "https:")).error == "A secure connection could not be made."


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as proxy, receiver() as received:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.address)
        assert sent_to(received).is_success
    assert (len(received.messages), proxy.messages) == (1, [])


def _self_signed(folder: Path) -> Path:
    """A key and a certificate for localhost, in one file."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "localhost.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return file
