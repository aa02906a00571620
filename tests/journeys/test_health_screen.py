"""Settings → Health: what whoever runs an installation looks at first."""

import os
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from django.utils.html import strip_tags

from config import disk
from journeys.integrity.invariants import PROMISES
from journeys.integrity.models import Seal, Verification
from tests.heart import as_owner

HEALTH = "/settings/health"
MEGABYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of backups."""
    monkeypatch.setenv("FUNNELBOOK_BACKUPS", str(tmp_path))
    return tmp_path


def beat(*, seconds_ago: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s * interval '1 second')",
            [seconds_ago],
        )


def job(status: str, *, minutes_ago: int = 0, starts_in: timedelta | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (task_name, queue_name, status, scheduled_at) "
            "VALUES ('any', 'default', %s, %s) RETURNING id",
            [status, timezone.now() + starts_in if starts_in else None],
        )
        number = cursor.fetchone()[0]
        cursor.execute(
            "UPDATE procrastinate_events SET at = now() - %s * interval '1 minute' WHERE job_id = %s",
            [minutes_ago, number],
        )


def a_backup(folder: Path, *, hours_ago: int, kind: str = "nightly") -> datetime:
    at = timezone.now() - timedelta(hours=hours_ago)
    (folder / f"{kind}-{at:%Y-%m-%dT%H%M%S}.backup").write_bytes(b"x" * 3_000_000)
    return at


@pytest.fixture
def rows(client_of, administrator):
    """`rows()`: what stands in each row of the page, by its first word."""

    def read() -> dict[str, str]:
        page = client_of(administrator).get(HEALTH).text
        body = page.split("<tbody>")[1].split("</tbody>")[0]
        found = [" ".join(strip_tags(row).split()) for row in body.split("</tr>") if row.strip()]
        return {row.partition(" ")[0]: row.partition(" ")[2].replace("\xa0", " ") for row in found}

    return read


@pytest.mark.parametrize("role", ["viewer", "operator", "marketer"])
def test_it_needs_an_administrator(request, client_of, role: str) -> None:
    response = client_of(request.getfixturevalue(role)).get(HEALTH)
    assert response.status_code == 403
    assert "This needs the role Administrator." in response.text


def test_a_new_installation(rows) -> None:
    found = rows()
    assert found["Worker"] == "Gone No worker was ever heard of. manage.py serve runs one."
    assert found["Queue"] == "Good 0 waiting, 0 being done."
    assert found["Backup"].startswith("None There is no backup in ")
    assert found["Checks"] == "None The book was not checked yet."


def test_a_worker_that_is_at_work(rows) -> None:
    beat(seconds_ago=5)
    beat(seconds_ago=400)
    assert re.fullmatch(r"At work 1 at work; heard of .+\.", rows()["Worker"])


def test_a_worker_that_is_gone(rows) -> None:
    beat(seconds_ago=3600)
    assert rows()["Worker"] == (
        "Gone Heard of last 1 hour ago. Runs and imports stand still until one is started: manage.py serve runs one."
    )


def test_the_queue_and_its_oldest_job(rows) -> None:
    job("todo", minutes_ago=3)
    job("todo", minutes_ago=1)
    job("todo", minutes_ago=500, starts_in=timedelta(hours=1))
    job("doing", minutes_ago=60)
    job("failed", minutes_ago=60)
    assert rows()["Queue"] == (
        "Good 2 waiting, 1 being done, 1 failed: the log says why. The oldest has waited since 3 minutes ago."
    )
    job("todo", minutes_ago=6)
    assert rows()["Queue"].startswith("Slow 3 waiting, 1 being done, 1 failed")


def test_a_backup_of_last_night(rows, folder: Path) -> None:
    a_backup(folder, hours_ago=47)
    a_backup(folder, hours_ago=80, kind="upgrade")
    assert rows()["Backup"] == f"Good The last was made 1 day ago, of 2.9 MB; 2 kept in {folder}."


def test_a_backup_is_too_old_from_48_hours(rows, folder: Path) -> None:
    a_backup(folder, hours_ago=48)
    assert rows()["Backup"].startswith("Too old The last was made 2 days ago")


def test_why_the_last_backup_failed(rows, folder: Path) -> None:
    a_backup(folder, hours_ago=20)
    (folder / "problem").write_text("The disk <i>is</i> full.")
    assert rows()["Backup"].startswith("Failed last ")
    assert rows()["Backup"].endswith("The last try failed. The disk &lt;i&gt;is&lt;/i&gt; full.")


def test_what_the_last_check_found(rows) -> None:
    Verification.objects.create(seconds=1, offences=dict.fromkeys(PROMISES, 0))
    with as_owner():
        Seal.objects.create(number=1, up_to=1, rows=1, digest=b"", sealed_at=timezone.now() - timedelta(hours=1))
    assert re.fullmatch(r"All hold Checked .+ The history was sealed 1 hour ago\.", rows()["Checks"])
    Verification.objects.create(seconds=1, offences=dict.fromkeys(PROMISES, 1))
    assert rows()["Checks"].startswith("Something does not hold Checked ")


@pytest.mark.parametrize(
    ("free", "word"),
    [
        (2048 * MEGABYTE, "Good"),
        (2048 * MEGABYTE - 1, "Little room"),
        (500 * MEGABYTE, "Little room"),
        (500 * MEGABYTE - 1, "Nearly full"),
    ],
)
def test_the_disk(rows, monkeypatch: pytest.MonkeyPatch, free: int, word: str) -> None:
    monkeypatch.setattr(disk, "free_space", lambda: free)
    found = rows()["Disk"]
    assert found.startswith(f"{word} ")
    assert found.endswith("The database is on a server elsewhere, whose disk is not seen from here.")
    monkeypatch.setattr("journeys.health.queries.is_embedded", lambda url: True)
    assert rows()["Disk"].endswith("and the database in it. With less than 500.0 MB, no run and no import is started.")


def test_what_runs_here(client_of, administrator) -> None:
    page = client_of(administrator).get(HEALTH).text
    assert "<dt>Funnelbook</dt><dd>0.1.0</dd>" in page
    assert re.search(r"<dt>PostgreSQL</dt><dd>1[5-8]\.", page)
    assert os.environ["SECRET_KEY"] not in page


def test_so_many_queries(client_of, administrator, django_assert_num_queries) -> None:
    client = client_of(administrator)
    client.get(HEALTH)
    with django_assert_num_queries(9):
        client.get(HEALTH)
