"""The threads of a worker that tell webhooks what happened, beside whatever else the worker does.

Each webhook has threads of its own, so that one that is slow or dead holds up no other, and no run.
"""

import logging
import threading
import time
from collections import Counter

from django.db import DatabaseError, connection

from journeys.webhooks.posting import Answer, post
from journeys.webhooks.queries import is_any_on
from journeys.webhooks.sending import deliver_next, webhooks_with_something_due
from journeys.webhooks.telling import tell_what_is_new

logger = logging.getLogger(__name__)

AT_ONCE = 4
"""So many messages are under way to one webhook; to one whose last attempt failed, a single one."""

PAUSE = 0.5
"""So many seconds lie between two looks at what is new."""


class Courier:
    """Looks for what is new and delivers it, for as long as somebody asks it to, and until its process ends."""

    def __init__(self) -> None:
        self._until = 0.0
        self._watcher: threading.Thread | None = None
        self._threads: Counter[int] = Counter()
        self._lock = threading.Lock()

    def go_on(self, *, seconds: float) -> None:
        """Go on for so many seconds from now, or begin to."""
        with self._lock:
            self._until = time.monotonic() + seconds
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="webhooks")
                self._watcher.start()

    def stop(self) -> None:
        """Begin nothing new, and wait for what is under way."""
        with self._lock:
            self._until = 0.0
        while self._watcher or self._threads.total():
            time.sleep(0.01)

    def _goes_on(self) -> bool:
        return time.monotonic() < self._until and threading.main_thread().is_alive()

    def _watch(self) -> None:
        while True:
            with self._lock:
                if not self._goes_on():
                    self._watcher = None
                    return
            try:
                self._look()
            except DatabaseError as error:
                logger.warning("Webhooks are not told just now: %s", str(error).strip())
            except Exception:
                logger.exception("Webhooks are not told just now")
            finally:
                connection.close()
            time.sleep(PAUSE)

    def _look(self) -> None:
        if not is_any_on():
            self._until = 0.0
        while tell_what_is_new() and self._goes_on():
            self._deliver()
        self._deliver()

    def _deliver(self) -> None:
        for webhook in webhooks_with_something_due():
            with self._lock:
                more = (1 if webhook.failing_since else AT_ONCE) - self._threads[webhook.pk]
                for _ in range(more):
                    self._threads[webhook.pk] += 1
                    threading.Thread(target=self._deliver_to, args=[webhook.pk], name=f"webhook {webhook.pk}").start()

    def _deliver_to(self, webhook: int) -> None:
        """One message after the other, until there is none or one fails: then a single thread goes on."""
        try:
            while self._goes_on():
                answer = deliver_next(webhook, by=_post_without_connection)
                if answer is None or not answer.is_success:
                    return
        except DatabaseError as error:
            logger.warning("A message to webhook %s is delivered later: %s", webhook, str(error).strip())
        except Exception:
            logger.exception("A message to webhook %s is delivered later", webhook)
        finally:
            connection.close()
            with self._lock:
                self._threads[webhook] -= 1


def _post_without_connection(*args, **kwargs) -> Answer:
    """Others use the connection to the database while a receiver is waited for."""
    connection.close()
    return post(*args, **kwargs)
