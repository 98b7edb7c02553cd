"""How a document lies in memory (https://bsonspec.org/spec.html), so that some values of others that lie like it can be
taken without decoding the rest.

What a school stores is much alike: the same fields in the same order, ids of the same length. Where the names, types
and lengths of two documents are the same bytes, every value of the one stands where that of the other does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any

from learntrack.documents.bson_parts import has_length_first, value_ends

Path = tuple[str, ...]
"""Names of fields, each within the one before."""
_TEXT, _DOCUMENT, _ARRAY, _NULL = 2, 3, 4, 10
_CODES: Mapping[int, str] = {1: "d", 8: "?", 9: "q", 16: "i", 18: "q"}
"""How `struct` reads values of these types; a date is in milliseconds since 1970."""


class NotTaken(Exception):
    """Something in a document has to be decoded to be read."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How documents lie that have the bytes of `rules` where `mask` is set, both as little-endian numbers.

    `taken` gives the wanted values of one in the order in which they stand; those at the places `texts` are still
    bytes. Each of `rows` says which of them make a row, in its order; None for what is not there. `only` is the place
    of what decides whether a document is wanted.
    """

    mask: int
    rules: int
    taken: Callable[[bytes], tuple[Any, ...]]
    texts: Sequence[int]
    rows: Sequence[Sequence[int | None]]
    only: int | None


def layout_of(document: bytes, fields: Sequence[Path], entries: str | None = None, only: Path | None = None) -> Layout:
    """How a document lies, for who wants these fields.

    Args:
        document: Its BSON.
        fields: What is wanted; within an entry, where one begins with the name of `entries`.
        entries: The array of documents of which each makes a row.
        only: The field that decides whether it is wanted.

    Raises:
        NotTaken: a wanted value is of a type that is only decoded or is there twice (none of them null), or an entry is
            no document.

    """
    walk = _Walk(document, fields if only is None else [*fields, only], entries)
    walk.through(4, len(document) - 1, ())
    code, end, places = ["<"], 0, {path: place for place, path in enumerate(walk.values)}
    for begins, ends, how in walk.values.values():
        code += f"{begins - end}x", how
        end = ends
    code.append(f"{len(document) - end}x")
    numbers: Sequence[str] = [""] if entries is None else [str(number) for number in range(walk.entries)]
    return Layout(
        mask=int.from_bytes(walk.mask, "little"),
        rules=int.from_bytes(document, "little") & int.from_bytes(walk.mask, "little"),
        taken=Struct("".join(code)).unpack,
        texts=[place for place, value in enumerate(walk.values.values()) if value[2].endswith("s")],
        rows=[[places.get(_in_entry(field, entries, number)) for field in fields] for number in numbers],
        only=None if only is None else places.get(only),
    )


def _in_entry(field: Path, entries: str | None, number: str) -> Path:
    return (field[0], number, *field[1:]) if field[0] == entries else field


class _Walk:
    """Goes through a document once, and notes where its wanted `values` begin and end and how they are read, and which
    bytes are no value's (`mask`).
    """

    def __init__(self, document: bytes, fields: Sequence[Path], entries: str | None) -> None:
        self._document = document
        self._fields = set(fields)
        self._around = {field[:depth] for field in fields for depth in range(1, len(field))}
        self._entries = entries
        self.mask = bytearray(b"\xff" * len(document))
        self.values: dict[Path, tuple[int, int, str]] = {}
        self.entries = 0

    def through(self, position: int, end: int, above: Path, number: str | None = None) -> None:
        """Go through the fields from `position` to `end` that are within `above`, and in this entry of its."""
        document = self._document
        while position < end:
            kind, begins = document[position], document.index(0, position + 1) + 1
            name = document[position + 1 : begins - 1].decode()
            ends = value_ends(document, kind, begins)
            if kind == _ARRAY and not above and name == self._entries:
                self._through_entries(begins + 4, ends - 1)
            elif kind == _DOCUMENT and (*above, name) in self._around:
                self.through(begins + 4, ends - 1, (*above, name), number)
            else:
                self._pass((*above, name), kind, begins, ends, number)
            position = ends

    def _through_entries(self, position: int, end: int) -> None:
        while position < end:
            begins = self._document.index(0, position + 1) + 1
            if self._document[position] != _DOCUMENT:
                raise NotTaken
            position = value_ends(self._document, _DOCUMENT, begins)
            self.through(begins + 4, position - 1, (self._entries or "",), str(self.entries))
            self.entries += 1

    def _pass(self, path: Path, kind: int, begins: int, ends: int, number: str | None) -> None:
        first = begins + 4 if has_length_first(kind) else begins
        self.mask[first:ends] = bytes(ends - first)
        if path not in self._fields or kind == _NULL:
            return
        how = f"{ends - 1 - first}s" if kind == _TEXT else _CODES.get(kind)
        if how is None:
            raise NotTaken
        where = path if number is None else _in_entry(path, self._entries, number)
        if where in self.values:
            raise NotTaken
        self.values[where] = (first, ends - (kind == _TEXT), how)
