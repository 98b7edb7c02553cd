"""Questions to an engine that bounds the first batch of an answer by its number of rows alone.

MongoDB sends 16 MiB at a time. The embedded engine does so, too, for all that follows and for a find of whole
documents; but a first batch of many large rows, of an aggregation or of a find of some fields, is more than a driver
takes in one message. So it is asked again, for a first batch without rows: always to ask so would cost a round trip
more each time.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pymongo.errors import ProtocolError

NOTHING_AT_FIRST = {"batchSize": 0}


def all_of(opened: Callable[..., Any]) -> Any:
    """All rows of an aggregation, asked of the driver itself in a thread; mongomock's are to be awaited.

    Args:
        opened: Opens a cursor of it, with these options besides its own.

    """
    try:
        return opened().to_list(None)
    except ProtocolError:
        return opened(**NOTHING_AT_FIRST).to_list(None)


def all_found(asked: Any, query: Mapping[str, Any], fields: Mapping[str, Any] | None) -> Any:
    """The documents that match, these fields of each or all; `asked` is the driver's own collection, or mongomock's."""
    try:
        return asked.find(query, fields).to_list(None)
    except ProtocolError:
        shown = [{"$project": fields}] if fields else []
        return asked.aggregate([{"$match": query}, *shown], **NOTHING_AT_FIRST).to_list(None)
