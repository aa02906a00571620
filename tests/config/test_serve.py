"""`manage.py serve` as people run it: real processes, killed and stopped in every way."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import psycopg
import pytest

from config import embedded
from config.embedded import EmbeddedServer
from config.management.commands import serve
from config.team.models import SingleUseLink, TeamMember
from tests.installation import MANAGE, Installation, free_port, wait_until


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One that runs, for all tests of this module: each leaves it running."""
    made = Installation(tmp_path_factory.mktemp("running") / "data", free_port())
    made.start()
    yield made
    made.stop()


def test_it_says_where_it_is_and_answers_there(running: Installation) -> None:
    link = link_in(running.said())
    assert running.said() == (
        "Bringing the database up to date.\n"
        f"\nFunnelbook is ready: http://127.0.0.1:{running.port}\n"
        "Nobody can sign in yet. Begin here, within an hour:\n"
        f"http://127.0.0.1:{running.port}{link}\n"
        f"Another address, in another terminal: FUNNELBOOK_DATA={running.folder} "
        ".venv/bin/python manage.py first_run_link\n"
        "Ctrl-C stops it.\n"
    )
    assert running.status_of(link) == 200
    assert running.status_of("/first-run/guessed") == 410
    assert [running.status_of(path) for path in ("/sign-in", "/static/app.css", "/api/stages")] == [503, 200, 401]


def test_another_address_opens_the_first_run_too(running: Installation) -> None:
    link = link_in(running.manage("first_run_link").stdout)
    assert link != link_in(running.said())
    assert running.status_of(link) == 200


def link_in(said: str) -> str:
    """The path of the first-run address that was printed."""
    return re.findall(r"http://127\.0\.0\.1:\d+(/first-run/[\w-]{43})\n", said)[0]


@pytest.mark.parametrize(
    ("server", "folder", "before"),
    [
        (None, "data", "DATABASE_URL=... "),
        ("embedded", "data", ""),
        ("embedded", "my book", "FUNNELBOOK_DATA='{folder}' "),
    ],
)
def test_the_command_for_another_address_is_about_this_book(
    db: None, monkeypatch: pytest.MonkeyPatch, settings, server: str | None, folder: str, before: str
) -> None:
    settings.DATA_DIR = settings.BASE_DIR / folder
    monkeypatch.setattr(embedded, "server_in_use", lambda: server)
    command = f"{before.format(folder=settings.DATA_DIR)}.venv/bin/python manage.py first_run_link"
    assert serve.how_to_sign_in().endswith(f"\nAnother address, in another terminal: {command}")


def test_once_somebody_is_there_no_address_is_made(viewer: TeamMember) -> None:
    assert serve.how_to_sign_in() == "Sign in with your e-mail and password."
    TeamMember.objects.update(is_active=False)
    assert serve.how_to_sign_in() == "Nobody can sign in: everybody in the team is inactive."
    assert not SingleUseLink.objects.exists()


def test_it_listens_on_this_machine_alone(running: Installation) -> None:
    addresses = {
        connection.laddr.ip
        for process in running.processes()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}


def test_nobody_else_may_look_into_the_database(running: Installation) -> None:
    assert (running.folder / "postgresql").stat().st_mode & 0o077 == 0
    assert (running.folder / "secret_key").stat().st_mode & 0o077 == 0


def test_web_and_worker_run_as_the_role_that_cannot_write_history(running: Installation) -> None:
    wait_until(running.is_up, 30)
    for words in ("gunicorn", "procrastinate"):
        environment = psutil.Process(running.pid_of(words)).environ()
        assert environment["DATABASE_URL"].startswith("postgresql://funnelbook_app@/funnelbook?")
        assert environment["OWNER_DATABASE_URL"] == ""
        password = (running.folder / "postgresql.password").read_text()
        assert [name for name, value in environment.items() if password in value] == []
    with psycopg.connect(EmbeddedServer(running.folder / "postgresql").url) as owner:
        roles = owner.execute(
            "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = 'funnelbook' AND pid <> pg_backend_pid()"
        ).fetchall()
    assert roles == [("funnelbook_app",)]


def test_the_owner_migrates_whoever_asks_for_it(running: Installation) -> None:
    with psycopg.connect(EmbeddedServer(running.folder / "postgresql").url, autocommit=True) as owner:
        owner.execute("GRANT DELETE ON journeys_statuschange TO funnelbook_app")
        migrated = running.manage("migrate")
        assert (migrated.returncode, migrated.stderr) == (0, "")
        assert owner.execute(
            "SELECT has_table_privilege('funnelbook_app', 'journeys_statuschange', 'DELETE'), "
            "       has_table_privilege('funnelbook_app', 'journeys_statuschange', 'SELECT')"
        ).fetchone() == (False, True)


@pytest.mark.parametrize("words", ["gunicorn", "procrastinate"])
def test_a_program_that_is_killed_comes_back(running: Installation, words: str) -> None:
    wait_until(running.is_up, 30)
    killed = running.pid_of(words)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: running.pid_of(words) not in (0, killed) and running.is_up(), 30)


