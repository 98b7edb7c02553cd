"""Documents as a database of reports hands them out, whatever is asked: how many have been taken is known."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from bson.codec_options import DEFAULT_CODEC_OPTIONS

from learntrack.documents.base import Stored
from learntrack.storage.database import Row
from learntrack.storage.reading import Reading
from learntrack.storage.some_fields import Wanted

T = TypeVar("T")


class Shelves(Reading):
    """So many documents of each kind, of which `taken` have been read.

    Args:
        of: The documents of each kind; there are none of the others.

    """

    def __init__(self, of: Mapping[type[Stored], Sequence[Row]]) -> None:
        self._of = of
        self.taken: dict[type[Stored], int] = {}

    async def stream(self, collection: Any, *_: Any, **__: Any) -> AsyncIterator[Row]:
        for row in self._handed_out(collection):
            yield row

    async def each(self, collection: Any, *_: Any, **__: Any) -> AsyncIterator[Row]:
        for row in self._handed_out(collection):
            yield row

    async def parts(self, collection: Any, _: Any, wanted: Wanted[T], **__: Any) -> AsyncGenerator[list[T], None]:
        for row in self._handed_out(collection):
            yield wanted.rows_in(row, DEFAULT_CODEC_OPTIONS)

    async def find(self, collection: Any, *_: Any) -> list[Row]:
        return list(self._handed_out(collection))

    def _handed_out(self, kind: type[Stored]) -> Iterator[Row]:
        self.taken.setdefault(kind, 0)
        for row in self._of.get(kind, ()):
            self.taken[kind] += 1
            yield dict(row)
