"""`manage.py restore`: a backup into an empty book, in other installations and on other servers."""

import os
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from config.backups.making import back_up
from config.database import address_of_database
from config.embedded import EmbeddedServer
from contacts.models import Contact
from journeys.book.actions import erase_contacts
from journeys.integrity.invariants import PROMISES
from tests.factories import contact_in
from tests.heart import as_owner
from tests.installation import Installation

OLDER = Path("/usr/lib/postgresql/15/bin")
END = f"Restored. All {len(PROMISES)} promises hold."
RESTORED = ["Reading the backup.", "Loading the database.", "Checking the book.", END]


@pytest.fixture
def backup(transactional_db: None, aware, administrator, tmp_path: Path, settings, monkeypatch) -> Path:
    """Of a book with two contacts, one of whom was erased after the backup, and one before."""
    settings.ERASED_NUMBERS = tmp_path / "register"
    monkeypatch.setenv("FUNNELBOOK_ERASED", str(settings.ERASED_NUMBERS))
    gone, goes, _ = (contact_in(aware, first_name=name) for name in ("Gone", "Goes", "Stays"))
    erase_contacts(contacts=[gone.pk], by=administrator)
    back_up(tmp_path / "one.backup", url=address_of_database())
    monkeypatch.delenv("FUNNELBOOK_ERASED")
    erase_contacts(contacts=[goes.pk], by=administrator)
    return tmp_path / "one.backup"


def counts(url: str) -> dict[str, int]:
    """So many rows has each table."""
    with psycopg.connect(url) as there:
        tables = [row[0] for row in there.execute("SELECT relname FROM pg_stat_user_tables ORDER BY relname")]
        return {table: there.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}  # type: ignore[arg-type,index]


def people(url: str) -> list[str]:
    with psycopg.connect(url) as there:
        return [row[0] for row in there.execute("SELECT first_name FROM contacts_contact ORDER BY id")]


def while_it_runs(installation: Installation, look) -> object:
    server = EmbeddedServer(installation.folder / "postgresql")
    server.use()
    try:
        return look(server.url)
    finally:
        server.leave()


def test_all_of_it_comes_back_and_the_secret_key_too(
    backup: Path, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    Contact.objects.get(first_name="Stays")
    done = installation.manage("restore", str(backup))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == RESTORED
    found = while_it_runs(installation, counts)
    was = counts(address_of_database())
    # Who was erased after the backup is there: this machine's register does not know of it.
    expected = was | {"contacts_contact": 2, "journeys_funnelstatus": 2, "journeys_verification": 1}
    assert {table: rows for table, rows in found.items() if rows != expected[table]} == {  # type: ignore[attr-defined]
        "journeys_statuschange": was["journeys_statuschange"] - 1,
        "journeys_funnelflow": was["journeys_funnelflow"] - 1,
    }
    assert while_it_runs(installation, people) == ["Goes", "Stays"]
    key = installation.folder / "secret_key"
    assert (key.read_text(), key.stat().st_mode & 0o777) == (os.environ["SECRET_KEY"], 0o600)
    assert not (installation.folder / "restoring").exists()

    again = installation.manage("restore", str(backup))
    assert again.returncode == 1
    assert again.stderr == (
        "Funnelbook: This book is not empty, and a backup is restored into an empty one alone. Name a new data folder "
        "in FUNNELBOOK_DATA, or an empty database in DATABASE_URL.\n"
    )
    assert while_it_runs(installation, people) == ["Goes", "Stays"]


def test_who_was_erased_since_is_erased_again(backup: Path, installation: Installation, settings) -> None:
    installation.folder.mkdir()
    (installation.folder / "erased_numbers").write_text(settings.ERASED_NUMBERS.read_text())
    done = installation.manage("restore", str(backup))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        *RESTORED[:2],
        "1 contact erased again, who came back with the backup (run 1).",
        *RESTORED[2:],
    ]
    assert while_it_runs(installation, people) == ["Stays"]


def test_the_register_in_the_backup_is_taken_over(backup: Path, installation: Installation, settings) -> None:
    first = settings.ERASED_NUMBERS.read_text().splitlines()[0]
    installation.folder.mkdir()
    (installation.folder / "erased_numbers").write_text("999 2026-05-01T10:00:00+00:00\n")
    installation.manage("restore", str(backup))
    lines = (installation.folder / "erased_numbers").read_text().splitlines()
    assert lines == ["999 2026-05-01T10:00:00+00:00", first]


def test_one_that_was_broken_off_is_begun_again(backup: Path, installation: Installation) -> None:
    """As after a power cut when the database was loaded: the book is not empty, and nobody may start it."""
    installation.manage("restore", str(backup))
    (installation.folder / "restoring").write_text(f"{backup}\n")
    refused = installation.manage("serve")
    assert refused.returncode == 1
    assert refused.stderr == (
        f"Funnelbook: A restore did not come to its end. Begin it again: manage.py restore {backup}\n"
    )
    done = installation.manage("restore", str(backup))
    assert (done.returncode, done.stdout.splitlines()) == (0, RESTORED)


