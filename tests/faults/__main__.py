"""make faults: kill and freeze what works on one run, and on one campaign, many times: nothing is lost."""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.campaign import CampaignTrial
from tests.faults.trial import Trial, trial


def main() -> int:
    """Returns 1 if anything was lost."""
    given = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="funnelbook-faults-"))
    try:
        with trial(folder / "data", contacts=given.contacts, slices=100, seconds_a_slice=0.5) as under_way:
            lost = _try_all(under_way, given)
        with trial(
            folder / "campaign", contacts=given.contacts // 5, slices=100, seconds_a_slice=0.5, of=CampaignTrial
        ) as going:
            return _try_campaign(going, given) or lost
    finally:
        shutil.rmtree(folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--contacts", type=int, default=100_000, help="contacts in the book")
    parser.add_argument("--kills", type=int, default=20, help="how often the worker is killed")
    parser.add_argument("--freezes", type=int, default=3, help="how often a worker is frozen and continues")
    parser.add_argument("--crashes", type=int, default=3, help="how often PostgreSQL is killed")
    return parser.parse_args()


def _try_all(under_way: Trial, given: argparse.Namespace) -> int:
    print(f"One run over {given.contacts:,} contacts, while:", flush=True)
    began = time.monotonic()
    _repeat("a worker is frozen, continues", given.freezes, lambda: _freeze(under_way))
    _repeat("PostgreSQL is killed (-9)", given.crashes, lambda: _hit(under_way, under_way.kill_postgresql))
    _repeat("the worker is killed (-9)", given.kills, lambda: _hit(under_way, under_way.kill_worker))
    was_under_way = not under_way.has_ended
    under_way.wait_for(lambda: under_way.has_ended)
    print(f"It ended by itself after {time.monotonic() - began:.0f} s.")
    records, changed, unchanged, refused = under_way.row(
        "SELECT records, updated, unchanged, refused FROM journeys_run WHERE id = %(run)s"
    )
    print(f"{changed:,} changed + {unchanged:,} unchanged + {refused:,} refused = {records:,}")
    offences = under_way.offences()
    for promise, times in offences.items():
        print(f"BROKEN {times:,} times: {promise}")
    print(f"Lost: {sum(offences.values()):,}" if offences else "Lost: nothing. Nobody was changed twice.")
    if not was_under_way:
        print("The run was over before everything was tried.", file=sys.stderr)
    return int(bool(offences) or not was_under_way)


def _try_campaign(going: CampaignTrial, given: argparse.Namespace) -> int:
    print(f"One campaign that {given.contacts // 5:,} contacts come into, while:", flush=True)
    with going.second_worker():
        _repeat("one of two workers is killed (-9)", given.kills, lambda: _hit(going, going.kill_worker))
    was_under_way = not going.everybody_is_in
    going.hurry()
    going.wait_for(lambda: going.everybody_is_in)
    for hours in (-2, 2, 2):
        going.step_clock(hours)
    print("  the clock is set back and forward by two hours")
    going.wait_for(lambda: going.has_ended)
    offences = going.offences()
    for promise, times in offences.items():
        print(f"BROKEN {times:,} times: {promise}")
    print(f"Lost: {sum(offences.values()):,}" if offences else "Lost: nothing. Nobody was moved twice.")
    if not was_under_way:
        print("Everybody was in before everything was tried.", file=sys.stderr)
    return int(bool(offences) or not was_under_way)


def _repeat(what: str, times: int, fault: Callable[[], float]) -> None:
    stood_still = [fault() for _ in range(times)]
    if stood_still:
        print(f"  {what:32} {times:3} ×   it stood still for {max(stood_still):5.1f} s at most", flush=True)


def _hit(under_way: Trial, fault: Callable[[], None]) -> float:
    done = under_way.cursor
    fault()
    return under_way.goes_on_after(done)


def _freeze(under_way: Trial) -> float:
    with under_way.frozen_worker():
        return under_way.goes_on_after(under_way.cursor)


if __name__ == "__main__":
    sys.exit(main())