def test_a_web_process_that_is_killed_comes_back(running: Installation) -> None:
    wait_until(running.is_up, 30)
    (killed,) = psutil.Process(running.pid_of("gunicorn")).children()
    killed.kill()
    wait_until(lambda: not killed.is_running() and running.is_up(), 30)


def test_postgresql_that_is_killed_comes_back_and_so_does_the_worker(running: Installation) -> None:
    wait_until(running.is_up, 30)
    killed, said_before = running.postgresql, running.last_heartbeat()
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: running.last_heartbeat() > said_before, 60)
    wait_until(running.is_up, 30)
    assert running.postgresql != killed
    assert running.status_of("/sign-in") == 503  # nobody is in the team, the database says


def test_a_command_beside_it_uses_the_same_server_and_leaves_it_running(running: Installation) -> None:
    wait_until(running.is_up, 30)
    before = running.postgresql
    made = running.manage("create_admin", "beside@example.com", ADMIN_PASSWORD="a long enough phrase")
    assert made.stdout == "beside@example.com is an administrator now.\n"
    assert running.postgresql == before
    assert running.is_up()
    assert running.status_of("/sign-in") == 200
    assert running.status_of(link_in(running.said())) == 410
    reset = running.manage("reset_password", "beside@example.com", PUBLIC_URL="https://funnel.example.com")
    assert re.fullmatch(r"https://funnel\.example\.com/another-password/[\w-]{43}\n", reset.stdout)
    assert running.status_of(reset.stdout.strip().removeprefix("https://funnel.example.com")) == 200


def test_a_second_one_on_the_same_port_is_told_so(running: Installation) -> None:
    second = running.manage("serve")
    assert second.returncode == 1
    other = running.port + 1
    assert second.stderr == (
        f"Funnelbook: Port {running.port} is taken. Stop what uses it, or choose another one: PORT={other}.\n"
    )
    assert running.is_up()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_it_ends_every_process_and_keeps_the_data(installation: Installation, number: int) -> None:
    installation.start()
    installation.manage("create_admin", "ana@example.com", ADMIN_PASSWORD="a long enough phrase")
    ran = [*installation.processes(), psutil.Process(installation.postgresql)]
    assert {"gunicorn", "procrastinate", "postgres"} <= {
        word
        for process in ran
        for word in ("gunicorn", "procrastinate", "postgres")
        if word in " ".join(process.cmdline())
    }
    assert installation.stop(number) == 0
    assert [process for process in ran if process.is_running()] == []
    said = installation.said()
    assert said.endswith("Stopped.\n")
    assert "Traceback" not in said

    again = installation.manage("create_admin", "ana@example.com", ADMIN_PASSWORD="a long enough phrase")
    assert again.stderr == "CommandError: ana@example.com is a team member already.\n"


def test_with_sample_data_it_says_how_to_sign_in_and_loads_them_once(installation: Installation) -> None:
    installation.start("--sample", DEMO_PASSWORD="seen in a demo")
    assert "Sample data: 5,000 contacts with a year of history.\n" in installation.said()
    assert "\nSign in as demo@example.com with the password seen in a demo\nCtrl-C" in installation.said()
    assert installation.stop() == 0

    installation.output.unlink()
    installation.start("--sample")
    assert "Sample data: left alone, the book holds contacts already.\n" in installation.said()
    given = "Sign in as demo@example.com with the password it was given when the sample data was loaded.\nCtrl-C"
    assert given in installation.said()


