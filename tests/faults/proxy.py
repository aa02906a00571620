"""A way to a database that can be slow, and that can be cut."""

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

_SOCKET = ".s.PGSQL.5432"
_AT_ONCE = 65_536


class Proxy:
    """Passes on what clients of a socket and the PostgreSQL server behind it say to one another.

    Attributes:
        delay: so many seconds each message takes on its way, in both directions.
        cuts: so many connections were cut.
    """

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self.delay = 0.0
        self.cuts = 0
        self._server = server
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / _SOCKET))
        self._listener.listen(128)

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        threading.Thread(target=self._accept, daemon=True).start()
        try:
            yield
        finally:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self.cut()

    def cut(self) -> None:
        """Break off every connection, whatever is under way on it."""
        for pair in list(self._pairs):
            self.cuts += 1
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        with client, server, contextlib.suppress(OSError):
            server.connect(str(self._server / _SOCKET))
            self._pairs.add((client, server))
            other = {client: server, server: client}
            while True:
                for end in select.select([client, server], [], [])[0]:
                    said = end.recv(_AT_ONCE)
                    if not said:
                        return
                    time.sleep(self.delay)
                    other[end].sendall(said)
        self._pairs.discard((client, server))
