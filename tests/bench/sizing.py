"""How much room and memory an installation takes: what docs/install.md says about the size of a machine."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from django.db import connection

from config.backups.making import back_up
from tests.bench.bench import Bench
from tests.bench.figures import Measured, figure
from tests.installation import Installation, free_port

MEGABYTE = 1024 * 1024
IDLE_SECONDS = 30
PAGES = ("/sign-in", "/healthz", "/static/app.css")

OF_CONTACTS = ("contacts_contact", "contacts_carriedlabel", "contacts_labelchange", "journeys_funnelstatus")
OF_CHANGES = ("journeys_statuschange", "journeys_funnelflow", "journeys_seal")


@figure("bytes_per_contact", unit="bytes")
def bytes_per_contact(bench: Bench) -> Measured:
    """Tables and indexes: the contact, its status, and the one or two labels that each of these carries."""
    bench.small.use()
    return Measured(_size_of(OF_CONTACTS) / bench.small.size)


@figure("bytes_per_change", unit="bytes")
def bytes_per_change(bench: Bench) -> Measured:
    """Tables and indexes: the row of history, and what it adds to the flows."""
    bench.small.use()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM journeys_statuschange")
        return Measured(_size_of(OF_CHANGES) / cursor.fetchone()[0])


@figure("idle_memory", unit="MB", limit=400)
def idle_memory(bench: Bench) -> Measured:
    """Supervisor, web, worker and PostgreSQL with all its processes, when a book of 10,000 contacts is at rest.

    Memory that processes share is counted once (PSS).
    """
    bench.small.use()
    with _installation(bench.small.url) as installation:
        for address in PAGES * 5:
            installation.status_of(address)
        time.sleep(IDLE_SECONDS)
        return Measured(sum(process.memory_full_info().pss for process in _processes(installation)) / MEGABYTE)


def _size_of(tables: tuple[str, ...]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname = ANY (%s)", [list(tables)])
        return int(cursor.fetchone()[0])


def _processes(installation: Installation) -> list[psutil.Process]:
    postgresql = psutil.Process(installation.postgresql)
    everything = {*installation.processes(), postgresql, *postgresql.children(recursive=True)}
    return sorted(everything, key=lambda process: process.pid)


@contextmanager
def _installation(url: str) -> Iterator[Installation]:
    """One that runs, with what is in the book at this address."""
    folder = Path(tempfile.mkdtemp(prefix="funnelbook-sizing-"))
    installation = Installation(folder / "data", free_port())
    try:
        back_up(folder / "book.backup", url=url)
        restored = installation.manage("restore", str(folder / "book.backup"))
        if restored.returncode:
            raise RuntimeError(restored.stderr)
        installation.start()
        yield installation
    finally:
        if installation.process:
            installation.stop()
        shutil.rmtree(folder)
