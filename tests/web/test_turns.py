"""Whose turn it is among callers who wait."""

import asyncio

import pytest

from learntrack.web.turns import Turns


async def test_who_has_had_no_turn_for_longest_is_before_others() -> None:
    turns = Turns()
    for caller in ("a", "b", "c"):
        turns.wait(caller)
    turns.had("a")
    turns.wait("b")  # again, in the place that they have

    assert sorted("abc", key=turns.of) == ["b", "c", "a"]


async def test_who_waits_while_the_process_stands_still_is_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A suspended process answered 500, as it had forgotten whose turn it was."""
    loop, turns = asyncio.get_running_loop(), Turns()
    turns.wait("waits")
    now = loop.time() + 61
    with monkeypatch.context() as later:
        later.setattr(loop, "time", lambda: now)
        turns.wait("comes")

    assert turns.of("waits") < turns.of("comes")
