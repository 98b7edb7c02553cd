"""Writing what nobody bounds, in transactions that are bounded.

How many items a content has, how many contents a learner visits, and how large a school is, others decide. A
transaction that writes too much holds everybody up, and the embedded engine never ends one of more than some 5 MB.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TypeVar

import bson

from learntrack.documents.base import Stored
from learntrack.documents.rollups import KeptRow
from learntrack.domain.portions import in_parts, portions
from learntrack.storage.database import Database
from learntrack.storage.leases import Holding

MOST = 160
"""Documents that are written at once: some 20 ms of small ones, when the embedded engine does nothing else. Of fewer
each costs more.
"""
MOST_BYTES = 2**20
"""Bytes of BSON that are written at once; one larger document goes alone."""

W = TypeVar("W", bound=Stored | KeptRow)


def written_portions(documents: Iterable[W]) -> Iterator[list[W]]:
    """These documents, in portions that one transaction may write."""
    return portions(documents, _size, most=MOST, most_size=MOST_BYTES)


async def write(db: Database, documents: Iterable[Stored]) -> None:
    """Write documents, some in each transaction: none of them may need the others to be right."""
    for portion in written_portions(documents):
        await db.transaction(partial(db.write, portion))


async def write_held(holding: Holding, documents: Iterable[Stored | KeptRow], epoch: int) -> None:
    """The same, as the holder of a lease (`Holding.write`)."""
    for portion in written_portions(documents):
        await holding.write(portion, epoch)


async def remove_held(
    holding: Holding, db: Database, kind: type[Stored], gone: Iterable[tuple[str, str | None]], epoch: int
) -> None:
    """Remove documents, some in each transaction; given by id and owner, None where the collection has no shard key."""
    owners = dict(gone)
    for ids in in_parts(list(owners), MOST):
        query = db.by_ids(kind, ids, [owners[key] for key in ids])
        await holding.write([], epoch, partial(db.remove, kind, query))


def _size(document: Stored | KeptRow) -> int:
    return len(bson.encode(document.row) if isinstance(document, KeptRow) else document.as_bson())
