"""Backups: one file that is whole or is not there, and that nobody else may read."""

import errno
import json
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from config.backups import making, programs
from config.backups.archive import Backup, new_backup, open_backup
from config.backups.making import back_up, back_up_into_folder, backups, made_at
from config.backups.programs import Programs, programs_for
from config.database import address_of_database
from config.trouble import Trouble
from contacts.models import Contact
from tests.elsewhere import elsewhere
from tests.factories import contact_in


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of backups."""
    monkeypatch.setenv("FUNNELBOOK_BACKUPS", str(tmp_path / "backups"))
    monkeypatch.setenv("FUNNELBOOK_ERASED", str(tmp_path / "erased_numbers"))
    return tmp_path / "backups"


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_backup_is_the_dump_and_what_belongs_to_it(transactional_db: None, tmp_path: Path) -> None:
    (tmp_path / "erased_numbers").write_text("7 2026-05-01T10:00:00+00:00\n")
    file = tmp_path / "one.backup"
    back_up(file, url=address_of_database())
    assert file.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["erased_numbers", "one.backup"]
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["database.dump", "erased_numbers", "secret_key", "about.json"]
        assert archive.read("database.dump")[:5] == b"PGDMP"
        assert archive.read("erased_numbers") == b"7 2026-05-01T10:00:00+00:00\n"
        assert archive.read("secret_key").decode() == settings.SECRET_KEY
        about = json.loads(archive.read("about.json"))
    assert about["funnelbook"] == "0.1.0"
    assert {"team.0001_initial", "journeys.0002_triggers"} <= set(about["migrations"])
    assert about["postgresql"] <= about["dumped_by"]


def test_it_does_not_wait_for_a_move_under_way(aware, transactional_db: None, tmp_path: Path) -> None:
    """What is not committed is not in it; who moves is not held up."""
    contact = contact_in(aware, first_name="Before")
    with elsewhere() as other:
        other.begin()
        other.do(Contact.objects.filter(pk=contact.pk).update, first_name="Meanwhile").result()
        back_up(tmp_path / "one.backup", url=address_of_database())
        other.commit()
    assert Contact.objects.get().first_name == "Meanwhile"
    assert (tmp_path / "one.backup").exists()


def test_a_file_that_is_there_is_left_as_it_is(db: None, tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Ana")
    with pytest.raises(Trouble, match=r"letter\.txt is there already\. A backup never takes the place of another"):
        back_up(file, url=address_of_database())
    assert file.read_text() == "Dear Ana"
    assert names(tmp_path) == ["letter.txt"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "could not be written: No space left on device."),
        (Trouble("PostgreSQL's pg_dump failed: pg_dump: error: x"), "PostgreSQL's pg_dump failed: pg_dump: error: x"),
    ],
)
def test_a_backup_that_fails_leaves_nothing_behind(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    def fail(self: Programs, url: str, into) -> None:
        into.write(b"PGDMP and so on")
        raise error

    monkeypatch.setattr(Programs, "dump", fail)
    with pytest.raises(Trouble) as trouble:
        back_up(tmp_path / "one.backup", url=address_of_database())
    assert str(trouble.value).endswith(sentence)
    assert names(tmp_path) == []


def test_a_folder_that_is_not_there(db: None, tmp_path: Path) -> None:
    with pytest.raises(Trouble, match=r"could not be written: No such file or directory\."):
        back_up(tmp_path / "nowhere/one.backup", url=address_of_database())


def test_a_database_without_a_book(database_server: str, tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="There is no book in this database yet"):
        back_up(tmp_path / "one.backup", url=database_server)
    assert names(tmp_path) == []


def test_pg_dump_is_no_older_than_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    newest = programs_for(15).version
    assert newest >= 15
    with pytest.raises(Trouble) as trouble:
        programs_for(newest + 1)
    assert str(trouble.value) == (
        f"The server is PostgreSQL {newest + 1}, and pg_dump here is of version {newest}, which is too old for it. "
        f"Install postgresql-client-{newest + 1}, or name its folder in POSTGRESQL_BIN."
    )


def test_without_pg_dump_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(programs, "folder_of_wheel", lambda: None)
    monkeypatch.delenv("POSTGRESQL_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Trouble, match=r"^pg_dump was not found\. Install PostgreSQL's client programs"):
        programs_for(15)


def test_no_password_stands_among_the_arguments(tmp_path: Path) -> None:
    (tmp_path / "pg_dump").write_text('#!/bin/sh\necho "$@" "$PGPASSWORD"\n')
    (tmp_path / "pg_dump").chmod(0o755)
    with (tmp_path / "said").open("w+b") as into:
        Programs(tmp_path, 18).dump("postgresql://ana:hushhush@db.example/book", into)
    said = (tmp_path / "said").read_text().split()
    assert said[-1] == "hushhush"
    assert "hushhush" not in " ".join(said[:-1])
    assert "user=ana" in " ".join(said)


# The folder of backups


def test_so_many_of_each_kind_are_kept(db: None, folder: Path) -> None:
    folder.mkdir()
    for day in range(10, 18):
        (folder / f"nightly-2020-01-{day}T020000.backup").touch()
    (folder / "upgrade-2020-01-01T020000.backup").touch()
    (folder / "letter.txt").touch()
    new = back_up_into_folder("nightly", url=address_of_database())
    assert backups("nightly")[0] == new
    kept = [f"nightly-2020-01-{day}T020000.backup" for day in range(12, 18)]
    assert names(folder) == sorted([*kept, new.name, "upgrade-2020-01-01T020000.backup", "letter.txt"])
    assert abs((datetime.now(UTC) - made_at(new)).total_seconds()) < 600
    assert folder.joinpath(new.name).stat().st_mode & 0o777 == 0o600


def test_the_newest_is_first_whatever_its_kind(folder: Path) -> None:
    folder.mkdir()
    for name in ("nightly-2026-05-01T020000", "upgrade-2026-05-03T020000", "nightly-2026-05-02T020000"):
        (folder / f"{name}.backup").touch()
    assert [made_at(file).day for file in backups()] == [3, 2, 1]


def test_what_killed_ones_left_behind_goes_after_a_day(db: None, folder: Path) -> None:
    folder.mkdir()
    for name, age in ((".nightly-1.backup.aa.unfinished", 90_000), (".nightly-2.backup.bb.unfinished", 60)):
        (folder / name).touch()
        then = datetime.now(UTC).timestamp() - age
        os.utime(folder / name, (then, then))
    back_up_into_folder("nightly", url=address_of_database())
    assert [name for name in names(folder) if name.startswith(".")] == [".nightly-2.backup.bb.unfinished"]
    assert len(backups()) == 1


def test_no_backup_fills_the_rest_of_a_disk(db: None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.disk.is_embedded", lambda url: True)
    monkeypatch.setattr("config.disk.free_space", lambda: 499 * 1024 * 1024)
    with pytest.raises(Trouble, match=r"nearly full: 499 MB are left, and 500 MB are needed\. Nothing was started\."):
        back_up_into_folder("nightly", url=address_of_database())
    assert not folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_what_root_makes_belongs_to_whoever_the_data_folder_belongs_to(db: None, folder: Path) -> None:
    os.chown(folder.parent, 65534, 65534)
    file = back_up_into_folder("upgrade", url=address_of_database())
    assert [(path.stat().st_uid, path.stat().st_gid) for path in (folder, file)] == [(65534, 65534)] * 2


# Reading one


def a_backup(file: Path, **about: object) -> Path:
    said = {"funnelbook": "0.1.0", "postgresql": 18, "dumped_by": 18, "made_at": "2026-05-01T02:00:00+00:00"}
    with new_backup(file) as backup:
        backup.add("database.dump", b"PGDMP" * 1000)
        backup.add("about.json", json.dumps(said | {"migrations": []} | about).encode())
    return file


def opened(file: Path) -> Backup:
    with open_backup(file) as backup:
        backup.check()
        return backup


def test_a_whole_one_is_read(tmp_path: Path) -> None:
    about = opened(a_backup(tmp_path / "one")).about
    assert (about.funnelbook, about.made_at) == ("0.1.0", datetime(2026, 5, 1, 2, tzinfo=UTC))


def test_half_of_one_is_none(tmp_path: Path) -> None:
    content = a_backup(tmp_path / "one").read_bytes()
    for length in (0, 10, len(content) // 2, len(content) - 10):
        (tmp_path / "half").write_bytes(content[:length])
        with pytest.raises(Trouble, match=r"half is no backup of Funnelbook, or not all of one\."):
            opened(tmp_path / "half")


def test_one_that_the_disk_damaged(tmp_path: Path) -> None:
    content = bytearray(a_backup(tmp_path / "one").read_bytes())
    content[600] ^= 1
    (tmp_path / "damaged").write_bytes(content)
    with pytest.raises(Trouble, match=r"The backup is damaged: database\.dump .* Nothing was restored\."):
        opened(tmp_path / "damaged")


@pytest.mark.parametrize("about", [{"made_at": "yesterday"}, {"unknown": 1}, {"made_at": None}])
def test_one_that_says_nonsense_about_itself(tmp_path: Path, about: dict[str, object]) -> None:
    with pytest.raises(Trouble, match="is no backup of Funnelbook"):
        opened(a_backup(tmp_path / "one", **about))


def test_other_files_are_none(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear Ana")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("letter.txt", "Dear Ana")
    for name in ("letter.txt", "other.zip"):
        with pytest.raises(Trouble, match=r"is no backup of Funnelbook, or not all of one\."):
            opened(tmp_path / name)
    with pytest.raises(Trouble, match=r"absent cannot be read: No such file or directory\."):
        opened(tmp_path / "absent")


def test_the_kinds_are_known() -> None:
    assert making.KEPT == {"nightly": 7, "upgrade": 2}