def test_ctrl_c_while_it_prepares(installation: Installation) -> None:
    installation.process = subprocess.Popen(
        [sys.executable, MANAGE, "serve"],
        env=installation.environment,
        cwd=installation.folder.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert installation.process.stdout
    assert installation.process.stdout.readline() == b"Bringing the database up to date.\n"
    postgresql = psutil.Process(installation.postgresql)
    with installation.process.stdout as output:
        assert installation.stop() == 0
        assert output.read() == b"Stopped.\n"
    assert not postgresql.is_running()


def test_after_a_crash_of_everything_it_starts_again(installation: Installation) -> None:
    installation.start()
    ran = installation.processes()
    for process in reversed(ran):  # the supervisor before those it would start again
        with contextlib.suppress(psutil.NoSuchProcess):  # it went with another
            process.kill()
    psutil.wait_procs(ran, 10)
    assert installation.process
    installation.process.wait()
    # As after a restart of a container: the number of the dead server belongs to somebody else now.
    pid_file = installation.folder / "postgresql/postmaster.pid"
    pid_file.write_text("\n".join([str(os.getpid()), *pid_file.read_text().split("\n")[1:]]))
    installation.start()
    assert installation.postgresql != os.getpid()


def test_when_the_supervisor_is_killed_the_others_stop_and_it_starts_again(installation: Installation) -> None:
    installation.start()
    assert installation.process
    left = [process for process in installation.processes() if process.pid != installation.process.pid]
    programs = [process for process in left if process.name() != "postgres"]
    installation.process.kill()
    installation.process.wait()
    if sys.platform == "linux":
        _, alive = psutil.wait_procs(programs, 15)
        assert alive == []
    installation.start()


def test_a_command_alone_starts_postgresql_and_stops_it(installation: Installation) -> None:
    shown = installation.manage("showmigrations", "stages")
    assert shown.returncode == 0, shown.stderr
    assert not (installation.folder / "postgresql/postmaster.pid").exists()


def test_a_folder_of_another_version_is_named(installation: Installation) -> None:
    cluster = installation.folder / "postgresql"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("16\n")
    refused = installation.manage("serve")
    assert refused.returncode == 1
    assert refused.stderr == (
        f"Funnelbook: The folder {cluster} was written by PostgreSQL 16; this is PostgreSQL 18. "
        "Carry it over: manage.py upgrade_database\n"
    )


def test_a_folder_with_strange_files_is_left_alone(installation: Installation) -> None:
    installation.folder.mkdir()
    (installation.folder / "letter.txt").write_text("Dear Ana")
    refused = installation.manage("serve")
    assert refused.returncode == 1
    assert refused.stderr == (
        f"Funnelbook: The folder {installation.folder} holds files that are not Funnelbook's. "
        "Name a new or an empty one in FUNNELBOOK_DATA.\n"
    )
    assert [file.name for file in installation.folder.iterdir()] == ["letter.txt"]


def test_a_file_in_place_of_the_folder(installation: Installation) -> None:
    installation.folder.write_text("")
    refused = installation.manage("serve")
    assert refused.returncode == 1
    assert refused.stderr == f"Funnelbook: The data folder {installation.folder} cannot be used: File exists.\n"


def test_a_folder_in_which_files_cannot_be_made(installation: Installation) -> None:
    (installation.folder / "postgresql.lock").mkdir(parents=True)
    (installation.folder / "secret_key").write_text("ours")
    refused = installation.manage("serve")
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"Funnelbook: The data folder {installation.folder} cannot be used: ")
    assert "Traceback" not in refused.stderr


def test_another_python_is_told_where_django_is() -> None:
    without_packages = [sys.executable, "-S", MANAGE, "serve"]
    refused = subprocess.run(without_packages, capture_output=True, text=True)
    assert refused.returncode == 1
    assert refused.stderr.startswith("Funnelbook: Django is not installed for ")


def test_a_broken_folder_shows_the_end_of_postgresqls_log(installation: Installation) -> None:
    installation.manage("showmigrations", "stages")
    (installation.folder / "postgresql/global/pg_control").unlink()
    refused = installation.manage("serve")
    assert refused.returncode == 1
    assert refused.stderr.startswith("Funnelbook: PostgreSQL did not start. Its log, ")
    assert "could not find the database system" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://ana:secret@localhost/book", "DATABASE_URL is not the address of a PostgreSQL database."),
        ("postgresql://ana:secret@localhost:many/book", "DATABASE_URL is not the address of a PostgreSQL database."),
        ("postgresql://ana:secret@127.0.0.1:9/book", "The database that DATABASE_URL names cannot be used: connection"),
    ],
)
def test_a_wrong_database_url(running: Installation, url: str, sentence: str) -> None:
    refused = running.manage("serve", DATABASE_URL=url)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"Funnelbook: {sentence}")
    assert "secret" not in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "eighty", "PORT has to be a number from 1 to 65535, not 'eighty'."),
        ("PORT", "80000", "PORT has to be a number from 1 to 65535, not '80000'."),
        ("HOST", "no.such.host.invalid", "HOST has to be an address of this machine, not 'no.such.host.invalid'."),
    ],
)
def test_a_wrong_port_or_host(running: Installation, name: str, value: str, sentence: str) -> None:
    refused = running.manage("serve", **{name: value})
    assert refused.returncode == 1
    assert refused.stderr == f"Funnelbook: {sentence}\n"


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        (
            {"HOST": "0.0.0.0"},
            "HOST=0.0.0.0 lets others in. Say first under which address they come: "
            "PUBLIC_URL=https://funnel.example.com",
        ),
        (
            {"PUBLIC_URL": "funnel.example.com"},
            "PUBLIC_URL has to be the address that browsers use, such as https://funnel.example.com, without a path.",
        ),
        (
            {"TRUSTED_PROXIES": "the-proxy"},
            "TRUSTED_PROXIES has to hold addresses or networks, with commas, such as 127.0.0.1,10.0.0.0/8.",
        ),
    ],
)
def test_an_address_that_cannot_be_is_told_in_a_sentence(
    installation: Installation, environment: dict[str, str], sentence: str
) -> None:
    refused = installation.manage("serve", **environment)
    assert (refused.returncode, refused.stderr) == (1, f"Funnelbook: {sentence}\n")


def test_under_a_public_address_it_may_listen_for_others_and_says_that_address(installation: Installation) -> None:
    installation.start(HOST="0.0.0.0", PUBLIC_URL="http://127.0.0.2:8000")
    assert "\nFunnelbook is ready: http://127.0.0.2:8000\n" in installation.said()
    assert installation.status_of("/sign-in") == 400  # asked for under another name
