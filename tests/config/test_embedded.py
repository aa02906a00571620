"""The embedded PostgreSQL: used by many, stopped by the last, reached by this user alone."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.pq import PGconn, Ping

from config import named_server
from config.embedded import ACCESS, EmbeddedServer, _make_private
from config.named_server import check_named_server
from config.trouble import Trouble
from tests.installation import wait_until


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded") / "postgresql"


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedServer]:
    used = EmbeddedServer(folder)
    used.use()
    yield used
    used.leave()


@contextmanager
def used(server: EmbeddedServer) -> Iterator[EmbeddedServer]:
    server.use()
    try:
        yield server
    finally:
        server.leave()


def answers(server: EmbeddedServer) -> bool:
    try:
        psycopg.connect(server.url).close()
    except psycopg.OperationalError:
        return False
    return True


def test_the_last_to_leave_stops_it(server: EmbeddedServer) -> None:
    other = EmbeddedServer(server.folder)
    other.use()
    other.leave()
    assert answers(server)
    server.leave()
    assert not answers(server)


def test_who_was_killed_uses_it_no_more(server: EmbeddedServer) -> None:
    code = (
        "import os, pathlib; from config.embedded import EmbeddedServer; "
        f"EmbeddedServer(pathlib.Path({str(server.folder)!r})).use(); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -9
    assert answers(server)
    server.leave()
    assert not answers(server)


def test_it_begins_with_sensible_settings(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}").fetchone()[0]  # type: ignore[index]
            for name in ("synchronous_commit", "fsync", "jit", "shared_buffers", "listen_addresses", "data_checksums")
        }
    assert shown == {
        "synchronous_commit": "on",
        "fsync": "on",
        "jit": "off",
        "shared_buffers": "128MB",
        "listen_addresses": "",
        "data_checksums": "on",
    }


def test_it_knows_letters_of_every_language(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url) as connection:
        row = connection.execute("SELECT lower('ÄÉŁΩЖ'), to_tsvector('simple', 'Größe') @@ 'größe'").fetchone()
    assert row == ("äéłωж", True)


def test_the_book_belongs_to_no_superuser(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url) as connection:
        row = connection.execute("SELECT session_user, current_setting('is_superuser')").fetchone()
    assert row == ("funnelbook", "off")


def refused(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError as error:
        return "password" in str(error)
    return False


def without_password(url: str) -> str:
    return re.sub(r":[^:@/]*@", "@", url)


def with_wrong_password(url: str) -> str:
    return re.sub(r":[^:@/]*@", ":wrong@", url)


def test_who_runs_funnelbook_does_not_get_in_as_the_owner(server: EmbeddedServer) -> None:
    with psycopg.connect(server.app_url) as connection:
        assert connection.execute("SELECT session_user").fetchone() == ("funnelbook_app",)
    for url in (server.url, server.superuser_url):
        assert refused(without_password(url))
        assert refused(with_wrong_password(url))
        psycopg.connect(url).close()


def test_the_password_of_the_owner_is_for_this_user_alone(server: EmbeddedServer) -> None:
    file = server.folder.with_suffix(".password")
    assert file.stat().st_mode & 0o077 == 0
    assert len(file.read_text()) == 43


def as_before_there_were_two_roles(server: EmbeddedServer) -> None:
    """Make of a running server one that an earlier version made, and leave it."""
    with psycopg.connect(server.url) as owner:
        owner.execute("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('here')")
    with psycopg.connect(server.superuser_url, autocommit=True) as superuser:
        superuser.execute("ALTER ROLE postgres PASSWORD NULL; ALTER ROLE funnelbook PASSWORD NULL")
        superuser.execute("DROP ROLE funnelbook_app")
        (server.folder / "pg_hba.conf").write_text("local all all trust\n")
        superuser.execute("SELECT pg_reload_conf()")
    wait_until(lambda: not refused(without_password(server.url)), 30)
    server.folder.with_suffix(".password").unlink()


def assert_carried_over(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url) as owner:
        assert owner.execute("SELECT word FROM kept").fetchone() == ("here",)
    assert refused(without_password(server.url))
    assert refused(without_password(server.superuser_url))
    psycopg.connect(server.app_url).close()


def test_a_folder_of_an_earlier_version_is_carried_over(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "postgresql")
    with used(server):
        as_before_there_were_two_roles(server)
    with used(server):
        assert_carried_over(server)


def test_so_is_a_server_of_an_earlier_version_that_runs(tmp_path: Path) -> None:
    with used(EmbeddedServer(tmp_path / "postgresql")) as server:
        as_before_there_were_two_roles(server)
        with used(EmbeddedServer(tmp_path / "postgresql")) as other:
            wait_until(lambda: refused(without_password(other.url)), 30)  # it reads its files again in a moment
            assert_carried_over(other)


@pytest.mark.parametrize("done", ["nothing", "the file", "the file and the passwords"])
def test_carrying_over_that_was_interrupted_is_gone_on_with(tmp_path: Path, done: str) -> None:
    server = EmbeddedServer(tmp_path / "postgresql")
    with used(server):
        as_before_there_were_two_roles(server)
    if done != "nothing":
        server.folder.with_suffix(".password").write_text("a-secret")
    if done == "the file and the passwords":
        with used(server):
            pass
        (server.folder / "pg_hba.conf").write_text("local all all trust\n")
    with used(server):
        assert_carried_over(server)


def test_a_password_that_was_lost_is_made_anew(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "postgresql")
    with used(server):
        before = server.url
        server.folder.with_suffix(".password").unlink()
    with used(server):
        assert server.url != before
        assert refused(before)
        psycopg.connect(server.url).close()


def test_a_password_that_is_not_the_servers_is_said(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "postgresql")
    with used(server):
        pass
    server.folder.with_suffix(".password").write_text("another")
    with pytest.raises(Trouble, match=r"does not let in who holds .*postgresql\.password"):
        server.use()
    assert PGconn.ping(server.app_url.encode()) == Ping.NO_RESPONSE


def test_what_an_administrator_added_to_who_may_get_in_stays(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "postgresql")
    with used(server), open(server.folder / "pg_hba.conf", "a") as file:
        file.write("local all somebody trust\n")
    with used(server):
        assert (server.folder / "pg_hba.conf").read_text() == ACCESS + "local all somebody trust\n"


def test_a_socket_whose_path_would_be_too_long_is_in_a_private_folder(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 20) / ("er" * 20)
    deep.mkdir(parents=True)
    server = EmbeddedServer(deep / "postgresql")
    server.use()
    assert answers(server)
    sockets = Path(psycopg.conninfo.conninfo_to_dict(server.url)["host"])  # type: ignore[arg-type]
    assert not sockets.is_relative_to(tmp_path)
    assert sockets.stat().st_mode & 0o077 == 0
    server.leave()
    sockets.rmdir()


def test_a_folder_that_others_may_look_into_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    os.chmod(tmp_path / "open", 0o755)
    (tmp_path / "link").symlink_to(tmp_path / "open")
    for name in ("open", "link"):
        with pytest.raises(Trouble, match="others can look into it"):
            _make_private(tmp_path / name, None)


def test_an_unfinished_folder_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "postgresql.new").mkdir()
    (tmp_path / "postgresql.new/PG_VERSION").write_text("18\n")
    server = EmbeddedServer(tmp_path / "postgresql")
    server.use()
    assert answers(server)
    server.leave()


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgresql").mkdir(mode=0o700)
    (tmp_path / "postgresql/letter.txt").write_text("Dear Ana")
    with pytest.raises(Trouble, match="is not empty and holds no PostgreSQL data"):
        EmbeddedServer(tmp_path / "postgresql").use()


def test_a_named_server_that_is_too_old(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    check_named_server(server.url)
    monkeypatch.setattr(named_server, "OLDEST", 19)
    with pytest.raises(Trouble, match=r"is PostgreSQL 18\. Funnelbook needs 19 or newer\."):
        check_named_server(server.url)


def test_a_named_database_that_is_not_in_utf8(server: EmbeddedServer) -> None:
    with psycopg.connect(server.superuser_url, autocommit=True) as superuser:
        superuser.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING LATIN1 LOCALE_PROVIDER libc LOCALE 'C'")
    with pytest.raises(Trouble, match=r"holds LATIN1\. Funnelbook needs one in UTF8\."):
        check_named_server(server.superuser_url.replace("/postgres?", "/latin?"))
