"""A PostgreSQL server of the benchmark's own, durable and set as people run it, and Django pointed at its databases."""

import contextlib
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from config.embedded import APP_ROLE, ROLE, EmbeddedServer


@contextlib.contextmanager
def throw_away_server(*, urls: str) -> Iterator[EmbeddedServer]:
    """The embedded server in a folder that is removed in the end. Django is set up for it, with these addresses."""
    folder = Path(tempfile.mkdtemp(prefix="funnelbook-bench-"))
    server = EmbeddedServer(folder / "postgresql")
    server.use()
    try:
        os.environ |= {
            "DATABASE_URL": server.app_url,
            "OWNER_DATABASE_URL": server.url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "FUNNELBOOK_DATA": str(folder),
            "SECRET_KEY": "a key for the benchmark only",
        }
        _set_up_django(urls)
        yield server
    finally:
        server.leave()
        shutil.rmtree(folder)


def _set_up_django(urls: str) -> None:
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    logging.disable(logging.INFO)
    settings.ROOT_URLCONF = urls
    call_command("collectstatic", verbosity=0, interactive=False)


class Book:
    """A database with so many contacts, loaded on first use."""

    def __init__(self, server: EmbeddedServer, name: str, size: int) -> None:
        self.size = size
        self._server = server
        self._name = name
        self.load_seconds = 0.0

    @property
    def url(self) -> str:
        return make_conninfo(self._server.app_url, dbname=self._name)

    def use(self) -> None:
        """Point Django to this book, and load it if that was not done yet."""
        from django.db import connection

        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
        connection.settings_dict["NAME"] = self._name
        if not self.load_seconds:
            self._create()

    def _create(self) -> None:
        from django.conf import settings
        from django.core.management import call_command
        from django.db import connection

        from config.database_roles import as_owner
        from tests.bench.book import load

        settings.OWNER_DATABASE["NAME"] = self._name
        with psycopg.connect(self._server.superuser_url, autocommit=True) as superuser:
            superuser.execute(f"CREATE DATABASE {self._name} OWNER {ROLE}")
            call_command("migrate", verbosity=0)
            print(f"Loading {self.size:,} contacts and three changes of each …", flush=True)
            began = time.monotonic()
            with as_owner(), connection.cursor() as cursor:
                cursor.execute(f"GRANT CREATE ON SCHEMA public TO {APP_ROLE}")  # for tables to compare with
                load(self.size)
            superuser.execute("CHECKPOINT")  # else the first figures are measured while the load is still written
            self.load_seconds = time.monotonic() - began

    def checkpoint(self) -> None:
        """Write what is left to write, so that it does not fall into what is measured next."""
        with psycopg.connect(self._server.superuser_url, autocommit=True) as superuser:
            superuser.execute("CHECKPOINT")
