"""Settings from the environment, and from a file `.env` that stands in for it."""

import os
import re
from pathlib import Path

from config.trouble import Trouble

AT_START = dict(os.environ)
"""The environment that this process was given, before anything was added to it."""

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


def read_env_file() -> None:
    """Take what `.env` says, unless the environment says otherwise.

    The file stands beside `manage.py`, or where `FUNNELBOOK_ENV` says.

    Raises:
        Trouble: it cannot be read, or a line of it cannot. The line itself is not repeated: it may hold a secret.
    """
    named = os.environ.get("FUNNELBOOK_ENV")
    file = Path(named).expanduser() if named else Path(__file__).resolve().parent.parent / ".env"
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        if named:
            raise Trouble(f"The file {file}, which FUNNELBOOK_ENV names, is not there.") from None
        return
    except OSError as error:
        raise Trouble(f"The settings in {file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Trouble(f"The settings in {file} cannot be read: the file is not text in UTF-8.") from None
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            name, value = _setting(file, number, line.strip())
            os.environ.setdefault(name, value)


def _setting(file: Path, number: int, line: str) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    if not match or "\0" in line:
        raise Trouble(f"Line {number} of {file} is no setting. One looks like PORT=8000, with a name before the “=”.")
    name, value = match.groups()
    if value[:1] in ("'", '"'):
        if len(value) < 2 or value[-1] != value[0]:
            raise Trouble(f"Line {number} of {file}: the quotation mark after {name}= is not closed.")
        value = value[1:-1]
    return name, value


def whole_number(name: str, otherwise: int) -> int:
    """A setting that is a number from 1.

    Raises:
        Trouble: it is something else.
    """
    given = os.environ.get(name) or str(otherwise)
    if not (given.isascii() and given.isdecimal() and int(given[:10]) > 0 and len(given) < 10):
        raise Trouble(f"{name} has to be a whole number from 1, not {given!r}.")
    return int(given)
