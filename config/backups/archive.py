"""A backup is one file: a zip archive with the dump of the database and what belongs to it.

Its table of contents is written last, and the file gets its name when the disk has it: a backup that was broken off
is no backup. Every part carries a checksum.
"""

import contextlib
import json
import os
import secrets
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from config.append_only import sync_folder
from config.data_folder import give_to_owner_of
from config.trouble import Trouble

DUMP, REGISTER, SECRET_KEY, ABOUT = "database.dump", "erased_numbers", "secret_key", "about.json"

_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class About:
    """What a backup is of.

    Attributes:
        funnelbook: the version that made it.
        postgresql: the major version of the server.
        migrations: those that the database had, such as `journeys.0001_initial`.
        dumped_by: the major version of the programs that dumped it.
    """

    funnelbook: str
    postgresql: int
    dumped_by: int
    made_at: datetime
    migrations: list[str]


class Writer:
    """Adds the parts of a backup."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def part(self, name: str) -> IO[bytes]:
        """Where to write one part, of any size. To be closed before the next."""
        return self._archive.open(zipfile.ZipInfo(name), "w", force_zip64=True)

    def add(self, name: str, content: bytes) -> None:
        with self.part(name) as part:
            part.write(content)

    def add_about(self, about: About) -> None:
        self.add(ABOUT, json.dumps(asdict(about) | {"made_at": about.made_at.isoformat()}).encode())


@contextlib.contextmanager
def new_backup(file: Path) -> Iterator[Writer]:
    """Write a backup that only this user may read. It is there when it is whole and on the disk, and not before.

    Raises:
        Trouble: there is such a file already.
        OSError: it cannot be written.
    """
    if os.path.lexists(file):
        raise Trouble(f"The file {file} is there already. A backup never takes the place of another file.")
    unfinished = file.with_name(f".{file.name}.{secrets.token_hex(4)}.unfinished")
    try:
        with os.fdopen(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as content:
            give_to_owner_of(file.parent, unfinished)
            with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
                yield Writer(archive)
            content.flush()
            os.fsync(content.fileno())
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)
    sync_folder(file.parent)


class Backup:
    """A backup that is read."""

    def __init__(self, archive: zipfile.ZipFile, about: About) -> None:
        self._archive = archive
        self.about = about

    def part(self, name: str) -> IO[bytes]:
        return self._archive.open(name)

    def read(self, name: str) -> bytes:
        return self._archive.read(name)

    def check(self) -> None:
        """Read all of it.

        Raises:
            Trouble: it is not what was written.
        """
        try:
            broken = self._archive.testzip()
        except (OSError, zipfile.BadZipFile) as error:
            raise Trouble(f"The backup is damaged: {error}. Nothing was restored.") from None
        if broken:
            raise Trouble(f"The backup is damaged: {broken} in it is not what was written. Nothing was restored.")


@contextlib.contextmanager
def open_backup(file: Path) -> Iterator[Backup]:
    """
    Raises:
        Trouble: it is no backup, or cannot be read.
    """
    try:
        archive = zipfile.ZipFile(file)
    except OSError as error:
        raise Trouble(f"The backup {file} cannot be read: {error.strerror}.") from None
    except zipfile.BadZipFile:
        raise Trouble(f"The file {file} is no backup of Funnelbook, or not all of one.") from None
    with archive:
        try:
            said = json.loads(archive.read(ABOUT))
            about = About(**said | {"made_at": datetime.fromisoformat(said["made_at"])})
            archive.getinfo(DUMP)
        except (KeyError, TypeError, ValueError, zipfile.BadZipFile):
            raise Trouble(f"The file {file} is no backup of Funnelbook, or not all of one.") from None
        yield Backup(archive, about)
