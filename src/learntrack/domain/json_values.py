"""What may stand in free-form JSON (`answer`, `extra_fields`) so that it is stored and returned intact."""

from typing import Any

_LONGEST_INT = 2**63


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
