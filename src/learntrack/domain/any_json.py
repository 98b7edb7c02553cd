"""What may stand in free-form JSON (`answer`, `extra_fields`) so that it is stored and returned intact."""

from typing import Any

import msgspec
from pydantic import BaseModel

_LONGEST_INT = 2**63


def _plain(value: Any) -> Any:
    """A model's fields; and what a driver returns in place of plain JSON: its own integers for those beyond 32 bits."""
    if isinstance(value, BaseModel):
        return value.__dict__
    if isinstance(value, int):
        return int(value)
    raise NotImplementedError(f"{type(value)} is no JSON value")


as_json = msgspec.json.Encoder(enc_hook=_plain).encode
"""The JSON of what is stored: its size and its digest are those of this text. What is answered is encoded elsewhere."""


def objection(value: Any, *, depth: int) -> str | None:
    """Why `value` cannot be stored as it is, or None.

    A BSON document can hold every JSON value but three: a key with a NUL character, an integer beyond 64 bits, and
    nesting deeper than 100 levels, of which `depth` are left to the client. Keys like `$where`, `a.b` and the empty key
    are ordinary keys here.
    """
    if isinstance(value, dict):
        if depth <= 0:
            return "Nested too deeply."
        for key, inner in value.items():
            if "\0" in key:
                return "A key must not contain a NUL character."
            if found := objection(inner, depth=depth - 1):
                return found
    elif isinstance(value, list):
        if depth <= 0:
            return "Nested too deeply."
        for inner in value:
            if found := objection(inner, depth=depth - 1):
                return found
    elif isinstance(value, int) and not -_LONGEST_INT <= value < _LONGEST_INT:
        return "An integer must fit in 64 bits."
    return None


def is_deeper_than(value: Any, depth: int) -> bool:
    """Whether objects and lists are nested more than `depth` levels deep in `value`."""
    if isinstance(value, dict):
        return depth <= 0 or any(
            is_deeper_than(inner, depth - 1) for inner in value.values() if isinstance(inner, (dict, list))
        )
    if isinstance(value, list):
        return depth <= 0 or any(is_deeper_than(inner, depth - 1) for inner in value if isinstance(inner, (dict, list)))
    return False
