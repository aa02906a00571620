"""Other people's database connections, at the same time as the test's own."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from tests.heart import as_owner


class Elsewhere:
    """A connection of its own, on which things are done one after the other while the test goes on."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._transaction: transaction.Atomic | None = None
        self.pid = self.do(_backend).result()

    def do(self, action: Callable[..., Any], *args: Any, **kwargs: Any) -> Future:
        """Begin to do something there."""
        return self._thread.submit(action, *args, **kwargs)

    def begin(self) -> None:
        def enter() -> None:
            self._transaction = transaction.atomic()
            self._transaction.__enter__()

        self.do(enter).result()

    def commit(self) -> None:
        def leave() -> None:
            assert self._transaction
            self._transaction.__exit__(None, None, None)

        self.do(leave).result()

    def has_to_wait(self) -> bool:
        """Whether it waits for a lock before long."""
        for _ in range(200):
            with as_owner() as cursor:
                cursor.execute("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s", [self.pid])
                if cursor.fetchone()[0]:
                    return True
            time.sleep(0.02)
        return False

    def close(self) -> None:
        self.do(lambda: connection.close()).result()
        self._thread.shutdown()


def _backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    there = Elsewhere()
    try:
        yield there
    finally:
        there.close()


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """Do all of these at the same time, each on a connection of its own. Returns their results, raises their errors."""
    ready = threading.Barrier(len(actions))

    def one(action: Callable[[], Any]) -> Any:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            ready.wait(timeout=30)
            return action()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(actions)) as threads:
        futures = [threads.submit(one, action) for action in actions]
    return [future.result() for future in futures]
