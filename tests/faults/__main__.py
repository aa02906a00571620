"""make faults: kill, freeze, cut and starve what works, many times, under people who keep a journal."""

import argparse
import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from config.embedded import EmbeddedServer
from tests.faults.campaign import CampaignTrial
from tests.faults.clock import Clock
from tests.faults.proxy import Proxy
from tests.faults.trial import Trial, trial
from tests.tried import Tried, write_table

SECONDS_A_SLICE = 0.5
HOURS = 3600
SECONDS_BETWEEN_PASSES = 10


def main() -> int:
    """Returns 1 if anything was lost."""
    given = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="funnelbook-faults-"))
    folder.chmod(0o755)  # PostgreSQL may run as somebody else
    report = Report(given.times)
    try:
        for name in given.only or TRIALS:
            place = folder / name
            place.mkdir()
            TRIALS[name](place, given.contacts, report)
    finally:
        shutil.rmtree(folder)
    if given.times == 1 and not given.only:
        write_table("make faults", report.tried, lost=report.lost, on=datetime.now(UTC).date())
    return int(bool(report.offences))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--contacts", type=int, default=100_000, help="contacts in the book")
    parser.add_argument("--only", choices=TRIALS, nargs="+", help="some of the trials; the README is left alone")
    parser.add_argument(
        "--times", type=float, default=1.0, help="how often everything is done, as a part of what the README promises"
    )
    return parser.parse_args()


@dataclass
class Report:
    """What was tried and what it broke, printed as it happens."""

    times: float
    tried: list[Tried] = field(default_factory=list)
    offences: list[str] = field(default_factory=list)

    @property
    def lost(self) -> str:
        return "; ".join(self.offences) or "nothing"

    def repeat(self, what: str, times: int, fault: Callable[[], float]) -> None:
        """Do something again and again.

        Args:
            fault: returns for how many seconds what it befell stood still.
        """
        times = max(1, round(times * self.times))
        longest = max(fault() for _ in range(times))
        self.say(what, times, f"stood still for {longest:.1f} s at most")

    def say(self, what: str, times: int, outcome: str) -> None:
        self.tried.append(Tried(what, times, outcome))
        print(f"  {what:55} {times:4} ×   {outcome}", flush=True)

    def conclude(self, under_way: Trial, where: str) -> None:
        """Wait for the end of the run, and ask what was lost."""
        if under_way.has_ended:
            self.offences.append(f"{where}: the run was over before everything was tried")
        under_way.hurry()
        under_way.wait_for(lambda: under_way.has_ended)
        broken = under_way.offences()
        self.offences += [f"{where}: {promise} ({times:,} times not)" for promise, times in broken.items()]
        records, changed, unchanged, refused = under_way.row(
            "SELECT records, updated, unchanged, refused FROM journeys_run WHERE id = %(run)s"
        )
        ended = f"{changed:,} changed + {unchanged:,} unchanged + {refused:,} refused = {records:,}"
        self.say(f"the run meanwhile, {where}", 1, f"ended by itself: {ended}")
        journal = under_way.team.journal
        self.say(
            f"changes acknowledged to people meanwhile, {where}",
            len(journal.acknowledged),
            f"all in history, in order; {journal.unanswered:,} requests without an answer" if not broken else "BROKEN",
        )
        for offence in broken:
            print(f"BROKEN: {offence}", file=sys.stderr, flush=True)


def _processes(folder: Path, contacts: int, report: Report) -> None:
    print(f"A run over {contacts:,} contacts, and people and programs at work, on one machine, while:", flush=True)
    with trial(folder / "data", contacts=contacts, slices=400, seconds_a_slice=SECONDS_A_SLICE) as under_way:
        report.repeat("a worker is frozen, and continues", 5, lambda: _freeze_worker(under_way))
        report.repeat(
            "the web server is frozen for 3 s", 5, lambda: _people(under_way, lambda: under_way.freeze_web(3))
        )
        report.repeat("the worker is killed (-9)", 20, lambda: _run(under_way, under_way.kill_worker))
        report.repeat("PostgreSQL is killed (-9)", 10, lambda: _both(under_way, under_way.kill_postgresql))
        report.repeat("the web server is killed (-9)", 10, lambda: _people(under_way, under_way.kill_web))
        before = under_way.team.journal.unanswered
        report.repeat("the web server is stopped politely", 10, lambda: _people(under_way, under_way.stop_web))
        if under_way.team.journal.unanswered > before:
            report.offences.append("a web server that is stopped politely answers what it was asked")
        report.conclude(under_way, "one machine")


