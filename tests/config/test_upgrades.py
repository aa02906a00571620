"""From one version to the next, and never back: of Funnelbook, and of the embedded PostgreSQL."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command

from config.data_folder import prepare_data_folder
from config.embedded import EmbeddedServer
from config.trouble import Trouble
from journeys.integrity.invariants import PROMISES
from tests.heart import as_owner
from tests.installation import MANAGE, Installation

ROOT = Path(MANAGE).parent
RELEASED = "5c7a0af7"
"""A commit of an earlier release, whose data folders are out there."""
OLDER = Path("/usr/lib/postgresql/15/bin")
PASSWORD = {"ADMIN_PASSWORD": "a long enough phrase"}


def test_a_database_of_a_newer_one_is_left_alone(db: None) -> None:
    with as_owner() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES "
            "('journeys', '9998_sun', now()), ('journeys', '9999_moon', now())"
        )
    with pytest.raises(Trouble) as trouble:
        call_command("migrate", verbosity=0)
    assert str(trouble.value) == (
        "A newer Funnelbook brought this database up to date: it holds journeys.9998_sun and 1 more, which this one, "
        "0.1.0, does not know. Use the newer one, or restore a backup of before into an empty book."
    )


@pytest.mark.parametrize(
    ("used_by", "is_fine"), [("0.0.9", True), ("0.1.0", True), ("0.1.1", False), ("0.10.0", False), ("", True)]
)
def test_a_folder_of_a_newer_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, used_by: str, is_fine: bool) -> None:
    monkeypatch.setenv("FUNNELBOOK_DATA", str(tmp_path))
    (tmp_path / "version").write_text(f"{used_by}\n")
    if is_fine:
        assert prepare_data_folder() == tmp_path
    else:
        with pytest.raises(Trouble, match=rf"was used by Funnelbook {used_by}, and this is 0\.1\.0, which is older\."):
            prepare_data_folder()


def test_what_runs_starts_anew(installation: Installation) -> None:
    installation.start()
    assert (installation.folder / "version").read_text() == "0.1.0\n"
    before = {process.pid for process in installation.processes()} | {installation.postgresql}
    done = installation.manage("restart")
    assert (done.returncode, done.stdout) == (0, "Funnelbook was started anew, and is up.\n"), done.stderr
    assert installation.is_up()
    after = {process.pid for process in installation.processes()} | {installation.postgresql}
    assert installation.process
    assert before & after == {installation.process.pid}
    assert installation.said().count("Funnelbook is ready") == 2
    assert "Starting anew.\nBringing the database up to date.\n" in installation.said()
    assert installation.stop() == 0
    assert not (installation.folder / "postgresql/postmaster.pid").exists()


def test_where_nothing_runs_the_database_is_brought_up_to_date(installation: Installation) -> None:
    done = installation.manage("restart")
    assert (done.returncode, done.stdout) == (
        0,
        "The database is up to date. Funnelbook was not running here: make serve starts it.\n",
    ), done.stderr
    assert installation.manage("showmigrations", "journeys", "--plan").stdout.count("[ ]") == 0


def test_from_an_earlier_release(installation: Installation, tmp_path: Path) -> None:
    """What `make upgrade` does, but for the packages: with the data folder of an earlier release."""
    old = tmp_path / "old"
    old.mkdir()
    archive = subprocess.run(["git", "-C", ROOT, "archive", RELEASED], capture_output=True)
    if archive.returncode:
        pytest.skip("this is no checkout with the earlier release in it")
    subprocess.run(["tar", "-x", "-C", old], input=archive.stdout, check=True)
    (tmp_path / "leads.csv").write_text("mail,stage\nana@example.com,Customer\nbo@example.com,\n")
    at_old = [sys.executable, str(old / "manage.py")]
    for command in (
        ["migrate", "-v0"],
        ["create_admin", "ana@example.com"],
        ["import_contacts", "leads.csv", "--by", "ana@example.com", "--map", "mail=email", "--stage-from", "stage"],
    ):
        environment = installation.environment | PASSWORD
        done = subprocess.run([*at_old, *command], env=environment, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    backed_up = subprocess.run(
        [sys.executable, "-m", "config.backups"],
        env=installation.environment | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    (file,) = (installation.folder / "backups").iterdir()
    assert backed_up.stdout == f"Backup {file}: {file.stat().st_size:,} bytes.\n", backed_up.stderr
    assert file.name.startswith("upgrade-")
    assert installation.manage("restart").returncode == 0
    verified = installation.manage("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    server = EmbeddedServer(installation.folder / "postgresql")
    server.use()
    with psycopg.connect(server.url) as there:
        rows = there.execute(
            "SELECT email, name FROM contacts_contact JOIN journeys_funnelstatus ON contact_id = id "
            "LEFT JOIN stages_stage stage ON stage.id = stage_id ORDER BY email"
        ).fetchall()
    server.leave()
    assert rows == [("ana@example.com", "Customer"), ("bo@example.com", "Aware")]

    # And back: the backup of before, in a new folder.
    back = installation.manage("restore", str(file), FUNNELBOOK_DATA="back")
    assert (back.returncode, back.stdout.splitlines()[-1]) == (0, f"Restored. All {len(PROMISES)} promises hold."), (
        back.stderr
    )


@pytest.mark.skipif(not OLDER.exists(), reason="there is no PostgreSQL 15 on this machine")
def test_a_folder_of_an_older_postgresql_is_carried_over(installation: Installation, tmp_path: Path) -> None:
    folder = installation.folder / "postgresql"
    installation.folder.mkdir()
    (installation.folder / "secret_key").write_text("a key")
    older = EmbeddedServer(folder, programs=OLDER, version="15", locale=["--locale=C.UTF-8"])
    older.use()
    try:
        installation.manage("migrate", DATABASE_URL=older.url)
        installation.manage("create_admin", "ana@example.com", DATABASE_URL=older.url, **PASSWORD)
        installation.manage("backup", "of-15.backup", DATABASE_URL=older.url)
    finally:
        older.leave()
    refused = installation.manage("serve")
    assert (refused.returncode, refused.stderr) == (
        1,
        f"Funnelbook: The folder {folder} was written by PostgreSQL 15; this is PostgreSQL 18. "
        "Carry it over: manage.py upgrade_database\n",
    )
    done = installation.manage("upgrade_database")
    kept = installation.folder / "postgresql-15-before"
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            "Dumping the database with PostgreSQL 15.",
            "Loading it into PostgreSQL 18.",
            f"The database is of PostgreSQL 18 now. What it was is kept in {kept}: remove that when all is well.",
        ],
    ), done.stderr
    assert ((folder / "PG_VERSION").read_text(), (kept / "PG_VERSION").read_text()) == ("18\n", "15\n")
    again = installation.manage("create_admin", "ana@example.com", **PASSWORD)
    assert again.stderr == "CommandError: ana@example.com is a team member already.\n"
    assert installation.manage("upgrade_database").stdout == (
        f"The folder {folder} is of PostgreSQL 18 already. Nothing was done.\n"
    )

    # Broken off between the two renames: no empty book is made in its place.
    folder.rename(installation.folder / "postgresql-next")
    refused = installation.manage("serve")
    assert refused.stderr == (
        "Funnelbook: An upgrade of the database was broken off. Begin it again: manage.py upgrade_database\n"
    )
    assert not folder.exists()
    assert installation.manage("upgrade_database").returncode == 0
    assert installation.manage("verify").returncode == 0

    # From a backup, where nobody has the programs of the old version.
    folder.rename(installation.folder / "elsewhere")
    kept.rename(folder)
    (folder / "PG_VERSION").write_text("9\n")
    unknown = installation.manage("upgrade_database")
    assert unknown.returncode == 1
    assert unknown.stderr.startswith(f"Funnelbook: The folder {folder} is of PostgreSQL 9, whose programs are not on")
    assert unknown.stderr.endswith("manage.py upgrade_database --from FILE\n")
    done = installation.manage("upgrade_database", "--from", "of-15.backup")
    assert done.returncode == 0, done.stderr
    again = installation.manage("create_admin", "ana@example.com", **PASSWORD)
    assert again.stderr == "CommandError: ana@example.com is a team member already.\n"
