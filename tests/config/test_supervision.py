"""What the supervisor does besides starting again what ended: tests/config/test_serve.py has that."""

import sys
import time
from collections.abc import Iterator

import pytest

from config.supervision import Program, Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    both = [Program("one that follows the clock", SLEEP, follows_clock=True), Program("one that does not", SLEEP)]
    yield both
    for program in both:
        program.ask_to_stop()
        program.wait_for_end(time.monotonic() + 12)


@pytest.mark.parametrize(("step", "is_stopped"), [(-7200, True), (7200, False), (-10, False)])
def test_what_follows_the_clock_is_started_again_when_it_is_set_back(
    programs: list[Program], monkeypatch: pytest.MonkeyPatch, step: int, is_stopped: bool
) -> None:
    supervisor, stopped, looks = Supervisor(programs), [], 0
    real, ask_to_stop = time.time, Program.ask_to_stop

    def note(program: Program) -> None:
        stopped.append(program.name)
        ask_to_stop(program)

    def is_up() -> bool:
        nonlocal looks
        looks += 1
        if looks == 1:
            monkeypatch.setattr(time, "time", lambda: real() + step)
            monkeypatch.setattr(Program, "ask_to_stop", note)
        if looks == 3:
            monkeypatch.setattr(Program, "ask_to_stop", ask_to_stop)
            supervisor._stopping = True
        return False

    supervisor.run(is_up=is_up, when_up=lambda: None)
    assert stopped == (["one that follows the clock"] if is_stopped else [])
