"""Reading an offline client's queue: its items are only cut apart, so that each is read when it has its turn."""

import asyncio
import re
from typing import Any

import msgspec

from learntrack.errors import field_error
from learntrack.tracking.schemas import MOST_ITEMS
from learntrack.web.bodies import LARGE, JsonRequest, decoded

_MARKS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},]', re.DOTALL)
_OPEN, _CLOSE = frozenset(b"[{"), frozenset(b"]}")
_COMMA = ord(",")
_LONGEST_MOMENT = 100


class _Queue(msgspec.Struct):
    items: list[msgspec.Raw]
    sent_at: msgspec.Raw = msgspec.Raw(b"null")


class BatchRequest(JsonRequest):
    """A request whose body is a queue; the items of a large one are `msgspec.Raw`, not read yet."""

    async def json(self) -> Any:
        """The body as plain values, or as an object with only what a queue has.

        Raises:
            InvalidFields: it is not JSON, or there are too many items.

        """
        body = await self.body()
        if len(body) <= LARGE:
            return decoded(body)
        return await asyncio.to_thread(_cut, body)


def _cut(body: bytes) -> Any:
    # Counted beforehand, because 16 MiB of `{}` make 5 million objects.
    if has_more_items_than(MOST_ITEMS, body):
        raise field_error("items", f"Must be a list of 1–{MOST_ITEMS} items.")
    try:
        queue = msgspec.json.decode(body, type=_Queue)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return decoded(body)  # what is wrong with it, or it is of a kind that only patience reads
    if len(memoryview(queue.sent_at)) > _LONGEST_MOMENT:
        raise field_error("sent_at", "Must be a moment (ISO 8601).")
    return {"items": queue.items, "sent_at": decoded(bytes(queue.sent_at))}


def has_more_items_than(most: int, body: bytes) -> bool:
    """Whether a list directly within an object has more than `most` entries; looks no further than that."""
    if body.count(b",") < most:
        return False
    depth = commas = 0
    for mark in _MARKS.finditer(body):
        sign = body[mark.start()]
        if sign in _OPEN:
            depth += 1
            if depth == 2:
                commas = 0
        elif sign in _CLOSE:
            depth -= 1
        elif sign == _COMMA and depth == 2:
            commas += 1
            if commas >= most:
                return True
    return False
