"""What keeps `manage.py serve` from starting: each time one sentence, and an exit status that is not 0."""

import os
import pwd
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from config.environment import read_env_file
from config.trouble import Trouble
from tests.installation import MANAGE, Installation, free_port

PACKAGES = str(Path(psycopg.__file__).resolve().parent.parent)


@dataclass
class Start:
    """How it is tried to start, and what it says."""

    says: str
    environment: dict[str, str] = field(default_factory=dict)
    user: str | None = None


def wrong_database(installation: Installation) -> Iterator[Start]:
    url = "postgresql://ana:hush@127.0.0.1:9/book"
    yield Start("The database that DATABASE_URL names cannot be used: connection", {"DATABASE_URL": url})


def no_database_at_all(installation: Installation) -> Iterator[Start]:
    says = "DATABASE_URL is not the address of a PostgreSQL database. One looks like postgresql://name:password@host"
    yield Start(says, {"DATABASE_URL": "mysql://ana:hush@localhost/book"})


def older_server(installation: Installation) -> Iterator[Start]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_be_postgresql_14, args=(listener,), daemon=True).start()
        url = f"postgresql://ana:hush@127.0.0.1:{listener.getsockname()[1]}/book?sslmode=disable&gssencmode=disable"
        yield Start(
            "The server that DATABASE_URL names is PostgreSQL 14. Funnelbook needs 15 or newer.", {"DATABASE_URL": url}
        )


def _be_postgresql_14(listener: socket.socket) -> None:
    """Let somebody in, and say no more than which server this is."""
    client, _ = listener.accept()
    with client:
        client.recv(4096)

        def message(kind: bytes, content: bytes) -> bytes:
            return kind + (len(content) + 4).to_bytes(4) + content

        said = {"server_version": "14.9", "server_encoding": "UTF8", "client_encoding": "UTF8"}
        parameters = [message(b"S", f"{name}\0{value}\0".encode()) for name, value in said.items()]
        client.sendall(message(b"R", bytes(4)) + b"".join(parameters) + message(b"K", bytes(8)) + message(b"Z", b"I"))
        while client.recv(4096)[:1] not in (b"X", b""):
            client.sendall(message(b"C", b"BEGIN\0") + message(b"Z", b"I"))


def let_through(folder: Path) -> None:
    """Let others pass the folders above."""
    for path in folder.parents:
        if not path.stat().st_mode & 0o001:
            path.chmod(0o711)


def folder_of_another_user(installation: Installation) -> Iterator[Start]:
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    installation.folder.mkdir(mode=0o755)
    let_through(installation.folder)
    yield Start(
        f"The data folder {installation.folder} cannot be written by this user. Name another in FUNNELBOOK_DATA.",
        {"FUNNELBOOK_DATA": str(installation.folder)},
        user="nobody",
    )


def database_of_another_user(installation: Installation) -> Iterator[Start]:
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    folder = installation.folder
    (folder / "postgresql").mkdir(parents=True)
    (folder / "postgresql/PG_VERSION").write_text("18\n")
    (folder / "postgresql").chmod(0o700)
    nobody = pwd.getpwnam("nobody")
    let_through(folder)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    yield Start(
        f"The folder {folder}/postgresql belongs to the user root. Run Funnelbook as root, or give it to nobody.",
        {"FUNNELBOOK_DATA": str(folder)},
        user="nobody",
    )


def full_disk(installation: Installation) -> Iterator[Start]:
    installation.folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(installation.folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield Start(
            f"The disk of the data folder {installation.folder} is full: 40 MB are left, and 64 MB are needed to "
            "start. Make room, or name a folder elsewhere in FUNNELBOOK_DATA."
        )
    finally:
        subprocess.run(["umount", installation.folder], check=True)


def taken_port(installation: Installation) -> Iterator[Start]:
    with socket.create_server(("127.0.0.1", installation.port)):
        other = installation.port + 1
        yield Start(
            f"Port {installation.port} is taken. Stop what uses it, or choose another one: PORT={other}.",
        )


def broken_env_file(installation: Installation) -> Iterator[Start]:
    file = installation.folder.parent / "env"
    file.write_text("# Settings\nSECRET_KEY=hush\nhush hush\n")
    yield Start(
        f"Line 3 of {file} is no setting. One looks like PORT=8000, with a name before the “=”.",
        {"FUNNELBOOK_ENV": str(file)},
    )


def wrong_number(installation: Installation) -> Iterator[Start]:
    yield Start("THREADS has to be a whole number from 1, not 'many'.", {"THREADS": "many"})


def used_by_a_newer_one(installation: Installation) -> Iterator[Start]:
    installation.folder.mkdir()
    (installation.folder / "version").write_text("9.10.0\n")
    yield Start(
        f"The data folder {installation.folder} was used by Funnelbook 9.10.0, and this is 0.1.0, which is older. "
        "Use the newer one, or restore a backup of before into an empty folder."
    )


def _python_for(user: str | None) -> str:
    """A Python that this user may run: ours may be in a home where nobody else looks."""
    if user is None:
        return sys.executable
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info[1]}"):
        try:
            subprocess.run([python, "-c", ""], user=user, cwd="/", check=True)
        except OSError:
            continue
        return python
    pytest.skip(f"{user} may run no Python of this version")


