"""Webhooks of a real installation: its worker tells what happens, is killed over it, and is stopped in order."""

import os
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import psycopg
import pytest

from config.embedded import EmbeddedServer
from tests.installation import Installation, free_port, wait_until
from tests.journeys.receiver import Receiver, receiver, status

ADD = """
from config.team.models import TeamMember
from journeys.webhooks.actions import add_webhook
ana = TeamMember.objects.create_user("ana@example.com", name="Ana Silva")
webhook, secret = add_webhook(
    address="{address}", description="", events=["contact.created"], wants_changes_of_runs=False, by=ana)
print(secret)
"""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "data", free_port())
    made.start(WEBHOOKS_ALLOW_PRIVATE="1")
    yield made
    if made.process:
        made.stop()


def execute(installation: Installation, sql: str) -> None:
    """Somebody's SQL."""
    address = EmbeddedServer(installation.folder / "postgresql").url
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(sql)  # type: ignore[call-overload]


def add_webhook(installation: Installation, received: Receiver) -> str:
    """Returns the secret."""
    added = installation.manage("shell", "--verbosity", "0", "-c", ADD.format(address=received.address))
    assert added.returncode == 0, added.stderr
    return added.stdout.strip().splitlines()[-1]


def test_what_somebodys_sql_did_arrives_and_again_after_the_worker_was_killed_over_it(
    installation: Installation,
) -> None:
    killed = threading.Event()

    def wait_for_the_killing(request: BaseHTTPRequestHandler) -> None:
        killed.wait(60)

    with receiver(status(204), wait_for_the_killing) as received:
        secret = add_webhook(installation, received)
        execute(installation, "INSERT INTO contacts_contact (email) VALUES ('first@example.com')")
        wait_until(lambda: len(received.messages) == 1, 60)
        said = received.messages[0].verified(secret)
        assert (said["type"], said["data"]["cause"]) == ("contact.created", "default")

        execute(installation, "INSERT INTO contacts_contact (email) VALUES ('second@example.com')")
        wait_until(lambda: len(received.messages) == 2, 60)
        os.kill(installation.pid_of("procrastinate"), signal.SIGKILL)
        killed.set()
        # Whoever took it has two minutes; they are over.
        execute(installation, "UPDATE journeys_delivery SET due_at = now() WHERE state = 'waiting'")
        wait_until(lambda: len(received.messages) == 3, 120)
        first, second, again = received.ids
        assert second == again != first
        assert installation.stop() == 0
    assert "Traceback" not in installation.output.read_text()
