"""/healthz and /readyz: whether web, database and worker are up."""

import functools
from collections.abc import Callable

import psycopg
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, JsonResponse

ADDRESS = "/healthz"
ADDRESSES = {ADDRESS, "/readyz"}
"""Two names of the same, since those who watch over installations look for either."""
HEARTBEAT_SECONDS = 30
"""A worker says every ten seconds that it is alive."""

_CHECK = """
    SELECT (SELECT count(*) FROM django_migrations
            JOIN unnest(%s::text[], %s::text[]) AS newest (app, name) USING (app, name)) = %s,
           EXISTS (SELECT FROM procrastinate_workers WHERE last_heartbeat > now() - %s * interval '1 second')
"""


class HealthMiddleware:
    """Answers before anything that needs a host name, a session or the database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return healthz() if request.path in ADDRESSES else self.get_response(request)


def healthz() -> JsonResponse:
    """200 if everything is up, else 503; either says what is."""
    parts = check_parts()
    response = JsonResponse(parts, status=200 if all(parts.values()) else 503)
    response["Cache-Control"] = "no-store"
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django would log each 503 as an error
    return response


def check_parts() -> dict[str, bool]:
    """Whether the database answers and is migrated, and a worker is alive. A connection and a query of its own."""
    apps, names = zip(*_newest_migrations(), strict=True)
    try:
        with psycopg.connect(**connection.get_connection_params(), connect_timeout=2) as check:
            row = check.execute(_CHECK, [list(apps), list(names), len(apps), HEARTBEAT_SECONDS]).fetchone()
            migrated, worker = row or (False, False)
    except psycopg.errors.UndefinedTable:
        return {"web": True, "database": True, "migrations": False, "worker": False}
    except psycopg.OperationalError:
        return {"web": True, "database": False, "migrations": False, "worker": False}
    return {"web": True, "database": True, "migrations": migrated, "worker": worker}


@functools.cache
def _newest_migrations() -> list[tuple[str, str]]:
    return MigrationLoader(None).graph.leaf_nodes()
