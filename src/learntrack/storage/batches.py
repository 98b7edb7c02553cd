"""Documents as a server sends them: some at a time, of 16 MiB at the most, undecoded until they are looked at.

So who reads many holds no more of them at once than that, however large each is; decoded they take several times it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.synchronous.cursor import RawBatchCursor

from learntrack.documents.base import Row
from learntrack.documents.bson_parts import divided


def batches_of(collection: Any, query: Mapping[str, Any], projection: Mapping[str, Any] | None, batch: int) -> Any:
    """A cursor of the documents that match, which hands on batches; mongomock, which has none, hands on documents.

    Args:
        collection: The driver's own, or mongomock's.
        query: Which.
        projection: What of them; None for all.
        batch: Documents that are sent at once at the most.

    """
    if isinstance(collection, Collection):
        return _Batches(collection, query, projection, batch_size=batch)
    return collection.find(query, projection)


def in_a_row(array: bytes) -> bytes:
    """The documents of an array, one behind the other."""
    return bson._array_of_documents_to_buffer(array)


_BATCHES = (b"firstBatch", b"nextBatch")


class _Batches(RawBatchCursor[Any]):
    """The driver's cursor of batches, which finds them in an answer in a tenth of the time.

    Its own makes an object of each document, and drops it: 0.9 µs a document, where to send and receive it takes 3.
    """

    def _unpack_response(self, response: Any, *_: Any, **__: Any) -> list[Any]:
        answer: Mapping[str, Any] = RawBSONDocument(response.raw_command_response())
        if "cursor" not in answer:
            return [answer]
        rest, batches = divided(bytes(answer["cursor"].raw), _BATCHES)
        cursor = bson.decode(rest)
        for name, batch in batches.items():
            documents = in_a_row(batch)
            cursor[name.decode()] = [documents] if documents else []
        return [{**answer, "cursor": cursor}]


LARGE = 4096
"""A document of more bytes is decoded only as far as is wanted of it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is to be seen of documents.

    `projection` is what the server is asked for. Where `wanted` names fields, all of a document has come, and of a
    large one only these are decoded: what people have stored beside them may be long.
    """

    projection: Mapping[str, Any] | None
    wanted: frozenset[str] = frozenset()

    @classmethod
    def of(cls, projection: Mapping[str, Any] | None, fields: Sequence[str], *, all_come: bool) -> "Shown":
        """What is asked for by a projection, or by the fields that are wanted.

        Args:
            projection: As the server takes it.
            fields: What is wanted instead; none says that it is the projection.
            all_come: Whether all of a document comes where few fields are wanted: to pick them takes the embedded
                engine four times as long as to send what is stored.

        """
        if not fields:
            return cls(projection)
        if not all_come:
            return cls(dict.fromkeys(fields, 1))
        return cls(None, frozenset({"_id", *(field.partition(".")[0] for field in fields)}))

    def documents_in(self, batch: bytes | Row, options: CodecOptions[Row]) -> Iterable[Row]:
        """The documents of what a cursor of `batches_of` hands on, each decoded when it is asked for."""
        if not isinstance(batch, bytes):
            return (batch,)
        return self._wanted_in(batch, options) if self.wanted else bson.decode_iter(batch, options)

    def _wanted_in(self, batch: bytes, options: CodecOptions[Row]) -> Iterator[Row]:
        begin = end = 0
        while end < len(batch):
            size = int.from_bytes(batch[end : end + 4], "little")
            if size > LARGE:
                yield from bson.decode_iter(batch[begin:end], options)
                yield self._wanted_of(batch[end : end + size], options)
                begin = end + size
            end += size
        yield from bson.decode_iter(batch[begin:], options)

    def _wanted_of(self, document: bytes, options: CodecOptions[Row]) -> Row:
        fields = RawBSONDocument(document, options.with_options(document_class=RawBSONDocument))
        wanted = {name: value for name, value in fields.items() if name in self.wanted}
        return bson.decode(bson.encode(wanted), options)
