"""The file of an import: kept in the database in pieces, and read again from a temporary file without a name.

Any web process or worker finds it there, and whoever is killed leaves nothing of it behind.
"""

import hashlib
import io
import os
import tempfile
from collections.abc import Iterable
from types import TracebackType
from typing import BinaryIO, Literal

from journeys.imports.models import Import, ImportChunk
from journeys.imports.reading import CsvFile, Encoding

PIECE = 1024 * 1024


def keep_file(asked: Import, content: Iterable[bytes]) -> tuple[int, str]:
    """Keep a file in pieces. Returns its size and its digest."""
    digest = hashlib.sha256()
    size = 0
    for number, piece in enumerate(_pieces(content)):
        ImportChunk.objects.create(of=asked, number=number, content=piece)
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()


def _pieces(content: Iterable[bytes]) -> Iterable[bytes]:
    held = bytearray()
    for part in content:
        held += part
        while len(held) >= PIECE:
            yield bytes(held[:PIECE])
            del held[:PIECE]
    if held:
        yield bytes(held)


class KeptFile:
    """The file of an import as a `reading.Source`, for as long as the context lasts."""

    def __init__(self, asked: Import) -> None:
        self.name = asked.name
        self._pk = asked.pk

    def __enter__(self) -> "KeptFile":
        self._file = tempfile.TemporaryFile()
        number = 0
        while piece := ImportChunk.objects.filter(of=self._pk, number=number).first():
            self._file.write(piece.content)
            number += 1
        self._file.flush()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._file.close()

    def as_read(self, asked: Import) -> CsvFile:
        """The file as it was found to be when it was read."""
        return CsvFile(
            self,
            asked.delimiter,
            tuple(asked.columns),
            asked.records,
            asked.has_byte_order_mark,
            Encoding(asked.encoding),
        )

    def open(self, mode: Literal["rb"]) -> BinaryIO:
        return io.BufferedReader(_FromTheBeginning(self._file.fileno()))


class _FromTheBeginning(io.RawIOBase):
    """Reads a file that others read too, each at a place of their own."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        begin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: os.fstat(self._descriptor).st_size}[whence]
        self._at = begin + offset
        return self._at

    def readinto(self, buffer) -> int:
        piece = os.pread(self._descriptor, len(buffer), self._at)
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
