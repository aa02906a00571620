"""Which Chromium the browser tests take, and how they get one."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import chromium

PLAYWRIGHTS = Path("/home/ana/.cache/ms-playwright/chromium/chrome")
SYSTEMS = Path("/usr/bin/chromium")


class Machine:
    """Programs that run here, and what installing adds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.runs: set[Path] = set()
        self.installs: dict[str, Path] = {}
        self.asked: list[str] = []
        monkeypatch.delenv("CHROMIUM", raising=False)
        monkeypatch.setattr(chromium, "_of_playwright", lambda: PLAYWRIGHTS)
        monkeypatch.setattr(chromium, "_runs", lambda program: program in self.runs)
        monkeypatch.setattr(chromium.shutil, "which", lambda name: f"/usr/bin/{name}")
        monkeypatch.setattr(chromium.os, "geteuid", lambda: 0)
        monkeypatch.setattr(chromium.subprocess, "run", self._run)

    def _run(self, command: list[str]) -> None:
        name = " ".join(command[1:] if command[0] == sys.executable else command)
        self.asked.append(name)
        self.runs |= {program for words, program in self.installs.items() if words in name}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_playwrights_own_comes_before_the_systems(machine: Machine) -> None:
    machine.runs = {SYSTEMS, PLAYWRIGHTS}
    assert chromium.find_or_install() == PLAYWRIGHTS
    machine.runs = {SYSTEMS}
    assert chromium.find_or_install() == SYSTEMS
    assert machine.asked == []


def test_one_that_is_named_is_taken_or_nothing(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.runs = {SYSTEMS, Path("/opt/chrome")}
    monkeypatch.setenv("CHROMIUM", "/opt/chrome")
    assert chromium.find_or_install() == Path("/opt/chrome")
    monkeypatch.setenv("CHROMIUM", "/opt/missing")
    assert chromium.find_or_install() is None
    assert machine.asked == []


def test_playwrights_is_installed_first(machine: Machine) -> None:
    machine.installs = {"playwright install": PLAYWRIGHTS, "apt-get install": SYSTEMS}
    assert chromium.find_or_install() == PLAYWRIGHTS
    assert machine.asked == ["-m playwright install chromium"]


def test_then_the_distributions(machine: Machine) -> None:
    machine.installs = {"apt-get install": SYSTEMS}
    assert chromium.find_or_install() == SYSTEMS
    assert machine.asked[1:] == ["apt-get update -q", "apt-get install -y -q chromium"]


def test_only_root_installs_the_distributions(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium.os, "geteuid", lambda: 1000)
    assert chromium.find_or_install() is None
    assert machine.asked == ["-m playwright install chromium"]


def test_a_program_that_only_says_how_to_install_one_does_not_run(tmp_path: Path) -> None:
    stub = tmp_path / "chromium-browser"
    stub.write_text("#!/bin/sh\necho 'Command requires the snap'\nexit 1\n")
    stub.chmod(0o755)
    assert not chromium._runs(stub)
    assert not chromium._runs(tmp_path / "missing")


def test_without_any_make_test_fails_in_a_sentence() -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "tests.chromium"],
        env={"CHROMIUM": "/opt/missing"},
        cwd=Path(chromium.__file__).parent.parent,
        capture_output=True,
        text=True,
    )
    assert refused.returncode == 1
    assert refused.stderr == "The program that CHROMIUM names, /opt/missing, does not run.\n"
