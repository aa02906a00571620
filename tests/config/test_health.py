"""/healthz and /readyz: what is up, for whoever watches over an installation."""

import json

import psycopg
import pytest
from django.db import connection
from django.test import Client

from config import health
from tests.heart import run_sql


def ask() -> tuple[int, dict[str, bool]]:
    """What both addresses say, which is the same."""
    answer, same = (Client().get(address, headers={"host": "10.0.0.7"}) for address in ("/healthz", "/readyz"))
    assert (same.status_code, same.content) == (answer.status_code, answer.content)
    assert answer["Cache-Control"] == same["Cache-Control"] == "no-store"
    return answer.status_code, json.loads(answer.content)


def beat(seconds_ago: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s * interval '1 second')",
            [seconds_ago],
        )


def test_all_is_up(transactional_db: None) -> None:
    beat(5)
    assert ask() == (200, {"web": True, "database": True, "migrations": True, "worker": True})


def test_no_worker(transactional_db: None) -> None:
    beat(31)
    assert ask() == (503, {"web": True, "database": True, "migrations": True, "worker": False})


def test_a_migration_is_missing(transactional_db: None) -> None:
    beat(5)
    run_sql("DELETE FROM django_migrations WHERE app = 'journeys'")
    assert ask() == (503, {"web": True, "database": True, "migrations": False, "worker": True})


def test_an_empty_database(transactional_db: None) -> None:
    run_sql("DROP TABLE django_migrations")
    assert ask() == (503, {"web": True, "database": True, "migrations": False, "worker": False})


def test_no_database(db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def refuse(**_: object) -> None:
        raise psycopg.OperationalError

    monkeypatch.setattr(health.psycopg, "connect", refuse)
    assert ask() == (503, {"web": True, "database": False, "migrations": False, "worker": False})
    assert caplog.records == []
