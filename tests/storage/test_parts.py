"""Rows come a part at a time, each of them once and in order."""

from collections.abc import AsyncIterator, Callable

import pytest

from learntrack.storage.parts import in_parts_of


async def rows(many: int) -> AsyncIterator[int]:
    for row in range(many):
        yield row


@pytest.mark.parametrize(
    ("many", "most", "parts"),
    [
        (0, 2, []),
        (2, 2, [[0, 1]]),
        (5, 2, [[0, 1], [2, 3], [4]]),
        (3, lambda: 1, [[0], [1], [2]]),
    ],
)
async def test_parts(many: int, most: int | Callable[[], int], parts: list[list[int]]) -> None:
    assert [part async for part in in_parts_of(rows(many), most)] == parts


async def test_what_a_part_may_have_is_asked_as_it_grows() -> None:
    mosts = iter((1, 2, 2, 2, 2, 2, 2, 2))

    assert [part async for part in in_parts_of(rows(4), lambda: next(mosts))] == [[0], [1, 2], [3]]
