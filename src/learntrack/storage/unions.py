"""Unions for an engine that uses no index within `$unionWith`: it would read everything of everybody there.

Whoever stores a few large documents would so make the reports of all others slow. So each part of a union is asked by
itself, where indexes serve it, and what follows is asked of the rows of both.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from bson.raw_bson import RawBSONDocument

from learntrack.storage.index_first import Stage, index_first

Rows = list[RawBSONDocument]

MOST_BYTES = 12 * 2**20
"""What the parts may have together: all of it is sent in one command, which has 16 MiB."""


async def without_unions(
    collection: Any,
    pipeline: Sequence[Stage],
    database: Any,
    ask: Callable[[Any, Sequence[Stage], int], Awaitable[Rows | None]],
) -> tuple[Any, Sequence[Stage]]:
    """What remains to be asked once the parts of the pipeline's unions have been: of what, and how.

    Parts that are too large are left as they are: those who ask have much themselves, and wait.

    Args:
        collection: What is aggregated: Motor's, or mongomock's.
        pipeline: How.
        database: Where the collection is, and what the rows of parts are sent to.
        ask: Returns the rows of an aggregation, undecoded; None where they have more bytes than its last argument.

    """
    whole = collection, index_first(collection.name, pipeline)
    asked, stages = whole
    while (place := _first_union(stages)) is not None:
        other, others_stages = stages[place]["$unionWith"]["coll"], stages[place]["$unionWith"]["pipeline"]
        rows = await ask(asked, stages[:place], MOST_BYTES)
        others = None if rows is None else await ask(database[other], index_first(other, others_stages), MOST_BYTES)
        if rows is None or others is None or sum(len(row.raw) for row in (*rows, *others)) > MOST_BYTES:
            return whole
        # As literals: what somebody has stored is no expression.
        asked, stages = (
            database,
            [{"$documents": [{"$literal": row} for row in (*rows, *others)]}, *stages[place + 1 :]],
        )
    return asked, stages


def _first_union(stages: Sequence[Stage]) -> int | None:
    """Where the first union stands."""
    for place, stage in enumerate(stages):
        if "$unionWith" in stage:
            return place
    return None
