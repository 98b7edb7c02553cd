"""What is sent of what an app did, as JSON. What is none, or more of it than the service takes, is refused by name."""

from typing import Any

import msgspec

from learntrack_client.problems import invalid
from learntrack_client.shapes import Start, Update

# The service's bounds, by default.
MOST_LEVELS = 90
MOST_VALUES = 100_000
MOST_BODY = 5 * 1024 * 1024
MOST_EXTRA_FIELDS = 4 * 1024 * 1024
MOST_ANONYMOUS = 1024 * 1024


def start_body(start: Start) -> bytes:
    """A start as it is sent."""
    fields = msgspec.to_builtins(start.content)
    return msgspec.json.encode(fields | ({"repeat": True} if start.repeat else {}))


def update_body(update: Update, *, anonymous: bool) -> bytes:
    """An update as it is sent, of an `anonymous` visit or of a learner's.

    Raises:
        InvalidFields: something of the app's own making in it is no JSON, or more than the service takes.

    """
    most = MOST_ANONYMOUS if anonymous else MOST_BODY
    _check("extra_fields", update.extra_fields, MOST_LEVELS, min(most, MOST_EXTRA_FIELDS))
    _check("interactions", update.interactions, MOST_LEVELS + 2, most)  # an answer is in an interaction, in the list
    return msgspec.json.encode(update)


def stored(body: bytes, update: Update) -> Update:
    """An update as it was stored, whatever the app makes of its own objects from now on."""
    try:
        return msgspec.json.decode(body, type=Update)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return update


def _check(name: str, value: object, levels: int, most: int) -> None:
    try:
        _measure(value, levels, most)
    except (TypeError, ValueError, RecursionError) as error:
        raise invalid({name: [f"This cannot be sent. {error}"]}) from error


def _measure(value: object, levels: int, most: int) -> None:
    text = msgspec.json.encode(value)
    if len(text) > most:
        raise ValueError(f"It has more than {most} bytes.")
    if _values(msgspec.json.decode(text), levels) > MOST_VALUES:
        raise ValueError(f"It has more than {MOST_VALUES} values.")


def _values(value: Any, levels: int) -> int:
    """How many values are in one of JSON, nested so deeply at the most; an empty list is one.

    Raises:
        ValueError: it is nested deeper.

    """
    if not isinstance(value, dict | list):
        return 1
    if levels == 0:
        raise ValueError("It is nested too deeply.")
    inner = value.values() if isinstance(value, dict) else value
    return sum(_values(each, levels - 1) for each in inner) or 1
