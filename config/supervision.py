"""Keep the programs of an installation running, until somebody says stop."""

import contextlib
import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from config.embedded import EmbeddedServer

STOP_WITHIN = 12
"""So many seconds a program has to end what it is doing."""

START_ANEW = signal.SIGUSR1
"""Whoever gets it ends its programs and starts again as what is installed by then."""

_LONGEST_PAUSE = 5.0
_SET_BACK = 30.0
"""A clock that goes back by so many seconds at once was set, and did not only drift."""

_PR_SET_PDEATHSIG = 1


@dataclass
class Program:
    """A program that runs always: when it ends, whatever its exit status, it is started again.

    `follows_clock`: it does things at times of day, and is started again when the clock was set back: until the time
    that it remembers comes again it would do none of them.
    """

    name: str
    command: Sequence[str]
    inherits: Sequence[int] = ()  # file descriptors
    follows_clock: bool = False
    _process: subprocess.Popen[bytes] | None = None
    _started_at: float = 0.0
    _pause: float = 0.0

    def keep_running(self) -> None:
        """Start it if it does not run, a little later each time that it ends at once."""
        if self._process and self._process.poll() is not None:
            self._note_end(self._process)
        if not self._process and time.monotonic() >= self._started_at + self._pause:
            self._start()

    def ask_to_stop(self) -> None:
        if self._process:
            self._process.terminate()

    def wait_for_end(self, deadline: float) -> None:
        """Wait until it has ended; at the deadline, end it."""
        if not self._process:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0, deadline - time.monotonic()))
        self._kill_the_rest()
        self._process.wait()

    def _start(self) -> None:
        self._started_at = time.monotonic()
        # In a session of its own, Ctrl-C does not reach it: it is stopped in order.
        self._process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,  # the log of an installation is what it writes to its standard output
            pass_fds=self.inherits,
            start_new_session=True,
            preexec_fn=_die_with_us,
        )

    def _note_end(self, process: subprocess.Popen[bytes]) -> None:
        self._kill_the_rest()
        self._process = None
        ran_well = time.monotonic() - self._started_at > 10
        self._pause = 0.0 if ran_well else min(max(2 * self._pause, 0.5), _LONGEST_PAUSE)
        print(f"{self.name} ended ({_how(process.returncode)}) and is started again.", flush=True)

    def _kill_the_rest(self) -> None:
        """End what the program started and left behind."""
        if self._process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


@dataclass
class Supervisor:
    """Programs, and the embedded server if there is one, kept running until SIGINT or SIGTERM."""

    programs: Sequence[Program]
    server: EmbeddedServer | None = None
    _stopping: bool = field(default=False, init=False)
    _starts_anew: bool = field(default=False, init=False)

    def run(self, *, is_up: Callable[[], bool], when_up: Callable[[], None]) -> bool:
        """Return after a signal to stop, when every program has ended: whether all of it is to be started anew."""
        announced, clock = False, _Clock()
        with self._signals() as pause:
            while not self._stopping:
                if self.server and self.server.keep_running():
                    print("PostgreSQL ended and is started again.", flush=True)
                if clock.was_set_back():
                    for program in self.programs:
                        if program.follows_clock:
                            program.ask_to_stop()
                for program in self.programs:
                    program.keep_running()
                if not announced and is_up():
                    when_up()
                    announced = True
                pause(1.0 if announced else 0.2)
            self._stop()
        return self._starts_anew

    def _stop(self) -> None:
        deadline = time.monotonic() + STOP_WITHIN
        for program in self.programs:
            program.ask_to_stop()
        for program in self.programs:
            program.wait_for_end(deadline)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[Callable[[float], None]]:
        """Note signals to stop; yields a pause that ends early when one comes or a program ends."""
        reader, writer = socket.socketpair()
        writer.setblocking(False)
        before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note_stop)
        signal.signal(START_ANEW, self._note_start_anew)
        signal.signal(signal.SIGCHLD, lambda *_: None)

        def pause(seconds: float) -> None:
            if select.select([reader], [], [], seconds)[0]:
                reader.recv(4096)

        try:
            yield pause
        finally:
            signal.set_wakeup_fd(before)
            reader.close()
            writer.close()

    def _note_stop(self, number: int, frame: object) -> None:
        self._stopping = True

    def _note_start_anew(self, number: int, frame: object) -> None:
        self._stopping = self._starts_anew = True


class _Clock:
    """The time of day, beside a clock that nobody sets."""

    def __init__(self) -> None:
        self._difference = time.time() - time.monotonic()

    def was_set_back(self) -> bool:
        """Whether it was since this was asked last."""
        before, self._difference = self._difference, time.time() - time.monotonic()
        return self._difference < before - _SET_BACK


def _how(status: int) -> str:
    return f"by signal {-status}" if status < 0 else f"exit status {status}"


def _die_with_us() -> None:
    """On Linux, a program is asked to stop when its supervisor was killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
