"""The backup of every night: made once, made up for, and its failures told."""

import logging
import zoneinfo
from datetime import UTC, datetime
from pathlib import Path

import pytest
from procrastinate.contrib.django import app

from config.backups import nightly
from config.backups.making import backups
from config.backups.nightly import back_up_now, is_due, last_problem
from config.backups.tasks import back_up
from config.database import address_of_database
from config.team.models import Organisation

LISBON = zoneinfo.ZoneInfo("Europe/Lisbon")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FUNNELBOOK_BACKUPS", str(tmp_path))
    return tmp_path


def made(folder: Path, *names: str) -> None:
    for name in names:
        (folder / f"{name}.backup").touch()


def lisbon(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 7, day, hour, minute, tzinfo=LISBON)


def test_the_first_is_due_at_once() -> None:
    assert is_due(lisbon(3, 14))


def test_one_a_night_by_the_clock_of_the_organisation(folder: Path) -> None:
    """Two o'clock in Lisbon in summer is one o'clock UTC."""
    made(folder, "nightly-2026-07-02T011500")
    assert not is_due(lisbon(2, 3))
    assert not is_due(lisbon(2, 23, 59))
    assert not is_due(lisbon(3, 1, 59))
    assert is_due(lisbon(3, 2))
    assert is_due(lisbon(3, 14))


def test_one_of_before_two_o_clock_is_not_of_this_night(folder: Path) -> None:
    made(folder, "nightly-2026-07-03T005900")
    assert is_due(lisbon(3, 2))


def test_that_of_an_upgrade_does_not_count(folder: Path) -> None:
    made(folder, "upgrade-2026-07-03T080000")
    assert is_due(lisbon(3, 14))


def test_the_task_makes_one_and_then_no_other(db: None, folder: Path) -> None:
    Organisation.objects.update(time_zone="Pacific/Auckland")
    back_up(timestamp=0)
    (file,) = backups()
    assert file.name.startswith("nightly-")
    back_up(timestamp=0)
    assert backups() == [file]


def test_the_worker_is_asked_every_hour() -> None:
    (cron,) = [
        task.cron for task in app.periodic_registry.periodic_tasks.values() if task.task.name.endswith("tasks.back_up")
    ]
    assert cron == "11 * * * *"


def test_why_one_failed_is_kept_until_one_succeeds(
    db: None, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("POSTGRESQL_BIN", "/nowhere")
    back_up_now(address_of_database())
    assert last_problem().startswith("pg_dump was not found.")
    assert (folder / "problem").stat().st_mode & 0o777 == 0o600
    assert backups() == []
    ((_, level, said),) = caplog.record_tuples
    assert (level, said) == (logging.ERROR, f"The nightly backup failed: {last_problem()}")
    monkeypatch.delenv("POSTGRESQL_BIN")
    back_up_now(address_of_database())
    assert last_problem() == ""
    assert len(backups()) == 1


def test_a_folder_that_cannot_be_used(db: None, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    (folder / "file").touch()
    monkeypatch.setenv("FUNNELBOOK_BACKUPS", str(folder / "file"))
    back_up_now(address_of_database())
    assert f"The folder of backups {folder}/file cannot be used: File exists." in caplog.text


def test_the_times(folder: Path) -> None:
    assert (nightly.AT.hour, nightly.TOO_OLD.total_seconds()) == (2, 48 * 3600)
    assert is_due(datetime(2026, 7, 3, 2, tzinfo=UTC))
