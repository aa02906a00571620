"""A streaming replica of the database, for pages that may be some seconds old. `REPLICA_URL` names it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase

REPLICA = "replica"

MOST_LAG = 10.0
"""A replica that is more seconds behind is not read."""

ASKED_EVERY = 1.0
TRIED_AGAIN_AFTER = 5.0
"""So many seconds a replica that failed is left alone."""

View = Callable[..., HttpResponseBase]

_LAG = """
    SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
           ELSE coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0) END,
           EXISTS (SELECT FROM pg_stat_wal_receiver WHERE pid IS NOT NULL)
"""


def may_lag(view: View) -> View:
    """Have a page that only reads do so on the replica, if there is one and it keeps up; else on the database itself.

    A replica that fails in the middle is passed over: the page is made again, from the database.
    """

    @wraps(view)
    def read(request: HttpRequest, *args, **kwargs) -> HttpResponseBase:
        if request.method in ("GET", "HEAD") and _replica.is_fit():
            try:
                with _read_on_replica():
                    return view(request, *args, **kwargs)
            except Error:
                _replica.leave_alone()
        return view(request, *args, **kwargs)

    return read


class _Replica:
    """What this process knows of the replica: whether it may be read, and until when that is believed."""

    def __init__(self) -> None:
        self._is_fit = False
        self._until = 0.0

    def is_fit(self) -> bool:
        if REPLICA not in connections.settings:
            return False
        if time.monotonic() >= self._until:
            self._until = time.monotonic() + ASKED_EVERY
            try:
                self._is_fit = _keeps_up()
            except Error:
                self.leave_alone()
        return self._is_fit

    def leave_alone(self) -> None:
        self._is_fit, self._until = False, time.monotonic() + TRIED_AGAIN_AFTER
        connections[REPLICA].close()


_replica = _Replica()


def _keeps_up() -> bool:
    with connections[REPLICA].cursor() as cursor:
        cursor.execute(_LAG)
        lag, is_streaming = cursor.fetchone()
    return is_streaming and lag <= MOST_LAG


@contextmanager
def _read_on_replica() -> Iterator[None]:
    """In this thread everything that reads the database reads the replica; what writes fails."""
    own = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = connections[REPLICA]
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = own