def _small_disk(folder: Path, contacts: int, report: Report) -> None:
    if os.geteuid() or not shutil.which("mount"):
        print("A full disk is not tried: only root mounts a small one.", flush=True)
        return
    print("The same on a small disk, while:", flush=True)
    with (
        _tmpfs(folder, megabytes=900),
        trial(folder / "data", contacts=contacts // 2, slices=200, seconds_a_slice=SECONDS_A_SLICE) as under_way,
    ):
        report.repeat("the disk is full until somebody is turned away", 3, lambda: _fill(under_way, folder))
        report.conclude(under_way, "small disk")


def _far_database(folder: Path, contacts: int, report: Report) -> None:
    print("The same with the database behind a network, while:", flush=True)
    clock = Clock(folder) if Clock.can_be_made else None
    preloaded = clock.environment if clock else {}
    with _server(folder, preloaded) as server:
        database = urlsplit(server.url)
        proxy = Proxy(folder, Path(parse_qs(database.query)["host"][0]))
        environment = {**preloaded, "DATABASE_URL": database._replace(query=urlencode({"host": folder})).geturl()}
        with (
            proxy.open(),
            trial(
                folder / "data",
                contacts=contacts,
                slices=400,
                seconds_a_slice=SECONDS_A_SLICE,
                address=server.url,
                environment=environment,
            ) as under_way,
        ):
            report.repeat("every connection to the database is cut", 50, lambda: _both(under_way, lambda: _cut(proxy)))
            report.repeat("each message to the database takes 20 ms, for 10 s", 3, lambda: _slow(under_way, proxy))
            if clock:
                report.repeat("the clock goes two hours ahead", 3, lambda: _step_ahead(under_way, clock))
                report.repeat("the clock goes back two hours", 3, lambda: _step_back(under_way, clock))
            else:
                print("Steps of the clock are not tried: there is no C compiler.", flush=True)
            report.conclude(under_way, "far database")


def _campaign(folder: Path, contacts: int, report: Report) -> None:
    print(f"A campaign that {contacts // 5:,} contacts come into, with two workers, while:", flush=True)
    clock = Clock(folder) if Clock.can_be_made else None
    with (
        trial(
            folder / "data",
            contacts=contacts // 5,
            slices=1000,
            seconds_a_slice=SECONDS_A_SLICE,
            environment=clock.environment if clock else {},
            of=CampaignTrial,
        ) as going,
        going.second_worker(),
    ):
        report.repeat("a worker is killed (-9) during a pass", 20, lambda: _run(going, going.kill_worker))
        if going.everybody_is_in:
            report.offences.append("campaign: everybody was in before everything was tried")
        going.hurry()
        going.wait_for(lambda: going.everybody_is_in)
        _step_there_and_back(going, clock)
        report.say("the clock goes two hours back and ahead", 1, "what waits for an hour is done once")
        broken = going.offences()
        report.offences += [f"campaign: {promise} ({times:,} times not)" for promise, times in broken.items()]
        done = going.row("SELECT count(*) FROM journeys_turn WHERE done_at IS NOT NULL")[0]
        report.say("steps of a campaign meanwhile", done, "each done once" if not broken else "BROKEN")


def _step_there_and_back(going: CampaignTrial, clock: Clock | None) -> None:
    """What waits is due in an hour: it is not yet, then it is. Without a clock, what waits is due later or earlier."""
    for hours in (-2, 2):
        if clock:
            clock.set(hours * HOURS)
        else:
            going.step_clock(hours)
        time.sleep(2 * SECONDS_BETWEEN_PASSES)
    going.wait_for(lambda: going.has_ended)
    if clock:
        clock.set(0)


TRIALS = {
    "processes": _processes,
    "small-disk": _small_disk,
    "far-database": _far_database,
    "campaign": _campaign,
}


# What happens, and how long what it befell stood still


def _run(under_way: Trial, fault: Callable[[], None]) -> float:
    done = under_way.cursor
    fault()
    return under_way.goes_on_after(done)


def _people(under_way: Trial, fault: Callable[[], None]) -> float:
    began = time.monotonic()
    fault()
    under_way.people_go_on()
    return time.monotonic() - began


def _both(under_way: Trial, fault: Callable[[], None]) -> float:
    done, began = under_way.cursor, time.monotonic()
    fault()
    under_way.people_go_on()
    under_way.goes_on_after(done)
    return time.monotonic() - began


def _freeze_worker(under_way: Trial) -> float:
    with under_way.frozen_worker():
        return under_way.goes_on_after(under_way.cursor)


def _fill(under_way: Trial, folder: Path) -> float:
    turned_away = _turned_away(under_way)
    began = time.monotonic()
    filling = folder / "filling"
    with filling.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(65_536))
    under_way.wait_for(lambda: _turned_away(under_way) > turned_away)
    filling.unlink()
    under_way.people_go_on()
    return time.monotonic() - began


def _turned_away(under_way: Trial) -> int:
    return sum(attempt.status >= 500 or not attempt.status for attempt in under_way.team.journal.attempts)


def _cut(proxy: Proxy) -> None:
    time.sleep(random.uniform(0, 0.3))  # anywhere in a transaction
    proxy.cut()


def _slow(under_way: Trial, proxy: Proxy) -> float:
    proxy.delay = 0.02
    time.sleep(10)
    waited = under_way.people_go_on()
    proxy.delay = 0.0
    return waited


def _step_ahead(under_way: Trial, clock: Clock) -> float:
    clock.set(0)
    under_way.people_go_on()
    return _both(under_way, lambda: clock.set(2 * HOURS))


def _step_ahead(under_way: Trial, clock: Clock) -> float:
    clock.set(0)
    under_way.people_go_on()
    return _both(under_way, lambda: clock.set(2 * HOURS))


def _step_back(under_way: Trial, clock: Clock) -> float:
    clock.set(2 * HOURS)
    under_way.people_go_on()
    return _both(under_way, lambda: clock.set(0))


@contextlib.contextmanager
def _tmpfs(folder: Path, *, megabytes: int) -> Iterator[None]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@contextlib.contextmanager
def _server(folder: Path, environment: dict[str, str]) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(folder / "postgresql")
    os.environ.update(environment)
    try:
        server.use()
    finally:
        for name in environment:
            del os.environ[name]
    try:
        yield server
    finally:
        server.leave()


if __name__ == "__main__":
    sys.exit(main())
