"""manage.py serve [--sample]"""

import errno
import ipaddress
import os
import shlex
import socket
import sys
import urllib.request
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from config import embedded
from config.data_folder import restoring_file
from config.environment import AT_START, whole_number
from config.health import ADDRESS
from config.serving import serving
from config.supervision import Program, Supervisor
from config.team.links.actions import make_first_run_link
from config.team.links.queries import address_of
from config.team.models import TeamMember
from config.trouble import Trouble
from config.upgrades import note_version

SAMPLE_ADMINISTRATOR = "demo@example.com"


class Command(BaseCommand):
    help = (
        "Bring the database up to date and run web and worker until Ctrl-C. "
        "PUBLIC_URL, PORT (8000), HOST (127.0.0.1), WEB_CONCURRENCY (1) and THREADS (8) come from the environment."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sample", action="store_true", help="load sample data into an empty book")

    def handle(self, *, sample: bool, **options: Any) -> None:
        _refuse_half_restored()
        os.environ["FUNNELBOOK_DATA"] = str(settings.DATA_DIR)  # the same folder for programs that start elsewhere
        listener = _listen(os.environ.get("HOST", "127.0.0.1"), os.environ.get("PORT", "8000"))
        try:
            self._prepare(sample=sample)
            how = how_to_sign_in()
            _disconnect()
            supervisor = Supervisor([_web(listener), _worker()], embedded.server_in_use())
            address = settings.PUBLIC_URL or _address(listener)
            with serving() as note_up:

                def announce() -> None:
                    self._announce(address, how)
                    note_up()

                starts_anew = supervisor.run(is_up=lambda: _is_up(listener), when_up=announce)
        except KeyboardInterrupt:
            starts_anew = False  # stopped while it was still preparing
        if starts_anew:
            self._start_anew(listener)
        self._say("Stopped.")

    def _prepare(self, *, sample: bool) -> None:
        self._say("Bringing the database up to date.")
        call_command("migrate", verbosity=0, interactive=False)
        note_version()
        os.environ["OWNER_DATABASE_URL"] = ""  # web and worker are not told how to become the owner
        call_command("collectstatic", verbosity=0, interactive=False)
        if sample:
            call_command("load_sample_data")

    def _start_anew(self, listener: socket.socket) -> None:
        """Become what is installed now, with the embedded PostgreSQL of now and the settings of now."""
        self._say("Starting anew.")
        listener.close()
        if server := embedded.server_in_use():
            server.leave()
        os.execve(sys.executable, [sys.executable, str(settings.BASE_DIR / "manage.py"), *sys.argv[1:]], AT_START)

    def _announce(self, address: str, how_to_sign_in: str) -> None:
        self._say(f"\nFunnelbook is ready: {address}\n{how_to_sign_in}\nCtrl-C stops it.")

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()


def _refuse_half_restored() -> None:
    if restoring_file().exists():
        file = restoring_file().read_text().strip()
        raise Trouble(f"A restore did not come to its end. Begin it again: manage.py restore {file}")


def how_to_sign_in() -> str:
    """What to do first, for whoever started this."""
    password = os.environ.get("DEMO_PASSWORD") or "demo-funnel"
    administrator = TeamMember.objects.filter(email=SAMPLE_ADMINISTRATOR, is_active=True).first()
    if administrator and administrator.check_password(password):
        return f"Sign in as {SAMPLE_ADMINISTRATOR} with the password {password}"
    if administrator:
        return f"Sign in as {SAMPLE_ADMINISTRATOR} with the password it was given when the sample data was loaded."
    if TeamMember.objects.filter(is_active=True).exists():
        return "Sign in with your e-mail and password."
    link = make_first_run_link(by=None)
    if link is None:
        return "Nobody can sign in: everybody in the team is inactive."
    command = f"{_naming_the_book()}.venv/bin/python manage.py first_run_link"
    return (
        f"Nobody can sign in yet. Begin here, within an hour:\n{address_of(link)}\n"
        f"Another address, in another terminal: {command}"
    )


def _naming_the_book() -> str:
    """What has to stand before a command, so that it is about this book and no other."""
    if not embedded.server_in_use():
        return "DATABASE_URL=... "
    is_usual = settings.DATA_DIR == settings.BASE_DIR / "data"
    return "" if is_usual else f"FUNNELBOOK_DATA={shlex.quote(str(settings.DATA_DIR))} "


def _disconnect() -> None:
    """The supervisor needs no database, and its children get no connection of it."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]


def _listen(host: str, port: str) -> socket.socket:
    """The socket that web listens on. It stays open while web is started again, so that nobody is turned away."""
    if not (port.isdecimal() and 0 < int(port) < 65536):
        raise Trouble(f"PORT has to be a number from 1 to 65535, not {port!r}.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        if not settings.PUBLIC_URL and not ipaddress.ip_address(address[0]).is_loopback:
            raise Trouble(
                f"HOST={host} lets others in. Say first under which address they come: "
                "PUBLIC_URL=https://funnel.example.com"
            )
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(512)
    except socket.gaierror:
        raise Trouble(f"HOST has to be an address of this machine, not {host!r}.") from None
    except PermissionError:
        raise Trouble(f"This user may not use port {port}. Choose one above 1023, such as PORT=8000.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = int(port) + 1
            raise Trouble(f"Port {port} is taken. Stop what uses it, or choose another one: PORT={other}.") from None
        raise Trouble(f"Nothing can listen on {host}, port {port}: {error.strerror}.") from None
    return listener


def _web(listener: socket.socket) -> Program:
    options = {
        "bind": f"fd://{listener.fileno()}",
        "chdir": str(settings.BASE_DIR),
        "workers": str(whole_number("WEB_CONCURRENCY", 1)),
        "worker-class": "gthread",
        "threads": str(whole_number("THREADS", 8)),
        "timeout": "60",
        "graceful-timeout": "8",
        "forwarded-allow-ips": "",  # who forwards is looked at by our middleware alone
        "log-level": "warning",
        "logger-class": "config.logs.WebLog",
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--no-control-socket", *arguments]
    return Program("web", command, inherits=[listener.fileno()])


def _worker() -> Program:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "procrastinate", "worker"]
    return Program("worker", command, follows_clock=True)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def _is_up(listener: socket.socket) -> bool:
    try:
        with urllib.request.urlopen(_address(listener) + ADDRESS, timeout=2) as answer:
            return answer.status == 200
    except OSError:  # refused, too slow, or 503
        return False
