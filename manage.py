#!/usr/bin/env python
"""Django's command line, with the database seen to first."""

import os
import signal
import sys

from config.trouble import Trouble

WITHOUT_DATABASE = {"collectstatic", "help", "--help", "-h", "restart", "upgrade_database", "version", "--version"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what was begun is ended in order
    try:
        _run(sys.argv)
    except Trouble as trouble:
        sys.exit(f"Funnelbook: {trouble}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def _run(arguments: list[str]) -> None:
    try:
        from django.core.management import execute_from_command_line
    except ModuleNotFoundError:
        raise Trouble(
            f"Django is not installed for {sys.executable}. Use .venv/bin/python, which make install makes."
        ) from None

    from config.disk import refuse_if_full
    from config.embedded import use_unless_configured
    from config.environment import read_env_file
    from config.named_server import check_named_server

    read_env_file()
    if arguments[1:2] and arguments[1] not in WITHOUT_DATABASE:
        if os.environ.get("DATABASE_URL"):
            for name in ("DATABASE_URL", "OWNER_DATABASE_URL"):
                if url := os.environ.get(name):
                    check_named_server(url, name)
        else:
            refuse_if_full()
            use_unless_configured()
    try:
        execute_from_command_line(arguments)
    finally:
        _disconnect()


def _disconnect() -> None:
    """Let go of the database before the embedded server stops: it may be connecting still, and would complain."""
    from django.conf import settings
    from django.db import connections

    if settings.configured:
        for connection in connections.all(initialized_only=True):
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
