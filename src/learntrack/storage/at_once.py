"""How many documents are read at once: where many read and their callers are slow, those that wait are held for each.

So how many come next is told by how large those before were.
"""

import random
from collections.abc import Sequence
from typing import Any, Final

import bson
from pymongo.synchronous.command_cursor import CommandCursor
from pymongo.synchronous.cursor import Cursor

from learntrack.documents.base import Row

_ALL_LOOKED_AT = 16


def bytes_of(rows: Sequence[bytes | Row]) -> int:
    """How large batches or documents are; of many documents about, by some that nobody can have chosen."""
    some = rows
    if len(rows) > _ALL_LOOKED_AT:
        some = random.sample(rows, max(_ALL_LOOKED_AT, len(rows) // 8))
    sizes = [len(row) if isinstance(row, bytes) else len(bson.encode(row)) for row in some]
    return sum(sizes) * len(rows) // max(1, len(some))


class AtOnce:
    """How many documents are read at once: few at first, then so many that they stay below `BYTES`.

    Args:
        most: Documents at the most.

    """

    BYTES: Final = 512 * 1024
    """Of what is stored; as Python's objects it is up to four times as much."""
    FIRST: Final = 8
    _GROWTH: Final = 8

    def __init__(self, most: int) -> None:
        self._most = most
        self.now = min(most, self.FIRST)

    def learn(self, size: int, many: int) -> None:
        """So many had so many bytes. Of fewer than were asked for it is not to be told how large as many more are."""
        if many == 0:
            return
        most = self._GROWTH * self.now if many >= self.now else self.now
        self.now = max(1, min(self._most, most, self.BYTES // max(1, size // many)))

    def tell(self, cursor: Any) -> None:
        """Have a cursor ask for as many next; mongomock's has all already."""
        if isinstance(cursor, CommandCursor):
            cursor.batch_size(self.now)
        elif isinstance(cursor, Cursor):
            cursor._batch_size = self.now  # which it sends with what it asks next; there is no other way once it asked
