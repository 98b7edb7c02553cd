"""Reading an offline client's queue: its items are only cut apart, so that each is read when it has its turn."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec

from learntrack.errors import TooLarge, field_error
from learntrack.tracking.batch_schemas import MOST_ITEMS
from learntrack.web.bodies import LARGE, JsonRequest, MostJson, aside, decoded

# To the next bracket, or comma; to a long string, which is then looked at by itself; or not so far: one match keeps all
# others waiting, so that none may be of millions of parts.
_STRING = rb'"(?:[^"\\]++|\\.){0,50}+"'
_TO_BRACKET = re.compile(rb'(?:[^][{}"]++|%b){0,5000}+([][{}"]?)' % _STRING, re.DOTALL)
_TO_MARK = re.compile(rb'(?:[^][{}",]++|%b){0,5000}+([][{},"]?)' % _STRING, re.DOTALL)
_TO_END_OF_STRING = re.compile(rb'(?:[^"\\]++|\\.){0,100000}+("?)', re.DOTALL)
_OPEN, _CLOSE = frozenset(b"[{"), frozenset(b"]}")
_COMMA, _QUOTE = ord(","), ord('"')
_SOON_CUT = 50_000
"""Items that are cut apart in a few milliseconds."""
_ENTRIES = 2
"""How deep a queue's items are."""
_LONGEST_MOMENT = 100
_ITEMS_AS_LARGE_AS_MAY_BE = 4
"""How many items of a queue may be full of lists, objects and values."""


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
        return await aside(partial(_cut, body, MostJson.by(self.app.state.settings)))


def _cut(body: bytes, most: MostJson) -> Any:
    # Counted beforehand, because 16 MiB of `{}` make 5 million objects; of a queue of a few hundred items, whose commas
    # are soon counted, only when it has been cut.
    objects = _ITEMS_AS_LARGE_AS_MAY_BE * most.objects
    if _may_be_of_very_many(body, objects) and has_more_items_than(MOST_ITEMS, body, objects):
        raise field_error("items", f"Must be a list of 1–{MOST_ITEMS} items.")
    try:
        queue = msgspec.json.decode(body, type=_Queue)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # What is wrong with it; or it is of a kind that only patience reads.
        return decoded(body, most.times(_ITEMS_AS_LARGE_AS_MAY_BE))
    if len(queue.items) > MOST_ITEMS:
        raise field_error("items", f"Must be a list of 1–{MOST_ITEMS} items.")
    if len(memoryview(queue.sent_at)) > _LONGEST_MOMENT:
        raise field_error("sent_at", "Must be a moment (ISO 8601).")
    return {"items": queue.items, "sent_at": decoded(bytes(queue.sent_at))}


def _may_be_of_very_many(body: bytes, objects: int) -> bool:
    """Whether a body may have more lists and objects than a queue may, or far more items."""
    return body.count(b",") > _SOON_CUT or body.count(b"{") + body.count(b"[") > objects


def has_more_items_than(most: int, body: bytes, most_objects: int = 2**63) -> bool:
    """Whether a list directly within an object has more than `most` entries; looks no further than that.

    Raises:
        TooLarge: there are more lists and objects than `most_objects` before that is known.

    """
    commas = objects = 0
    for sign, depth in _signs(body):
        if sign in _OPEN:
            objects += 1
            if objects > most_objects:
                raise TooLarge("There are too many lists and objects in this queue. Send it in parts.")
            if depth == _ENTRIES:
                commas = 0
        elif sign == _COMMA:
            commas += 1
            if commas >= most:
                return True
    return False


def _signs(body: bytes) -> Iterator[tuple[int, int]]:
    """The brackets outside of strings, and the commas between entries, each with how deep it is within lists and
    objects behind it.
    """
    at = depth = 0
    within_string = False
    while at < len(body):
        pattern = _TO_END_OF_STRING if within_string else _TO_MARK if depth == _ENTRIES else _TO_BRACKET
        found = pattern.match(body, at)
        assert found is not None
        if found.end() == at:  # within a string that has no end
            return
        at = found.end()
        if not found[1]:
            continue
        sign = body[at - 1]
        if sign == _QUOTE:
            within_string = not within_string
            continue
        depth += (sign in _OPEN) - (sign in _CLOSE)
        yield sign, depth
