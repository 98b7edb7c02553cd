"""Waits before further tries: apart from each other, and bounded."""

import itertools
import random

import pytest

from learntrack.storage.pauses import pauses


def taken(first: float, longest: float, number: int) -> list[float]:
    return list(itertools.islice(pauses(first, longest), number))


def test_none_is_longer_than_the_longest_nor_the_first_than_the_first() -> None:
    for _ in range(50):
        waits = taken(0.2, 1.0, 20)
        assert 0 <= waits[0] <= 0.2
        assert all(0 <= each <= 1.0 for each in waits)


def test_they_grow_by_half_until_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "random", lambda: 1.0)

    assert taken(0.2, 1.0, 6) == pytest.approx([0.2, 0.3, 0.45, 0.675, 1.0, 1.0])


def test_two_who_wait_do_not_come_back_together() -> None:
    one, other = taken(0.2, 1.0, 20), taken(0.2, 1.0, 20)

    assert not set(one) & set(other)
