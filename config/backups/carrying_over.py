"""Carrying the embedded PostgreSQL's folder over to a newer major version.

The database is dumped by its own version and loaded into a new folder, which then takes the place of the old one. The
old folder is kept. Broken off at any point, it can be begun again.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg

from config.backups.archive import DUMP, open_backup
from config.backups.making import backups
from config.backups.programs import programs_for
from config.data_folder import data_folder, prepare_data_folder
from config.embedded import VERSION, EmbeddedServer, next_folder, programs_of_version
from config.trouble import Trouble

Tell = Callable[[str], None]


def carry_over(*, backup: Path | None, tell: Tell) -> bool:
    """Returns whether there was anything to do. Rights of roles are not carried over: `migrate` gives them anew.

    Args:
        backup: what to load in place of what the folder holds, where the programs of its version are not to be had.

    Raises:
        Trouble: it could not be done; the folder is as it was.
    """
    if os.environ.get("DATABASE_URL"):
        raise Trouble("DATABASE_URL names a server. Upgrade that one by its own means; there is none embedded here.")
    prepare_data_folder()
    folder = data_folder() / "postgresql"
    if _finish_renaming(folder, tell):
        return True
    found = _version(folder)
    if found == VERSION:
        tell(f"The folder {folder} is of PostgreSQL {VERSION} already. Nothing was done.")
        return False
    _clear(next_folder(folder))
    try:
        if backup:
            _load_backup(folder, backup, tell)
        else:
            _load_from_old(folder, found, tell)
    except OSError as error:
        raise Trouble(f"The database could not be carried over: {error.strerror}.") from None
    folder.rename(_kept(folder, found))
    password = folder.with_suffix(".password")
    if password.exists():
        password.rename(_kept(folder, found).with_suffix(".password"))
    return _finish_renaming(folder, tell)


def _version(folder: Path) -> str:
    try:
        return (folder / "PG_VERSION").read_text().strip()
    except OSError:
        raise Trouble(f"There is no database in {folder}.") from None


def _load_from_old(folder: Path, found: str, tell: Tell) -> None:
    old = programs_of_version(found)
    if not old:
        raise Trouble(
            f"The folder {folder} is of PostgreSQL {found}, whose programs are not on this machine. Install them (on "
            f"Debian: postgresql-{found}) or name their folder in POSTGRESQL_BIN. Or load a backup, without what came "
            f"after it: manage.py upgrade_database --from {_newest_backup()}"
        )
    server = EmbeddedServer(folder, programs=old, version=found)
    with tempfile.TemporaryFile(dir=data_folder()) as dump:
        tell(f"Dumping the database with PostgreSQL {found}.")
        server.use()
        try:
            if server.is_used_by_others():
                raise Trouble("Funnelbook is running on this folder. Stop it first.")
            programs_for(int(VERSION)).dump(server.url, dump)
        finally:
            server.leave()
        dump.seek(0)
        _load(folder, dump, tell)


def _load_backup(folder: Path, file: Path, tell: Tell) -> None:
    with open_backup(file) as backup:
        backup.check()
        with backup.part(DUMP) as dump:
            _load(folder, dump, tell)


def _load(folder: Path, dump, tell: Tell) -> None:
    tell(f"Loading it into PostgreSQL {VERSION}.")
    server = EmbeddedServer(next_folder(folder))
    server.use()
    try:
        programs_for(int(VERSION)).load(dump, server.url)
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("ANALYZE")
    except BaseException:
        server.leave()
        _clear(next_folder(folder))
        raise
    server.leave()


def _finish_renaming(folder: Path, tell: Tell) -> bool:
    """Put the new folder in the place of the old one, if that was moved away already. Returns whether it was."""
    if folder.exists() or not next_folder(folder).exists():
        return False
    password = next_folder(folder).with_suffix(".password")
    if password.exists():
        password.rename(folder.with_suffix(".password"))
    next_folder(folder).rename(folder)
    _clear(next_folder(folder))
    kept = ", ".join(str(path) for path in sorted(folder.parent.glob(f"{folder.name}-*-before")))
    tell(f"The database is of PostgreSQL {VERSION} now. What it was is kept in {kept}: remove that when all is well.")
    return True


def _kept(folder: Path, version: str) -> Path:
    return folder.with_name(f"{folder.name}-{version}-before")


def _clear(folder: Path) -> None:
    """Remove a folder, and the files beside it by which it is used."""
    shutil.rmtree(folder, ignore_errors=True)
    for ending in (".users", ".lock", ".log", ".password"):
        folder.with_suffix(ending).unlink(missing_ok=True)


def _newest_backup() -> str:
    found = backups()
    return str(found[0]) if found else "FILE"
