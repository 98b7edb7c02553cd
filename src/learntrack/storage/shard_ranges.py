"""Which shard an owner's documents are on, where scripts/shard.js has spread them: each shard has an equal range of the
hashed owners, the same in every collection.
"""

import hashlib
import struct

_SEED, _NULL, _STRING = 0, 5, 15
_VALUES = 2**64


def hashed(owner: str | None) -> int:
    """The value by which MongoDB's hashed indexes and shard keys know an owner, a signed number of 64 bits.

    As MongoDB's `BSONElementHasher::hash64`: the beginning of the MD5 of a seed, the kind of value, and the value in
    BSON; of a string its length and a NUL at its end.
    """
    value = b"" if owner is None else owner.encode() + b"\0"
    kind = struct.pack("<ii", _SEED, _NULL if owner is None else _STRING)
    size = b"" if owner is None else struct.pack("<i", len(value))
    digest = hashlib.md5(kind + size + value, usedforsecurity=False).digest()
    number: int = struct.unpack_from("<q", digest)[0]
    return number


def range_of(owner: str | None, ranges: int) -> int:
    """In which of so many equal ranges of hashed values an owner is, from 0."""
    return (hashed(owner) + _VALUES // 2) * ranges // _VALUES
