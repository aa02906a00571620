"""Find a Chromium for the tests, or install one: `python -m tests.chromium`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

INSTALLED_AS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS = ("Google Chrome.app/Contents/MacOS/Google Chrome", "Chromium.app/Contents/MacOS/Chromium")
ADVICE = (
    "No Chromium was found or installed, and the browser tests are never skipped. Install one (on Debian or Ubuntu: "
    "apt install chromium) or name its program in CHROMIUM, then run this again."
)


def find() -> Path | None:
    """The first Chromium that runs: `CHROMIUM`, else playwright's own, else the system's."""
    if given := os.environ.get("CHROMIUM"):
        return Path(given) if _runs(Path(given)) else None
    return next((program for program in _candidates() if _runs(program)), None)


def find_or_install() -> Path | None:
    """The Chromium found, or one installed now: playwright's, or the distribution's package where root may."""
    found = find()
    if found or os.environ.get("CHROMIUM"):
        return found
    print("No Chromium was found. Installing playwright's.", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"])
    if not find() and os.geteuid() == 0 and shutil.which("apt-get"):
        print("That one does not run here. Installing the distribution's package.", flush=True)
        subprocess.run(["apt-get", "update", "-q"])
        subprocess.run(["apt-get", "install", "-y", "-q", "chromium"])
    return find()


def _candidates() -> Iterator[Path]:
    yield _of_playwright()
    yield from (Path(found) for name in INSTALLED_AS if (found := shutil.which(name)))
    yield from (Path("/Applications") / name for name in APPLICATIONS)


def _of_playwright() -> Path:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def _runs(program: Path) -> bool:
    """A program that lacks its libraries, or only says how to install one, does not count."""
    try:
        return subprocess.run([program, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


if __name__ == "__main__":
    program = find_or_install()
    if not program:
        named = os.environ.get("CHROMIUM")
        sys.exit(f"The program that CHROMIUM names, {named}, does not run." if named else ADVICE)
    print(f"Browser tests use {program}.")
