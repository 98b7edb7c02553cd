"""A document's BSON in parts, so that a long list in it is decoded only where somebody looks at it: decoding and
checking the attempts of a try takes nine tenths of reading it (https://bsonspec.org/spec.html).
"""

from collections.abc import Container
from struct import Struct

_DOCUMENT, _ARRAY, _EXPRESSION = 3, 4, 11
_LENGTHS = {
    1: 8,  # double
    6: 0,  # undefined
    7: 12,  # ObjectId
    8: 1,  # boolean
    9: 8,  # date
    10: 0,  # null
    16: 4,  # 32-bit integer
    17: 8,  # timestamp
    18: 8,  # 64-bit integer
    19: 16,  # decimal
    127: 0,  # the largest key
    255: 0,  # the smallest key
}
"""Bytes of the values of these types."""
_ADDED = {
    2: 4,  # text
    _DOCUMENT: 0,
    _ARRAY: 0,
    5: 5,  # binary
    12: 16,  # pointer
    13: 4,  # code
    14: 4,  # symbol
    15: 0,  # code with its scope
}
"""Bytes of the values of these types beside the length that they begin with."""
_length_at = Struct("<i").unpack_from


def divided(raw: bytes, names: Container[bytes]) -> tuple[bytes, dict[bytes, bytes]]:
    """A document without its arrays of these names, and these arrays, which are documents by themselves."""
    arrays: dict[bytes, bytes] = {}
    kept: list[bytes] = []
    position, copied, end = 4, 4, len(raw) - 1
    length_of, end_of_text = _LENGTHS.get, raw.index
    while position < end:
        kind, begins = raw[position], end_of_text(0, position + 1) + 1
        length = length_of(kind)
        ends = _end(raw, kind, begins) if length is None else begins + length
        if kind == _ARRAY and (name := raw[position + 1 : begins - 1]) in names:
            arrays[name] = raw[begins:ends]
            kept.append(raw[copied:position])
            copied = ends
        position = ends
    rest = b"".join([*kept, raw[copied:]])
    return (len(rest) + 4).to_bytes(4, "little") + rest, arrays


def entries(array: bytes) -> list[bytes]:
    """The documents in an array, each by itself.

    Raises:
        ValueError: there is something else in it.

    """
    found: list[bytes] = []
    position, end = 4, len(array) - 1
    while position < end:
        if array[position] != _DOCUMENT:
            raise ValueError("not a list of documents")
        begins = array.index(0, position + 1) + 1
        position = begins + _length_at(array, begins)[0]
        found.append(array[begins:position])
    return found


def count_of(array: bytes) -> int:
    """How many documents are in an array.

    Raises:
        ValueError: there is something else in it.

    """
    position, end, count = 4, len(array) - 1, 0
    while position < end:
        if array[position] != _DOCUMENT:
            raise ValueError("not a list of documents")
        begins = array.index(0, position + 1) + 1
        position = begins + _length_at(array, begins)[0]
        count += 1
    return count


def value_ends(raw: bytes, kind: int, begins: int) -> int:
    """Where a value of this type ends that begins there."""
    length = _LENGTHS.get(kind)
    return _end(raw, kind, begins) if length is None else begins + length


def has_length_first(kind: int) -> bool:
    """Whether values of this type begin with four bytes that say how long they are."""
    return kind in _ADDED


def _end(raw: bytes, kind: int, begins: int) -> int:
    """Where a value of this type, which says how long it is, ends that begins there."""
    if kind == _EXPRESSION:
        return raw.index(0, raw.index(0, begins) + 1) + 1
    return begins + int(_length_at(raw, begins)[0]) + _ADDED[kind]
