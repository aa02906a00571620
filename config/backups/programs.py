"""PostgreSQL's own programs that dump a database and load a dump."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from config.embedded import folder_of_wheel
from config.trouble import Trouble

NEEDED = ("pg_dump", "pg_restore", "psql")

_CHUNK = 1024 * 1024
_HEAD = 100
_UNKNOWN_BEFORE_17 = b"SET transaction_timeout = 0;\n"
_NOTHING_OF_OTHERS = ("--no-owner", "--no-privileges")


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder with PostgreSQL's programs of one major version."""

    folder: Path
    version: int

    def dump(self, url: str, into: IO[bytes]) -> None:
        """Write one consistent state of the database, while others go on working in it.

        Raises:
            Trouble: it could not be read to its end.
            OSError: the dump could not be written.
        """
        options = ["--format=custom", "--compress=1", "--schema=public", "--lock-wait-timeout=60s"]
        with self._start("pg_dump", *_NOTHING_OF_OTHERS, *options, url=url) as running:
            shutil.copyfileobj(running.output, into, _CHUNK)
            running.expect_success()

    def load(self, dump: IO[bytes], url: str) -> None:
        """Load a dump into a database that holds none of its tables: all of it, or nothing.

        Raises:
            Trouble: it could not be loaded.
        """
        strict = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
        with (
            self._start("psql", *strict, url=url) as loading,
            self._start("pg_restore", *_NOTHING_OF_OTHERS, "--schema=public", "--file=-") as reading,
        ):
            feeding = threading.Thread(target=_pour, args=(dump, reading.input))
            feeding.start()
            with contextlib.suppress(BrokenPipeError):  # what is loading says why
                loading.input.write(b"BEGIN;\n")
                for line in _head(reading.output):
                    loading.input.write(line)
                shutil.copyfileobj(reading.output, loading.input, _CHUNK)
                feeding.join()
                reading.expect_success()
                loading.input.write(b"COMMIT;\n")
            loading.expect_success()

    @contextlib.contextmanager
    def _start(self, program: str, *options: str, url: str = "") -> Iterator["_Running"]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
        environment["LC_ALL"] = "C"
        address = []
        if url:
            given = {name: str(value) for name, value in conninfo_to_dict(url).items()}
            environment["PGPASSWORD"] = given.pop("password", "")  # everybody may read the arguments
            address = [f"--dbname={make_conninfo(**given)}"]
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(
                [self.folder / program, *options, *address],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                env=environment,
            )
            try:
                yield _Running(program, process, said)
            finally:
                process.kill()
                for pipe in (process.stdin, process.stdout):
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()  # type: ignore[union-attr]
                process.wait()


@dataclass(frozen=True, slots=True)
class _Running:
    program: str
    process: subprocess.Popen[bytes]
    said: IO[bytes]

    @property
    def input(self) -> IO[bytes]:
        assert self.process.stdin
        return self.process.stdin

    @property
    def output(self) -> IO[bytes]:
        assert self.process.stdout
        return self.process.stdout

    def expect_success(self) -> None:
        """Wait for its end. Raises Trouble with the first thing it complained of, if it failed."""
        with contextlib.suppress(BrokenPipeError):
            self.input.close()
        if self.process.wait():
            self.said.seek(0)
            lines = self.said.read().decode(errors="replace").splitlines()
            complaint = next((line for line in lines if "error" in line.lower()), "it does not say why")
            raise Trouble(f"PostgreSQL's {self.program} failed: {complaint}")


def _pour(source: IO[bytes], into: IO[bytes]) -> None:
    with contextlib.suppress(BrokenPipeError), into:
        shutil.copyfileobj(source, into, _CHUNK)


def _head(script: IO[bytes]) -> Iterator[bytes]:
    """The first lines of what `pg_restore` writes, without what older servers do not know."""
    for _ in range(_HEAD):
        if (line := script.readline()) != _UNKNOWN_BEFORE_17:
            yield line


def programs_for(server: int) -> Programs:
    """Programs that are no older than a server of this major version.

    Raises:
        Trouble: there are none, or older ones.
    """
    found = list(_installed())
    if not found:
        raise Trouble(
            "pg_dump was not found. Install PostgreSQL's client programs (on Debian: postgresql-client), or name "
            "the folder they are in: POSTGRESQL_BIN=/usr/lib/postgresql/18/bin"
        )
    newest = max(found, key=lambda programs: programs.version)
    if newest.version < server:
        raise Trouble(
            f"The server is PostgreSQL {server}, and pg_dump here is of version {newest.version}, which is too old "
            f"for it. Install postgresql-client-{server}, or name its folder in POSTGRESQL_BIN."
        )
    return newest


def _installed() -> Iterator[Programs]:
    """Those that `POSTGRESQL_BIN` names alone; else those of the wheel, and those in the path."""
    if given := os.environ.get("POSTGRESQL_BIN"):
        folders = [Path(given)]
    else:
        in_path = shutil.which("pg_dump")
        wheel = folder_of_wheel()
        in_wheel = sorted(wheel.parent.parent.glob("pginstall*/bin")) if wheel else []
        folders = [*in_wheel, *([Path(in_path).parent] if in_path else [])]
    for folder in folders:
        if all((folder / program).exists() for program in NEEDED):
            yield Programs(folder, version_of(folder / "pg_dump"))


def version_of(program: Path) -> int:
    """The major version of one of PostgreSQL's programs.

    Raises:
        Trouble: it does not run.
    """
    try:
        said = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Trouble(f"PostgreSQL's program {program} does not run: {error}") from None
    return int(re.findall(r"\d+", said)[0])


def server_version(url: str) -> int:
    """The major version of the server at an address."""
    with psycopg.connect(url, connect_timeout=10) as connection:
        return connection.info.server_version // 10000
