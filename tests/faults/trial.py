"""A run and people at work in a real installation, what can befall it, and what has to be true in the end."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import psutil
import psycopg

from config.embedded import EmbeddedServer
from journeys.integrity.invariants import INVARIANTS
from tests.faults.people import EMAIL, PASSWORD, Person, Program, Recorded, Team
from tests.installation import MANAGE, Installation, free_port, wait_until

WITHIN = 180.0
"""So many seconds are allowed for whatever takes ten on a machine that does nothing else."""


PEOPLE, PROGRAMS = 2, 2
"""So many move contacts in the browser and through the API, all the time."""


@dataclass
class Trial:
    """One run, people beside it, and what is done to the processes of their installation meanwhile.

    Attributes:
        address: the database, past whatever lies between it and the installation.
        begun_by: the module whose `begin` begins it inside the installation.
    """

    begun_by: ClassVar[str] = "tests.faults.book"

    installation: Installation
    run: int
    address: str
    team: Team

    # What goes on

    def row(self, sql: str, **values: Any) -> tuple:
        """The first row of a query. Raises `psycopg.OperationalError` while the server is down."""
        with psycopg.connect(self.address, autocommit=True, connect_timeout=5) as connection:
            found = connection.execute(sql, {"run": self.run, **values}).fetchone()
            assert found
            return found

    @property
    def cursor(self) -> int:
        """How many slices are done."""
        return self.row("SELECT cursor FROM journeys_run WHERE id = %(run)s")[0]

    @property
    def has_ended(self) -> bool:
        return self.row("SELECT state <> 'running' FROM journeys_run WHERE id = %(run)s")[0]

    def is_in_a_slice(self) -> bool:
        """Whether a slice has changed its contacts and not committed yet: it holds the lock of `tests.faults.book`."""
        return self.row("SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND classid = 4711")[0]

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait until something is so; a server that is down says no."""

        def holds() -> bool:
            with contextlib.suppress(psycopg.OperationalError):
                return bool(condition())
            return False

        wait_until(holds, WITHIN)

    def execute(self, sql: str) -> None:
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(sql)  # type: ignore[call-overload]

    def hurry(self) -> None:
        """From now on slices take no longer than they need."""
        self.execute("UPDATE pace SET seconds = 0")

    def goes_on_after(self, cursor: int) -> float:
        """Wait until more slices are done than these. Returns the seconds that it took."""
        began = time.monotonic()
        self.wait_for(lambda: self.cursor > cursor)
        return time.monotonic() - began

    def people_go_on(self) -> float:
        """Wait until changes that are asked for from now on are acknowledged. Returns the seconds that it took."""
        began, enough = time.monotonic(), len(self.team.journal.acknowledged) + 2 * len(self.team)
        self.wait_for(lambda: len(self.team.journal.acknowledged) >= enough)
        return time.monotonic() - began

    # What can befall it

    def kill_worker(self) -> None:
        """`kill -9` of the worker in the middle of a slice."""
        self.wait_for(self.is_in_a_slice)
        os.kill(self._worker(), signal.SIGKILL)

    def kill_postgresql(self) -> None:
        """`kill -9` of PostgreSQL in the middle of a slice."""
        self.wait_for(self.is_in_a_slice)
        os.kill(self.installation.postgresql, signal.SIGKILL)

    def kill_web(self) -> None:
        """`kill -9` of the web server and all its processes."""
        os.killpg(self._web(), signal.SIGKILL)

    def stop_web(self) -> None:
        """SIGTERM to the web server: it answers what was asked, ends, and is started again."""
        web = psutil.Process(self._web())
        web.terminate()
        web.wait(WITHIN)

    def freeze_web(self, seconds: float = 3.0) -> None:
        """The web server stands still for so long."""
        web = self._web()
        os.killpg(web, signal.SIGSTOP)
        time.sleep(seconds)
        os.killpg(web, signal.SIGCONT)

    @contextlib.contextmanager
    def frozen_worker(self) -> Iterator[None]:
        """The worker is stopped in the middle of a slice, and later continues; a second one is alive."""
        self.wait_for(self.is_in_a_slice)
        worker = self._worker()
        os.kill(worker, signal.SIGSTOP)
        try:
            with self.second_worker():
                yield
                os.kill(worker, signal.SIGCONT)
                self.wait_for(lambda: self.has_ended or self.is_in_a_slice())
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGCONT)

    def _worker(self) -> int:
        return self._process("procrastinate")

    def _web(self) -> int:
        return self._process("gunicorn")

    def _process(self, words: str) -> int:
        self.wait_for(lambda: self.installation.pid_of(words))
        return self.installation.pid_of(words)

    @contextlib.contextmanager
    def second_worker(self) -> Iterator[None]:
        """Two workers are alive at once."""
        with open(self.installation.output, "ab") as output:
            second = subprocess.Popen(
                [sys.executable, MANAGE, "procrastinate", "worker"],
                env=self.installation.environment,
                cwd=self.installation.folder.parent,
                stdout=output,
                stderr=output,
            )
        try:
            yield
        finally:
            second.terminate()
            second.wait(WITHIN)

    # What has to be true in the end

    @property
    def promises(self) -> dict[str, str]:
        """Queries that count what is not so of what was begun."""
        return PROMISES

    def offences(self) -> dict[str, int]:
        """Promises that were not kept, and how often not. The team stops first, so that nothing is on its way."""
        self.team.stop()
        promises = self.promises | {invariant.promise: invariant.sql for invariant in INVARIANTS}
        found = {promise: self.row(sql)[0] for promise, sql in promises.items()}
        return {promise: times for promise, times in found.items() if times} | self.team.journal.offences(
            self._recorded()
        )

    def _recorded(self) -> list[Recorded]:
        with psycopg.connect(self.address) as connection:
            return [Recorded(*row) for row in connection.execute(_RECORDED)]


