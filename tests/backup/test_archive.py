"""A file that is no backup, or one that somebody has made up, is refused in one line before anything is stored."""

import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import bson
import msgspec
import pytest

from learntrack.backup.archive import Header, opened
from learntrack.backup.service import check_backup
from learntrack.documents.base import SCHEMA_VERSION
from learntrack.storage import StartError

HEADER = Header(id="1", schema_version=SCHEMA_VERSION, learntrack="0", database="d", taken_at="2026-03-02T00:00:00Z")
USER = bson.encode({"_id": "somebody"})


def backup(folder: Path, collection: str = "users", document: bytes = USER, *, before: bytes = b"") -> Path:
    """A backup with one document, whose tallies are right."""
    file = folder / "backup.zip"
    counts = {collection: {"count": 1, "digest": sha256(document).hexdigest()}}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("learntrack-backup.json", before + msgspec.json.encode(HEADER))
        archive.writestr(f"learntrack/{collection}.bson", document)
        archive.writestr("tallies.json", msgspec.json.encode(counts))
    return file


def in_every_header(mark: bytes, at: int, value: int) -> Callable[[bytearray], None]:
    """Changes a byte of all headers of a zip file that begin with a mark."""

    def change(content: bytearray) -> None:
        place = content.find(mark)
        while place >= 0:
            content[place + at] = value
            place = content.find(mark, place + 4)

    return change


MADE_UP = {
    "cut off": lambda content: content.__delitem__(slice(len(content) // 2, None)),
    "encrypted": in_every_header(b"PK\x01\x02", 8, 1),
    "compressed in an unknown way": in_every_header(b"PK\x01\x02", 10, 99),
}


async def read(file: Path) -> None:
    with opened(file) as archive:
        await check_backup(archive)


async def test_a_backup_is_read(tmp_path: Path) -> None:
    await read(backup(tmp_path))


@pytest.mark.parametrize("how", MADE_UP)
async def test_what_cannot_be_read_is_no_backup(tmp_path: Path, how: str) -> None:
    file = backup(tmp_path)
    content = bytearray(file.read_bytes())
    MADE_UP[how](content)
    file.write_bytes(content)

    with pytest.raises(StartError, match="is no whole backup of learntrack"):
        await read(file)


@pytest.mark.parametrize("collection", ["", "a$b", "a\x00b", "system.views", "writers", "leases", "unfinished"])
async def test_what_is_no_collection_with_data_is_refused(tmp_path: Path, collection: str) -> None:
    with pytest.raises(StartError, match="is no collection with data"):
        await read(backup(tmp_path, collection))


@pytest.mark.parametrize("document", [USER[:-1] + b"\x01", USER[:-1], b"\xff" * 12])
async def test_what_is_no_document_is_refused(tmp_path: Path, document: bytes) -> None:
    with pytest.raises(StartError, match="something else than documents"):
        await read(backup(tmp_path, document=document))


@pytest.mark.parametrize("document", [bson.encode({"name": "Ada"}), bson.encode({"more": {"_id": 1}}), bson.encode({})])
async def test_a_document_without_an_id_is_refused(tmp_path: Path, document: bytes) -> None:
    with pytest.raises(StartError, match="a document without an id"):
        await read(backup(tmp_path, document=document))


@pytest.mark.parametrize("document", [USER, bson.encode({"name": "Ada", "_id": "a"})])
async def test_its_id_may_stand_anywhere(tmp_path: Path, document: bytes) -> None:
    await read(backup(tmp_path, document=document))


async def test_no_header_is_large(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"learntrack-backup\.json is too large"):
        await read(backup(tmp_path, before=b" " * 3_000_000))
