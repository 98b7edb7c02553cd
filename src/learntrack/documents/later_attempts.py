"""Attempts that came over the wire with a document, decoded only where somebody looks at them."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import overload

import bson
from bson.codec_options import CodecOptions

from learntrack.documents.base import Row, validated
from learntrack.documents.bson_parts import count_of
from learntrack.domain.attempt_places import OverflowTotals, UnreadAttempts
from learntrack.domain.attempts import Attempt


class LaterAttempts(Sequence[Attempt]):
    """The embedded attempts of a document in place of a list of them: those that nobody has looked at, and new ones.

    Args:
        unread: Those that were stored.
        new: Those that came after them.

    """

    def __init__(self, unread: UnreadAttempts, new: list[Attempt]) -> None:
        self.unread = unread
        self.new = new
        self._all: list[Attempt] | None = None

    def read(self) -> list[Attempt]:
        """All of them."""
        if self._all is None:
            self._all = [*self.unread.read(), *self.new]
        return self._all

    def __len__(self) -> int:
        return self.unread.count + len(self.new)

    def __iter__(self) -> Iterator[Attempt]:
        return iter(self.read())

    @overload
    def __getitem__(self, position: int) -> Attempt: ...
    @overload
    def __getitem__(self, position: slice) -> list[Attempt]: ...
    def __getitem__(self, position: int | slice) -> Attempt | list[Attempt]:
        if isinstance(position, int) and position >= self.unread.count:
            return self.new[position - self.unread.count]
        return self.read()[position]


def to_be_read(
    array: bytes,
    options: CodecOptions[Row],
    *,
    attempt_count: int,
    correct_sum: float,
    completed_attempts: int,
    overflow: OverflowTotals | None,
) -> Sequence[Attempt]:
    """The attempts in the BSON of a list, given what the document says of all its attempts and of those that moved.

    Where the two do not agree, they are read at once.
    """
    count, moved = count_of(array), overflow.attempt_count if overflow else 0
    read = partial(_decoded, array, options)
    if count == 0 or count + moved != attempt_count:
        return read()
    return LaterAttempts(
        UnreadAttempts(
            count,
            correct_sum - (overflow.correct_sum if overflow else 0.0),
            completed_attempts - (overflow.completed_attempts if overflow else 0),
            read,
        ),
        [],
    )


def _decoded(array: bytes, options: CodecOptions[Row]) -> list[Attempt]:
    return [validated(Attempt, row) for row in bson.decode(array, options).values()]
