"""What people who run Funnelbook read in its log: a line for each thing, and nobody's secrets."""

import io
import logging
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from procrastinate.exceptions import ConnectorException

from config.supervision import Program
from config.team.models import TeamMember
from contacts.models import Contact
from tests.factories import contact_in


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the log of an installation holds."""
    (handler,) = [handler for handler in logging.getLogger().handlers if type(handler) is logging.StreamHandler]
    log = io.StringIO()
    terminal = handler.setStream(log)
    yield log
    handler.setStream(terminal)  # type: ignore[arg-type]


def test_a_request_for_another_host_is_a_line(db: None, written: io.StringIO) -> None:
    assert Client().get("/sign-in", headers={"host": "elsewhere.example"}).status_code == 400
    (line,) = written.getvalue().splitlines()
    assert "ERROR django.security.DisallowedHost: Invalid HTTP_HOST header: 'elsewhere.example'." in line


def test_what_a_role_may_not_open_is_a_line(
    client_of: Callable[[TeamMember], Client], viewer: TeamMember, written: io.StringIO
) -> None:
    assert client_of(viewer).get("/settings/organisation").status_code == 403
    (line,) = written.getvalue().splitlines()
    assert line.endswith("WARNING django.request: Forbidden (Permission denied): /settings/organisation")


def test_a_lost_database_is_a_line(written: io.StringIO) -> None:
    try:
        raise ConnectorException("gone\nand away")
    except ConnectorException:
        logging.getLogger("procrastinate.worker").exception("Lost:\n  the database")
    (line,) = written.getvalue().splitlines()
    assert line.endswith("ERROR procrastinate.worker: Lost: the database")


def test_what_broke_has_its_stack(written: io.StringIO) -> None:
    try:
        raise ZeroDivisionError("broken")
    except ZeroDivisionError:
        logging.getLogger("django.request").exception("Internal Server Error: /", extra={"status_code": 500})
    (line,) = written.getvalue().splitlines()
    assert "\\nTraceback (most recent call last):\\n" in line
    assert line.endswith("\\nZeroDivisionError: broken")


@pytest.mark.parametrize(
    "hostile", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1b[2J", "\x00", "\x85", "\u2028", "\u2029", "\x1e"]
)
def test_nobody_begins_a_line_of_their_own(written: io.StringIO, hostile: str) -> None:
    forged = f"/a{hostile}2026-05-01 10:00:00,000 INFO config: All is well"
    logging.getLogger("django.request").warning("Not Found: %s", forged)
    said = written.getvalue()
    assert said.endswith("\n")
    (line,) = said.splitlines()
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in line)
    assert line.endswith("2026-05-01 10:00:00,000 INFO config: All is well")


def test_a_hostile_request_is_a_line(db: None, written: io.StringIO) -> None:
    headers = {"user-agent": "x\nERROR forged", "host": "a.example\n2026 ERROR forged", "referer": "\r\nforged"}
    Client().get("/no-such%0A2026-05-01%20ERROR%20forged", headers=headers)
    said = written.getvalue().splitlines()
    assert len(said) >= 1
    assert all(line.startswith("20") and (" WARNING django." in line or " ERROR django." in line) for line in said)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Not Found: /contacts/ana.weber+x@mail.example.com", "Not Found: /contacts/(e-mail)"),
        ("Not Found: /x?q=ana%40example.com&page=2", "Not Found: /x?q=(e-mail)&page=2"),
        ("Invalid request from ip=203.0.113.9: bad", "Invalid request from ip=(address): bad"),
        ("from 2001:db8:0:0:0:0:0:1 and ::1", "from (address) and (address)"),
        ("postgresql://ana:hush@db.example/book", "postgresql://(left out)@db.example/book"),
        ("Authorization: Bearer fb_abcdefghijklmnop", "Authorization: Bearer (secret)"),
        ("token fb_abcdefghijklmnop is used", "token (secret) is used"),
        ("signed by whsec_MfKQ9r8GKYqrTwjU", "signed by (secret)"),
        ("password=hush hush", "password=(secret) hush"),
        (
            "duplicate key\nDETAIL:  Key (email)=(ana) exists.\nCONTEXT:  x\nnext",
            "duplicate key\\nnext",
        ),
        ("Seal 7 900 12 abab 2026-05-01T10:00:00.5+00:00", "Seal 7 900 12 abab 2026-05-01T10:00:00.5+00:00"),
        ("Run 41 over 9,204 contacts was started by 3", "Run 41 over 9,204 contacts was started by 3"),
        ("Version 18.4 at 10:00:00,123", "Version 18.4 at 10:00:00,123"),
    ],
)
def test_addresses_and_secrets_are_left_out(written: io.StringIO, said: str, kept: str) -> None:
    logging.getLogger("config").warning("%s", said)
    (line,) = written.getvalue().splitlines()
    assert line.endswith(f" WARNING config: {kept}")


def test_what_the_database_says_about_a_row_is_left_out(aware, db: None, written: io.StringIO) -> None:
    contact_in(aware, email="ana@example.com", first_name="Ana-Lucia")
    try:
        with transaction.atomic():
            Contact.objects.bulk_create([Contact(email="ana@example.com", first_name="Ana-Lucia")])
    except IntegrityError:
        logging.getLogger("django.request").exception("Internal Server Error: /", extra={"status_code": 500})
    (line,) = written.getvalue().splitlines()
    assert "IntegrityError: duplicate key value" in line
    assert "ana@example.com" not in line
    assert "Key (lower" not in line


def test_what_programs_say_goes_to_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    program = Program("speaker", [sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr)"])
    program.keep_running()
    program.wait_for_end(time.monotonic() + 60)
    said = capfd.readouterr()
    assert (sorted(said.out.split()), said.err) == (["err", "out"], "")
