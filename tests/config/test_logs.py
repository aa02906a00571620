"""What people who run Funnelbook read in its log: a line for what was refused, the stack of what broke."""

import io
import logging
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from procrastinate.exceptions import ConnectorException

from config.team.models import TeamMember


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
    assert "Traceback" in written.getvalue()
    assert "ZeroDivisionError: broken" in written.getvalue()
