"""Documents as a server sends them: some at a time, of 16 MiB at the most, undecoded until they are looked at.

So who reads many holds no more of them at once than that, however large each is; decoded they take several times it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import bson
from bson.codec_options import CodecOptions
from pymongo.collection import Collection

from learntrack.documents.base import Row


def batches_of(collection: Any, query: Mapping[str, Any], projection: Mapping[str, Any] | None, batch: int) -> Any:
    """A cursor of the documents that match, which hands on batches; mongomock, which has none, hands on documents.

    Args:
        collection: The driver's own, or mongomock's.
        query: Which.
        projection: What of them; None for all.
        batch: Documents that are sent at once at the most.

    """
    if isinstance(collection, Collection):
        return collection.find_raw_batches(query, projection, batch_size=batch)
    return collection.find(query, projection)


def documents_in(batch: bytes | Row, options: CodecOptions[Row]) -> Iterable[Row]:
    """The documents of what a cursor of `batches_of` hands on, each decoded when it is asked for."""
    return bson.decode_iter(batch, options) if isinstance(batch, bytes) else (batch,)