_RECORDED = """
    SELECT note.text, change.contact_id, change.id
    FROM journeys_statuschange change JOIN contacts_note note ON note.id = note_id
    WHERE note.text LIKE 'journal %' ORDER BY change.id
"""


_OUTCOMES = """
    SELECT contact_id, 'changed' AS code FROM journeys_statuschange WHERE run_id = %(run)s
    UNION ALL
    SELECT unnest(contacts), code FROM journeys_runoutcome WHERE run_id = %(run)s
"""

PROMISES = {
    "the run ends by itself, done to its last slice": """
        SELECT count(*) FROM journeys_run
        WHERE id = %(run)s AND (state <> 'finished' OR cursor <> slices OR finished_at IS NULL)
    """,
    "nobody is changed twice": """
        SELECT count(*) - count(DISTINCT contact_id) FROM journeys_statuschange WHERE run_id = %(run)s
    """,
    "changed is the rows of history": """
        SELECT count(*) FROM journeys_run WHERE id = %(run)s AND updated <> (
            SELECT count(*) FROM journeys_statuschange WHERE run_id = %(run)s)
    """,
    "changed, unchanged and refused are the selection": """
        SELECT count(*) FROM journeys_run
        WHERE id = %(run)s AND (updated + unchanged + refused <> records OR updated = 0 OR unchanged = 0
                                OR refused = 0 OR forward + back <> updated)
    """,
    "unchanged and refused are those that are listed": f"""
        SELECT count(*) FROM journeys_run
        JOIN (SELECT count(*) FILTER (WHERE code = 'unchanged') AS listed_unchanged,
                     count(*) FILTER (WHERE code = 'account_inactive') AS listed_refused
              FROM ({_OUTCOMES}) AS outcomes) AS listed ON true
        WHERE id = %(run)s AND (unchanged, refused) <> (listed_unchanged, listed_refused)
    """,
    "each contact of the selection has one outcome, and nobody else has": f"""
        SELECT count(*) FROM ({_OUTCOMES}) AS outcomes
        FULL JOIN (SELECT unnest(contacts) AS contact_id FROM journeys_runslice WHERE run_id = %(run)s) AS selected
             USING (contact_id)
        FULL JOIN (SELECT contact_id FROM contacts_carriedlabel) AS labelled USING (contact_id)
        WHERE outcomes.code IS NULL OR selected IS NULL OR labelled IS NULL
    """,
    "who was changed stands in Customer, and who was refused does not": f"""
        SELECT count(*) FROM ({_OUTCOMES}) AS outcomes JOIN journeys_funnelstatus status USING (contact_id)
        JOIN stages_stage stage ON stage.id = stage_id
        WHERE (stage.name = 'Customer' AND lost_at IS NULL) <> (code IN ('changed', 'unchanged'))
    """,
}
"""Queries that count what is not so of the run; of the whole book, those of `manage.py verify` are asked too."""


T = TypeVar("T", bound=Trial)


@contextlib.contextmanager
def trial(
    folder: Path,
    *,
    of: type[T] = Trial,  # type: ignore[assignment]
    contacts: int,
    slices: int,
    seconds_a_slice: float,
    address: str = "",
    environment: Mapping[str, str] = {},
) -> Iterator[T]:
    """An installation in an empty folder, with a run over so many contacts under way, and people who move others.

    In the end nothing is left running.

    Args:
        of: what is begun there instead of the run.
        address: of its database, if that is not the embedded one.
        environment: of its programs.
    """
    installation = Installation(folder, free_port())
    installation.environment |= environment
    installation.start()
    try:
        how = f"contacts={contacts}, slices={slices}, seconds_a_slice={seconds_a_slice}, of_people=400"
        done = installation.manage("shell", "-c", f"from {of.begun_by} import begin; begin({how})")
        assert done.returncode == 0, done.stderr
        begun = json.loads(done.stdout.splitlines()[-1])
        web = f"http://127.0.0.1:{installation.port}"
        moves = [
            *(Person(web, EMAIL, PASSWORD).move for _ in range(PEOPLE)),
            *(Program(web, begun["token"]).move for _ in range(PROGRAMS)),
        ]
        team = Team(moves, begun["contacts"])
        team.start()
        try:
            direct = address or EmbeddedServer(folder / "postgresql").url
            yield of(installation, begun["run"], direct, team)
        finally:
            team.stop()
    finally:
        ran = installation.processes()
        installation.stop()
        psutil.wait_procs(ran, WITHIN)