@pytest.mark.parametrize(
    "trouble",
    [
        wrong_database,
        no_database_at_all,
        older_server,
        folder_of_another_user,
        database_of_another_user,
        full_disk,
        taken_port,
        broken_env_file,
        wrong_number,
        used_by_a_newer_one,
    ],
)
def test_one_sentence_says_why(tmp_path: Path, trouble: Callable[[Installation], Iterator[Start]]) -> None:
    installation = Installation(tmp_path / "data", free_port())
    starts = trouble(installation)
    start = next(starts)
    try:
        refused = subprocess.run(
            [_python_for(start.user), "-B", MANAGE, "serve"],
            env=installation.environment | start.environment | ({"PYTHONPATH": PACKAGES} if start.user else {}),
            cwd="/" if start.user else tmp_path,
            user=start.user,
            capture_output=True,
            text=True,
            timeout=300,
        )
    finally:
        assert next(starts, None) is None
    (line,) = refused.stderr.splitlines()
    assert line.startswith(f"Funnelbook: {start.says}")
    assert line.endswith(start.says) or trouble in (wrong_database, no_database_at_all)
    assert refused.returncode == 1
    assert "hush" not in refused.stderr + refused.stdout


# The file of settings


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FUNNELBOOK_ENV", str(tmp_path / "env"))
    monkeypatch.setattr("os.environ", {"FUNNELBOOK_ENV": str(tmp_path / "env"), "PORT": "9000"})
    return tmp_path / "env"


def test_the_environment_counts_for_more_than_the_file(env_file: Path) -> None:
    env_file.write_text(
        "# a comment\n\n  PORT = 8000\nexport HOST=0.0.0.0\nDEMO_PASSWORD='a = b # c'\n"
        'SECRET_KEY="é "\nEMPTY=\nA=b=c\n'
    )
    read_env_file()
    set_by_pytest = {"PYTEST_CURRENT_TEST", "FUNNELBOOK_ENV"}
    assert {name: value for name, value in os.environ.items() if name not in set_by_pytest} == {
        "PORT": "9000",
        "HOST": "0.0.0.0",
        "DEMO_PASSWORD": "a = b # c",
        "SECRET_KEY": "é ",
        "EMPTY": "",
        "A": "b=c",
    }


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PORT=8000\nhush", "Line 2 of {} is no setting."),
        (b"=hush", "Line 1 of {} is no setting."),
        (b"8PORT=hush", "Line 1 of {} is no setting."),
        (b"A-B=hush", "Line 1 of {} is no setting."),
        (b"A=hu\0sh", "Line 1 of {} is no setting."),
        (b"A='hush", "Line 1 of {}: the quotation mark after A= is not closed."),
        (b'A="', "Line 1 of {}: the quotation mark after A= is not closed."),
        (b"A=\xff", "The settings in {} cannot be read: the file is not text in UTF-8."),
    ],
)
def test_a_broken_line_is_named_and_not_repeated(env_file: Path, content: bytes, sentence: str) -> None:
    env_file.write_bytes(content)
    with pytest.raises(Trouble) as trouble:
        read_env_file()
    assert str(trouble.value).startswith(sentence.format(env_file))
    assert "hush" not in str(trouble.value)


def test_a_file_that_is_named_and_not_there(env_file: Path) -> None:
    with pytest.raises(Trouble, match="which FUNNELBOOK_ENV names, is not there"):
        read_env_file()
    env_file.mkdir()
    with pytest.raises(Trouble, match=r"cannot be read: Is a directory\."):
        read_env_file()
