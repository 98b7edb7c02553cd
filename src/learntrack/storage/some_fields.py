"""Some fields of many documents, without decoding the rest of them.

To decode a summary of 690 bytes takes 5 to 10 µs, and a facility has 36,000. Of a document that lies like one before
(`storage.layouts`) a few values take a fifth of that. Any other is decoded; the values are the same.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import compress
from struct import Struct
from typing import Any, Protocol, TypeVar

import bson
from bson.codec_options import CodecOptions

from learntrack.documents.base import Row
from learntrack.documents.bson_parts import divided
from learntrack.domain import moments
from learntrack.storage.batches import LARGE, Shown, in_a_row
from learntrack.storage.layouts import Layout, NotTaken, Path, layout_of

Values = tuple[Any, ...]
"""Those of some fields, in their order: texts, numbers, booleans, moments as milliseconds since 1970, and None for what
is null or not there.
"""
T = TypeVar("T")
_MOST_LAYOUTS = 64
"""Layouts that are looked for; where there are more, what is free-form decides on them, and each is met once."""
_MOST_TEXTS = 20_000
_ENTRIES_AT_ONCE = 100
"""Entries that are read at once where they may be read later: to decode one takes some 20 µs."""
_EMPTY = bson.encode({})


_Alike = tuple[int, int, Layout, list[bytes]]
"""The mask and the rules of a layout, the layout, and those documents of a batch that lie like this."""
_size_at = Struct("<i").unpack_from


class Wanted(Protocol[T]):
    """What is read of documents, of which these `fields` at least are asked for."""

    fields: Sequence[str]

    def rows_in(self, batch: bytes | Row, options: CodecOptions[Row]) -> list[T]:
        """What is wanted of what a cursor of `batches_of` hands on."""
        ...


class SomeFields:
    """Reads some fields of documents; made for one question each, since it learns how the documents lie.

    Args:
        fields: What is wanted, with dots between a name and those within it.
        entries: The name of an array of documents, each of which is to make a row of its own; names within it begin
            with it.
        only: A field, and the text that it has in documents that are wanted; others are left out.

    """

    def __init__(
        self, fields: Sequence[str], entries: str | None = None, *, only: tuple[str, str] | None = None
    ) -> None:
        self.fields = fields if only is None else (*fields, only[0])
        self._decoded = Shown.of(None, self.fields, all_come=True)
        self._only = only
        self._fields: list[Path] = [tuple(field.split(".")) for field in fields]
        self._entries = entries
        self._alike: dict[int, list[_Alike]] = {}
        self._layouts_left = _MOST_LAYOUTS
        self._texts = _Texts()

    def rows_in(self, batch: bytes | Row, options: CodecOptions[Row]) -> list[Values]:
        """The rows of what a cursor of `batches_of` hands on, in no order."""
        if not isinstance(batch, bytes):
            return list(self._picked(batch))
        found: list[Values] = []
        alike, position, number_of = self._alike, 0, int.from_bytes
        while position < len(batch):
            [size] = _size_at(batch, position)
            document = batch[position : position + size]
            number = number_of(document, "little") if size <= LARGE else 0
            position += size
            for mask, rules, _, documents in alike.get(size, ()):
                if number & mask == rules:
                    documents.append(document)
                    break
            else:
                if not self._learn(document):
                    for row in self._decoded.documents_in(document, options):
                        found += self._picked(row)
        for several in alike.values():
            for _, _, layout, documents in several:
                if documents:
                    self._take(layout, documents, found)
        return found

    def _learn(self, document: bytes) -> bool:
        """Whether it is now known how this document lies; then it is kept to be taken."""
        if len(document) > LARGE or self._layouts_left <= 0:
            return False
        self._layouts_left -= 1
        try:
            decides = None if self._only is None else (self._only[0],)
            layout = layout_of(document, self._fields, self._entries, decides)
        except NotTaken:
            return False
        self._alike.setdefault(len(document), []).append((layout.mask, layout.rules, layout, [document]))
        return True

    def _take(self, layout: Layout, documents: list[bytes], found: list[Values]) -> None:
        """Add the rows of documents that lie alike, column by column, and forget these."""
        count = len(documents)
        columns = list(zip(*map(layout.taken, documents), strict=True))
        for place in layout.texts:
            columns[place] = tuple(map(self._texts.__getitem__, columns[place]))
        if self._only is not None:
            columns, count = _narrowed(columns, count, layout.only, self._only[1])
        absent = (None,) * count
        for row in layout.rows:
            found += zip(*(absent if place is None else columns[place] for place in row), strict=True)
        documents.clear()

    def _picked(self, row: Row) -> Iterator[Values]:
        if self._only is not None and row.get(self._only[0]) != self._only[1]:
            return
        if self._entries is None:
            yield tuple(_value(row, path) for path in self._fields)
            return
        for entry in row.get(self._entries) or ():
            yield tuple(_value(row | {self._entries: entry}, path) for path in self._fields)


class WithEntries:
    """Reads documents, and of each entry of an array of theirs some fields: a row (it may have the array still), and
    its values.

    For documents that are too large or too different to lie alike as a whole, as tries are.

    Args:
        fields: What of the document is wanted beside; more comes with it.
        array: The array of documents.
        of_entries: What of these is wanted.

    """

    def __init__(self, fields: Sequence[str], array: str, of_entries: Sequence[str]) -> None:
        self._later = WithLaterEntries(fields, array, of_entries)
        self.fields = self._later.fields

    def rows_in(self, batch: bytes | Row, options: CodecOptions[Row]) -> list[tuple[Row, list[Values]]]:
        """The documents of what a cursor of `batches_of` hands on."""
        later = self._later.rows_in(batch, options)
        return [(row, [values for part in entries.parts() for values in part]) for row, entries in later]


class LaterEntries:
    """The entries of an array as they came, read only where somebody asks for them.

    `digest` tells them from what is not the same, as far as 64 bits do, and as long as this process lives.
    """

    __slots__ = ("_parts", "digest")

    def __init__(self, digest: int, parts: Callable[[], Iterator[list[Values]]]) -> None:
        self.digest = digest
        self._parts = parts

    def parts(self) -> Iterator[list[Values]]:
        """Their values, in no order, those of some entries at a time."""
        return self._parts()


class WithLaterEntries:
    """Reads documents as `WithEntries` does, for who may know the entries of many already: to look whether they are the
    same takes a hundredth of reading them.

    Args:
        fields: As of that.
        array: As of that.
        of_entries: As of that.

    """

    def __init__(self, fields: Sequence[str], array: str, of_entries: Sequence[str]) -> None:
        self.fields: Sequence[str] = (*fields, *(f"{array}.{name}" for name in of_entries))
        self._array = array
        self._entries = SomeFields(of_entries)

    def rows_in(self, batch: bytes | Row, options: CodecOptions[Row]) -> list[tuple[Row, LaterEntries]]:
        """The documents of what a cursor of `batches_of` hands on."""
        if not isinstance(batch, bytes):
            entries = batch.get(self._array) or ()
            return [(batch, LaterEntries(hash(repr(entries)), partial(self._decoded, entries, options)))]
        found: list[tuple[Row, LaterEntries]] = []
        name, position = self._array.encode(), 0
        while position < len(batch):
            end = position + int.from_bytes(batch[position : position + 4], "little")
            rest, arrays = divided(batch[position:end], (name,))
            array = arrays.get(name, _EMPTY)
            found.append((bson.decode(rest, options), LaterEntries(hash(array), partial(self._sent, array, options))))
            position = end
        return found

    def _sent(self, array: bytes, options: CodecOptions[Row]) -> Iterator[list[Values]]:
        documents = in_a_row(array)
        begin = end = number = 0
        while end < len(documents):
            end += _size_at(documents, end)[0]
            number += 1
            if number % _ENTRIES_AT_ONCE == 0 or end == len(documents):
                yield self._entries.rows_in(documents[begin:end], options)
                begin = end

    def _decoded(self, entries: Sequence[Row], options: CodecOptions[Row]) -> Iterator[list[Values]]:
        for entry in entries:
            yield self._entries.rows_in(entry, options)


def _narrowed(columns: list[Any], count: int, place: int | None, wanted: str) -> tuple[list[Any], int]:
    """The columns of those documents alone that have this text at this place; and how many these are."""
    matching = 0 if place is None else columns[place].count(wanted)
    if place is None or matching == count:
        return (columns if matching else [()] * len(columns)), matching
    matches = [value == wanted for value in columns[place]]
    return [tuple(compress(column, matches)) for column in columns], matching


class _Texts(dict[bytes, str]):
    """Texts by their UTF-8, each made once as long as there are not very many: ids come again and again."""

    def __missing__(self, raw: bytes) -> str:
        if len(self) >= _MOST_TEXTS:
            self.clear()
        found = self[raw] = raw.decode()
        return found


def _value(row: Any, path: Path) -> Any:
    for name in path:
        row = row.get(name) if isinstance(row, Mapping) else None
    return moments.milliseconds(row) if isinstance(row, datetime) else row
