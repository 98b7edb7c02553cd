"""A backup: a zip file, so that everything on earth opens it, with a file of BSON for each collection as mongodump
writes them.

    learntrack-backup.json      what it is of: form, schema version, release, database, moment
    learntrack/users.bson       the documents of a collection, one after the other, and so on
    tallies.json                how many documents each has, and their digest: the end of a backup that is whole
"""

import lzma
import os
import re
import struct
import zipfile
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import IO

import msgspec
from msgspec import Struct

from learntrack.backup.tally import Tallies, Tally
from learntrack.storage import StartError
from learntrack.storage.whole import NOT_DATA, has_id

FORM = 1
_HEADER = "learntrack-backup.json"
_TALLIES = "tallies.json"
_FOLDER = "learntrack/"
_ENDING = ".bson"
_PART_BYTES = 2 * 2**20
_LARGEST = 17 * 2**20
"""Bytes of a document: no database has a larger one."""
_NAME = re.compile(r"[^$\x00]+")
# RuntimeError: it is encrypted, or compressed in a way that is not known.
_NO_BACKUP = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    KeyError,
    ValueError,
    EOFError,
    struct.error,
    RuntimeError,
)
_QUICKLY = 1
"""Most of what there is to gain, at five times the speed of the best."""


class Header(Struct):
    """What a backup is of."""

    id: str
    schema_version: int
    learntrack: str
    database: str
    taken_at: str
    form: int = FORM


class _Count(Struct):
    count: int
    digest: str


class ArchiveWriter:
    """A backup that is being written."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    @contextmanager
    def collection(self, name: str) -> Iterator[IO[bytes]]:
        """Where the documents of a collection are written to."""
        with self._file.open(f"{_FOLDER}{name}{_ENDING}", "w", force_zip64=True) as file:
            yield file

    def close(self, tallies: Tallies) -> None:
        """Say that it is whole."""
        counts = {name: _Count(tally.count, tally.digest) for name, tally in tallies.items()}
        self._file.writestr(_TALLIES, msgspec.json.encode(counts))


@contextmanager
def new_archive(path: Path, header: Header) -> Iterator[ArchiveWriter]:
    """A backup to write into, which only its owner may read. It bears its name when all of it is on the disk.

    Raises:
        StartError: there is a file of this name, or it cannot be written.

    """
    if path.exists():
        raise StartError(f"{path} is there already, and stays as it is: name another file.")
    try:
        descriptor, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)
        written = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_QUICKLY) as archive:
                    archive.writestr(_HEADER, msgspec.json.encode(header))
                    yield ArchiveWriter(archive)
                file.flush()
                os.fsync(file.fileno())
            written.rename(path)
        finally:
            written.unlink(missing_ok=True)
    except OSError as error:
        raise StartError(f"{path} cannot be written: {error.strerror or error}.") from error


class Archive:
    """A backup that is read; see `opened`."""

    def __init__(self, file: zipfile.ZipFile, path: Path, header: Header, tallies: Tallies) -> None:
        self._file = file
        self._path = path
        self.header = header
        self.tallies = tallies

    async def collections(self) -> list[str]:
        """The names of its collections."""
        return sorted(self.tallies)

    async def documents(self, collection: str) -> AsyncIterator[list[bytes]]:
        """The documents of a collection, some at a time.

        Raises:
            StartError: they cannot be read.

        """
        with _readable(self._path), self._file.open(f"{_FOLDER}{collection}{_ENDING}") as file:
            part: list[bytes] = []
            size = 0
            while (document := _next_document(file)) is not None:
                part.append(document)
                size += len(document)
                if size >= _PART_BYTES:
                    yield part
                    part, size = [], 0
            if part:
                yield part


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """A backup, to read.

    Raises:
        StartError: it is none, or not whole, or of a release that this one does not know.

    """
    with _readable(path):
        file = zipfile.ZipFile(path)
    with file:
        with _readable(path):
            header = msgspec.json.decode(_small(file, _HEADER), type=Header)
            counts = msgspec.json.decode(_small(file, _TALLIES), type=dict[str, _Count])
            if wrong := [name for name in counts if not _may_be_there(name)]:
                raise ValueError(f"it has {wrong[0]!r}, which is no collection with data.")
            tallies = {name: Tally.of(each.count, each.digest) for name, each in counts.items()}
        if header.form != FORM:
            raise StartError(
                f"{path} is a backup of learntrack {header.learntrack}, in a form that this one cannot read."
            )
        yield Archive(file, path, header, tallies)


def _small(file: zipfile.ZipFile, name: str) -> bytes:
    """What stands in a file of the backup that is never large."""
    if file.getinfo(name).file_size > _PART_BYTES:
        raise ValueError(f"{name} is too large.")
    return file.read(name)


def _may_be_there(collection: str) -> bool:
    """Whether a database has such a collection of which `Whole` tells."""
    return bool(_NAME.fullmatch(collection)) and not collection.startswith("system.") and collection not in NOT_DATA


def _next_document(file: IO[bytes]) -> bytes | None:
    """The next BSON document, which begins with its length; None at the end."""
    head = file.read(4)
    if not head:
        return None
    (length,) = struct.unpack("<i", head)
    if not 5 <= length <= _LARGEST or len(rest := file.read(length - 4)) < length - 4 or rest[-1]:
        raise ValueError("There is something else than documents in it.")
    document = head + rest
    if not has_id(document):
        raise ValueError("There is a document without an id in it.")
    return document


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say in one line why a file cannot be read as a backup."""
    try:
        yield
    except _NO_BACKUP as error:
        raise StartError(f"{path} is no whole backup of learntrack: {error}") from error
    except OSError as error:
        raise StartError(f"{path} cannot be read: {error.strerror or error}.") from error
