"""Pages that may lag are read on a streaming replica, and on the database itself while it lags or is gone."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import requests

from config.embedded import EmbeddedServer, _make_private
from config.replica import MOST_LAG, TRIED_AGAIN_AFTER
from tests.faults.people import Person
from tests.installation import Installation, free_port, wait_until

WITHIN = 90.0


@dataclass
class Hosts:
    """An installation, and a replica of its database."""

    installation: Installation
    main: EmbeddedServer
    replica: EmbeddedServer
    person: Person
    contact: int = 1

    def move(self, words: str) -> None:
        status, is_acknowledged = self.person.move(self.contact, words)
        assert is_acknowledged, status

    def history_shows(self, words: str) -> bool:
        page = self.person.get("/status-history")
        assert page.status_code == 200
        return words in page.text

    def on_replica(self, sql: str) -> tuple:
        with psycopg.connect(self.replica.superuser_url, autocommit=True) as connection:
            return connection.execute(sql).fetchone()  # type: ignore[return-value, call-overload]


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    folder: Path = tmp_path_factory.mktemp("hosts")
    installation = Installation(folder / "data", free_port())
    installation.folder.mkdir()
    main = EmbeddedServer(installation.folder / "postgresql")
    main.use()
    replica = EmbeddedServer(folder / "replica")
    account = main._account()
    _make_private(replica.folder, account)
    main._run("pg_basebackup", "-D", replica.folder, "-d", main.superuser_url, "-R", account=account)
    (replica.folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)  # of the server that was copied
    shutil.copy(main.folder.with_suffix(".password"), replica.folder.with_suffix(".password"))
    replica.use()
    try:
        installation.start("--sample", REPLICA_URL=replica.app_url)
        web = f"http://127.0.0.1:{installation.port}"
        yield Hosts(installation, main, replica, Person(web, "demo@example.com", "demo-funnel"))
    finally:
        installation.stop()
        replica.leave()
        main.leave()


def test_what_changed_is_there_a_moment_later(hosts: Hosts) -> None:
    hosts.move("first of all")
    wait_until(lambda: hosts.history_shows("first of all"), MOST_LAG)


def test_a_replica_that_lags_is_read_until_it_lags_too_much(hosts: Hosts) -> None:
    hosts.on_replica("SELECT pg_wal_replay_pause()")
    hosts.move("second")
    paused = time.monotonic()
    if time.monotonic() - paused < MOST_LAG / 2:
        assert not hosts.history_shows("second")
    wait_until(lambda: hosts.history_shows("second"), MOST_LAG + WITHIN)
    hosts.on_replica("SELECT pg_wal_replay_resume()")


def test_a_replica_that_dies_is_passed_over_and_read_again_when_it_is_back(hosts: Hosts) -> None:
    os.kill(int((hosts.replica.folder / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    hosts.move("third")
    assert hosts.history_shows("third")
    wait_until(lambda: hosts.replica.keep_running() is False, WITHIN)
    wait_until(lambda: _read_there(hosts), TRIED_AGAIN_AFTER + WITHIN)


def _read_there(hosts: Hosts) -> bool:
    """Whether the web server is connected to the replica."""
    assert hosts.history_shows("third")
    try:
        return hosts.on_replica("SELECT count(*) FROM pg_stat_activity WHERE usename = 'funnelbook_app'")[0] > 0
    except psycopg.OperationalError:
        return False


def test_what_writes_is_never_sent_there(hosts: Hosts) -> None:
    answer = requests.post(f"http://127.0.0.1:{hosts.installation.port}/status-history", timeout=30)
    assert answer.status_code in (403, 405)
    hosts.move("fourth")
    wait_until(lambda: hosts.history_shows("fourth"), MOST_LAG)