def test_seals_that_are_younger_than_the_backup_are_set_aside(backup: Path, installation: Installation) -> None:
    installation.folder.mkdir()
    (installation.folder / "secret_key").write_text("of before")
    seal = f"7 900 12 {'ab' * 32} 2026-05-01T10:00:00+00:00\n"
    (installation.folder / "seals").write_text(seal)
    done = installation.manage("restore", str(backup))
    assert done.returncode == 0, done.stderr
    (kept,) = installation.folder.glob("seals-before-restore-*")
    assert kept.read_text() == seal
    assert f"1 seals of the status history are younger than the backup: kept in {kept}." in done.stdout


def test_what_a_newer_funnelbook_made(backup: Path, installation: Installation, tmp_path: Path) -> None:
    with as_owner() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('journeys', '9999_moon', now())")
    back_up(tmp_path / "newer.backup", url=address_of_database())
    refused = installation.manage("restore", str(tmp_path / "newer.backup"))
    assert refused.returncode == 1
    assert refused.stderr == (
        "Funnelbook: The backup was made by a newer Funnelbook, 0.1.0. Install that one, and restore the backup "
        "with it.\n"
    )


def test_somebody_elses_database_is_left_alone(backup: Path, installation: Installation) -> None:
    def add(url: str) -> None:
        with psycopg.connect(url) as there:
            there.execute("CREATE TABLE letters (words text)")

    installation.folder.mkdir()
    while_it_runs(installation, add)
    refused = installation.manage("restore", str(backup))
    assert refused.returncode == 1
    assert refused.stderr == (
        "Funnelbook: The database holds what is not Funnelbook's: the table letters. Name an empty one.\n"
    )
    assert while_it_runs(installation, counts) == {"letters": 0}


def test_a_book_that_somebody_works_in(backup: Path, installation: Installation) -> None:
    installation.manage("migrate")

    def beat(url: str) -> None:
        with psycopg.connect(url) as there:
            there.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s)", [timezone.now()])

    while_it_runs(installation, beat)
    refused = installation.manage("restore", str(backup))
    assert refused.returncode == 1
    assert refused.stderr == (
        "Funnelbook: Funnelbook is running on this book. Stop it, wait half a minute, and restore then.\n"
    )


@pytest.mark.skipif(not OLDER.exists(), reason="there is no PostgreSQL 15 on this machine")
def test_to_a_server_of_ones_own_and_back(backup: Path, installation: Installation, tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "own", programs=OLDER, version="15", locale=["--locale=C.UTF-8"])
    server.use()
    try:
        own = {"DATABASE_URL": server.url, "FUNNELBOOK_DATA": "own-data"}
        done = installation.manage("restore", str(backup), **own)
        assert (done.returncode, done.stdout.splitlines()) == (0, RESTORED), done.stderr
        assert people(server.url) == ["Goes", "Stays"]
        was = counts(server.url)
        back = tmp_path / "back.backup"
        made = installation.manage("backup", str(back), **own)
        assert made.stdout == (
            f"Backup {back}: {back.stat().st_size:,} bytes. Whoever has it can read all that is in the book.\n"
        )
        older = installation.manage("backup", str(tmp_path / "x"), **own, POSTGRESQL_BIN="/nowhere")
        assert older.stderr.startswith("Funnelbook: pg_dump was not found.")
    finally:
        server.leave()
    done = installation.manage("restore", str(back))
    assert (done.returncode, done.stdout.splitlines()) == (0, RESTORED), done.stderr
    assert while_it_runs(installation, counts) == was | {"journeys_verification": 2}


@pytest.mark.skipif(not OLDER.exists(), reason="there is no PostgreSQL 15 on this machine")
def test_programs_that_are_older_than_the_server(
    db: None, superuser_url: str, installation: Installation, tmp_path: Path
) -> None:
    if connection.pg_version < 160000:
        pytest.skip("the server is no newer than these programs")
    refused = installation.manage("backup", str(tmp_path / "x"), DATABASE_URL=superuser_url, POSTGRESQL_BIN=str(OLDER))
    server = connection.pg_version // 10000
    assert refused.returncode == 1
    assert refused.stderr == (
        f"Funnelbook: The server is PostgreSQL {server}, and pg_dump here is of version 15, which is too old for it. "
        f"Install postgresql-client-{server}, or name its folder in POSTGRESQL_BIN.\n"
    )
    assert not (tmp_path / "x").exists()


def test_a_register_of_a_day_is_no_reason_to_erase_newer_people(backup: Path, installation: Installation) -> None:
    """A number that was erased before this contact came into the book was somebody else's."""
    stays = Contact.objects.get(first_name="Stays")
    before = (stays.created_at - timedelta(days=1)).isoformat()
    installation.folder.mkdir()
    (installation.folder / "erased_numbers").write_text(f"{stays.pk} {before}\n")
    done = installation.manage("restore", str(backup))
    assert done.returncode == 0, done.stderr
    assert while_it_runs(installation, people) == ["Goes", "Stays"]
