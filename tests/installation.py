"""An installation as people run it: `manage.py serve` in a data folder of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil
import psycopg

from config.embedded import EmbeddedServer

MANAGE = str(Path(__file__).resolve().parent.parent / "manage.py")
FROM_THE_TESTS = ("DATABASE_URL", "SECRET_KEY", "PORT", "HOST", "PG", "PUBLIC_URL", "TRUSTED_PROXIES", "EMAIL_URL")


class Installation:
    """A data folder, a port, and `manage.py` run on them."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.output = folder.with_suffix(".output")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(FROM_THE_TESTS)}
        self.environment = inherited | {
            "FUNNELBOOK_DATA": folder.name,  # in the folder where commands are run
            "PORT": str(port),
            "FUNNELBOOK_ENV": os.devnull,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def manage(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, MANAGE, *arguments],
            env=self.environment | environment,
            cwd=self.folder.parent,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def start(self, *arguments: str, **environment: str) -> None:
        with open(self.output, "ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, MANAGE, "serve", *arguments],
                env=self.environment | environment,
                cwd=self.folder.parent,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_until(self.is_up, 120)
        wait_until(lambda: self.said().endswith("Ctrl-C stops it.\n"), 10)

    def said(self) -> str:
        """What it said so far, but for the lines of its worker."""
        return self.output.read_text().replace("Launching a worker on all queues\n", "")

    def stop(self, number: int = signal.SIGINT) -> int:
        """Returns the exit status."""
        assert self.process
        self.process.send_signal(number)
        status = self.process.wait(30)
        self.process = None
        return status

    def is_up(self) -> bool:
        assert self.process
        assert self.process.poll() is None, self.output.read_text()
        return self.status_of("/healthz") == 200

    def status_of(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def processes(self) -> list[psutil.Process]:
        """Everything that runs for this installation."""
        assert self.process
        return [*psutil.Process(self.process.pid).children(recursive=True), psutil.Process(self.process.pid)]

    def pid_of(self, words: str) -> int:
        """The program of this installation whose command line holds these words."""
        assert self.process
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.Error):  # it may end while we look
                if words in " ".join(child.cmdline()):
                    return child.pid
        return 0

    def last_heartbeat(self) -> datetime:
        """When a worker said last that it is up, by the clock of the database; long ago while that is down."""
        with contextlib.suppress(psycopg.OperationalError):
            address = EmbeddedServer(self.folder / "postgresql").url
            with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
                return connection.execute("SELECT max(last_heartbeat) FROM procrastinate_workers").fetchone()[0]  # type: ignore[index]
        return datetime.min.replace(tzinfo=UTC)

    @property
    def postgresql(self) -> int:
        return int((self.folder / "postgresql/postmaster.pid").read_text().split("\n")[0])


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
