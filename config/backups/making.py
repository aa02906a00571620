"""Making backups. Needs no Django, so that code that was just upgraded can back up what was installed before."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from config import data_folder
from config.backups.archive import DUMP, REGISTER, SECRET_KEY, About, new_backup
from config.backups.programs import programs_for, server_version
from config.disk import DiskNearlyFull, refuse_if_nearly_full
from config.trouble import Trouble
from config.version import version

KEPT = {"nightly": 7, "upgrade": 2}
"""So many backups of each kind stay in the folder of backups."""

ENDING = ".backup"
_UNFINISHED_ARE_KEPT = timedelta(days=1)


def back_up(file: Path, *, url: str) -> None:
    """Write the database at this address and what belongs to it into one file. Nobody is held up meanwhile.

    Raises:
        Trouble: it could not be made; a sentence says why, and there is no such file.
    """
    server = server_version(url)
    programs = programs_for(server)
    made_at = datetime.now(UTC)
    try:
        with new_backup(file) as backup:
            migrations = _migrations(url)
            with backup.part(DUMP) as dump:
                programs.dump(url, dump)
            # After the dump: whoever is erased while it is written is in the register.
            backup.add(REGISTER, _content(data_folder.register_of_erased()))
            backup.add(SECRET_KEY, _secret_key())
            backup.add_about(About(version(), server, programs.version, made_at, migrations))
    except OSError as error:
        raise Trouble(f"The backup {file} could not be written: {error.strerror or error}.") from None


def back_up_into_folder(kind: str, *, url: str) -> Path:
    """Make a backup in the folder of backups, and drop those that are too many. Returns the new one.

    Args:
        kind: a key of `KEPT`.

    Raises:
        Trouble: it could not be made.
    """
    folder = data_folder.backup_folder()
    try:
        refuse_if_nearly_full(url)
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True)
            data_folder.give_to_owner_of(folder.parent, folder)
        _drop_unfinished(folder)
        file = folder / f"{kind}-{datetime.now(UTC):%Y-%m-%dT%H%M%S}{ENDING}"
        back_up(file, url=url)
        for old in backups(kind)[KEPT[kind] :]:
            old.unlink()
    except DiskNearlyFull as refused:
        raise Trouble(str(refused)) from None
    except OSError as error:
        raise Trouble(f"The folder of backups {folder} cannot be used: {error.strerror}.") from None
    return file


def backups(kind: str = "*") -> list[Path]:
    """The backups in the folder of backups, the newest first."""
    found = data_folder.backup_folder().glob(f"{kind}-*{ENDING}")
    return sorted(found, key=lambda file: file.stem.partition("-")[2], reverse=True)


def made_at(file: Path) -> datetime:
    """When a backup in the folder of backups was begun."""
    return datetime.strptime(file.stem.partition("-")[2], "%Y-%m-%dT%H%M%S").replace(tzinfo=UTC)


def _drop_unfinished(folder: Path) -> None:
    """Whoever was killed could not remove what they had begun."""
    before = datetime.now(UTC) - _UNFINISHED_ARE_KEPT
    for file in folder.glob(f".*{ENDING}.*.unfinished"):
        if file.stat().st_mtime < before.timestamp():
            file.unlink(missing_ok=True)


def _migrations(url: str) -> list[str]:
    with psycopg.connect(url, connect_timeout=10) as connection:
        if not connection.execute("SELECT to_regclass('public.django_migrations')").fetchone()[0]:  # type: ignore[index]
            raise Trouble("There is no book in this database yet, and so nothing to back up.")
        rows = connection.execute("SELECT app || '.' || name FROM django_migrations ORDER BY id").fetchall()
    return [row[0] for row in rows]


def _content(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""


def _secret_key() -> bytes:
    if given := os.environ.get("SECRET_KEY"):
        return given.encode()
    return _content(data_folder.secret_key_file())
